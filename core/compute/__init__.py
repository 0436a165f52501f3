"""Jobs: long work as rows, run as processes of their own under a lease. Their outputs are checked and ingested
exactly once."""
