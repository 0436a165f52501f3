"""Runs as people look through them: what is searched, filtered and sorted by, the marks, notes and tags they put on
runs, and the views they keep. Whatever a list asks stands in a narrow table with its index."""
