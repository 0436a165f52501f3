"""One file a screen, one folder a section of the sidebar."""
