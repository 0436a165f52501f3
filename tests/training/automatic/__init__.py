"""Several recipes on the same rows."""
