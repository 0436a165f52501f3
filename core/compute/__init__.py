"""Jobs: long work as rows, run as processes of their own under a lease. What they leave is checked and taken in
exactly once."""
