"""What the portal's pages and lists cost when an installation has a long history: a small one of the demonstration's
shape beside the same one with a hundred thousand runs and a million audit events."""
