"""SQL that people run over the datasets of their project. It runs in the sandbox, and its result is its author's
alone."""
