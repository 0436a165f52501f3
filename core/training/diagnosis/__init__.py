"""What a run's figures are worth: against the linear baseline, against the best answer without any input, and by the
course of its loss. A run says so in words, before any figure is read."""
