"""Datasets and their immutable snapshots, from the file that somebody brings to the day it may be deleted. Each
folder is one idea of it; values and tables of all of them lie here."""
