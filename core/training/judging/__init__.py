"""Versions judged on rows that they did not come with: a split of any training set, or a dataset with a label.
`proposing` says which column fills which input, `job` runs the very file, and `kind` makes an evaluation of it."""
