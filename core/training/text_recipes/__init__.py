"""Models of texts: words and runs of words, hashed, with a weight each. Texts are cut and hashed by the very operators
that stand in the model file, so training and serving cannot read a text differently."""
