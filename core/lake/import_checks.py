"""What a person should look at before rows become a snapshot. Nothing here refuses: an unusual table may be right."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.parquet import read_parquet, row_count
from core.foundation.text import _
from core.lake.import_values import ImportChoices

if TYPE_CHECKING:
    import pyarrow as pa


def find_warnings(staged: Path, choices: ImportChoices, *, now: str) -> list[str]:
    """Times without a zone, times in the future, columns without or with one value, and keys that are none."""
    import pyarrow.parquet as pq

    warnings = [_("There is one row only.")] if row_count(staged) == 1 else []
    for field in pq.ParquetFile(staged).schema_arrow:
        column = read_parquet(staged, columns=[field.name]).column(0)
        warnings += _of_column(field, column, datetime.fromisoformat(now))
    return [*warnings, *_of_key(staged, choices.key)]


def _of_column(field: "pa.Field", column: "pa.ChunkedArray", now: datetime) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    said = []
    if column.null_count == len(column):
        return [_("{name} has no value at all.").format(name=field.name)]
    ends = pc.min_max(column)
    if len(column) > 1 and ends["min"].equals(ends["max"]):
        said.append(
            _("{name} has one value and is empty elsewhere.").format(name=field.name)
            if column.null_count
            else _("{name} has the same value in every row.").format(name=field.name)
        )
    if pa.types.is_timestamp(field.type):
        said += _of_times(field, column, now)
    elif pa.types.is_date(field.type) and pc.max(column).as_py() > now.date():
        said.append(_("{name} has days in the future.").format(name=field.name))
    return said


def _of_times(field: "pa.Field", column: "pa.ChunkedArray", now: datetime) -> list[str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    said = []
    if field.type.tz is None:
        said.append(_("{name} has times without a zone: choose one, or UTC will be meant.").format(name=field.name))
    moment = pa.scalar(now.replace(tzinfo=None), pa.timestamp("us"))
    later = pc.sum(pc.greater(column.cast(pa.timestamp("us")), moment)).as_py()
    if later:
        said.append(_("Rows in which {name} lies in the future: {count}.").format(name=field.name, count=later))
    return said


def _of_key(staged: Path, key: tuple[str, ...]) -> list[str]:
    if not key:
        return []
    table = read_parquet(staged, columns=list(key))
    said = []
    empty = sum(table.column(name).null_count for name in key)
    if empty:
        said.append(_("Rows whose key is empty: {count}.").format(count=empty))
    again = table.num_rows - table.group_by(list(key)).aggregate([]).num_rows
    if again:
        named = ", ".join(key)
        said.append(_("{count} rows have a key that was there before: {key}.").format(count=again, key=named))
    return said
