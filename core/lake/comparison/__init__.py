"""Two snapshots compared: rows by key, schemas, distributions with effect sizes. A verdict says whether the data
drifted."""
