"""Linear models: the baseline that every other model stands beside. Nothing here knows of jobs or of the portal."""
