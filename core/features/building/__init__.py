"""How a version's rows are made and checked: the job that builds it, in DuckDB, pandas or Spark. Each check answers
one question about the logic, from future leakage to the agreement of SQL and pandas."""
