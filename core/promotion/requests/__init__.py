"""Requests for promotion: opened, revised, read, withdrawn. They say which version goes where, how its traffic grows
and what changes for callers."""
