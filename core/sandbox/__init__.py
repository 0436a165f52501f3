"""Where code that people write runs: SQL and Python that can reach nothing but what they were granted."""
