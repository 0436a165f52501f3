"""What a label is, what a model answers, and how good its answers are: one task for yes and no, one for classes, one
for numbers, and so on. Everything above asks the task, and names no metric itself."""
