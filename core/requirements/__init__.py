"""Requirements: goals with typed conditions that prove them reached. What was measured is held against them by the
portal, never by hand."""
