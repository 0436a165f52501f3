"""What people write: SQL and pandas as a definition that can be compared, checked and run. Nothing here knows of jobs
or of the database."""
