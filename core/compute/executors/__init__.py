"""Where job processes run: a port, and one file for each place."""
