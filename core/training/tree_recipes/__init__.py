"""Gradient boosting: LightGBM trains, and our own writer turns its trees into a graph that takes raw values. Nothing
here knows of jobs or of the portal."""
