"""Where job processes run: a port, and one file for each place. An executor starts, finds again and ends; it decides
nothing."""
