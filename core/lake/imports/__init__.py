"""Imports: a file becomes a snapshot by a job, after a person has confirmed or corrected what was read. Rows that
cannot be read are refused with their line."""
