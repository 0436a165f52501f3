"""Cells as the texts that a file has: which types hold all of them exactly, and their values in a type. A type is
chosen from the texts, and what a person chooses is applied to them."""
