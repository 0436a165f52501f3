"""The tabs of a run: how it stands against others, its curves, its log, what it used, and its files. Each is read only
while it is looked at."""
