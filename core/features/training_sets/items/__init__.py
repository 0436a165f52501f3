"""The files that the rows of a training set name. Once rows are joined and split, each name gives way to what a model
takes of its file, so that whoever learns from them needs neither the lake nor a decoder."""
