"""What runs in the sandbox for a query of a person: the query, and nothing else. Its rows come back as a Parquet
file."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from core.foundation.parquet import write_parquet
from core.lake.column_types import DECIMAL, NAMES
from core.sandbox.duckdb_session import BATCH_ROWS, quoted
from core.sandbox.guard import check_query
from core.sandbox.limits import Limits, Progress
from core.sandbox.locked_session import locked_session, plain, time_limit, translated

RESULT = "result.parquet"
# What sums of whole numbers are; it becomes a decimal without digits after the point.
WIDE = "HUGEINT"
COARSE = dict.fromkeys(("TIMESTAMP_S", "TIMESTAMP_MS"), "TIMESTAMP")


class QueryAnswer(BaseModel):
    """How many rows were kept, whether there were more, and in how many seconds the query ran."""

    rows: int
    cut: bool
    seconds: float


def run_query(
    job_spec: Mapping[str, Any], *, inputs: Mapping[str, Path], outputs: Path, limits: Limits, progress: Progress
) -> dict[str, Any]:
    """`job_spec` has the SQL, the files of each table as names of inputs, and the number of rows to keep. Answers a
    QueryAnswer. A column that the lake has no type for comes as text."""
    tables = {name: [inputs[name] for name in files] for name, files in job_spec["tables"].items()}
    with locked_session(tables, limits) as session:
        types = check_query(session, job_spec["sql"])
        progress(0.1, "")
        columns = ", ".join(_shown(name, of_type) for name, of_type in types.items())
        query = f"SELECT {columns} FROM (\n{plain(job_spec['sql'])}\n) LIMIT {job_spec['row_limit'] + 1}"
        began = time.monotonic()
        with translated(lines_before=1), time_limit(session, limits.seconds):
            table = session.sql(query).to_arrow_table()
        seconds = round(time.monotonic() - began, 3)
    shown = table.slice(0, job_spec["row_limit"])
    rows = write_parquet(shown.to_batches(max_chunksize=BATCH_ROWS), outputs / RESULT, schema=shown.schema)
    return QueryAnswer(rows=rows, cut=table.num_rows > rows, seconds=seconds).model_dump()


def _shown(name: str, of_type: str) -> str:
    if of_type in NAMES.values() or of_type == WIDE or DECIMAL.fullmatch(of_type):
        return quoted(name)
    return f"CAST({quoted(name)} AS {COARSE.get(of_type, 'VARCHAR')}) AS {quoted(name)}"
