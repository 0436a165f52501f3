"""What a training set of some rows could be: which column is what, and how the rows are split. Proposed from a sample,
each choice with its reason, for a person to change."""
