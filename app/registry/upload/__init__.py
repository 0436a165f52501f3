"""The page on which a model from elsewhere becomes a version: its files, which column fills which
tensor, and what its outputs are. A trial on the rows of its source runs at each change."""
