"""One file a screen of the section."""
