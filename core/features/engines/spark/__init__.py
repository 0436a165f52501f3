"""What the Spark engine stands on: a session or a cluster, files it can read, and SQL carried
over to it. Only jobs that run with Spark import it."""
