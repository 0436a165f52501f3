"""Keeps online stores filled: which days changed, what is put for them, and on which schedule. A materialization is a
job of its own and is undone by none."""
