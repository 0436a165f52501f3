"""What a person should look at before rows become a snapshot. Nothing here refuses: an unusual table may be right."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.foundation.parquet import row_count
from core.foundation.text import _, thousands
from core.lake.imports.look_alikes import look_alikes
from core.lake.profiles.column_reader import ColumnSource, ends_of
from core.lake.profiles.distinct_counts import counting

if TYPE_CHECKING:
    import pyarrow as pa


def of_columns(staged: Path, *, now: str) -> dict[str, list[str]]:
    """By column: times without a zone, times in the future, values that are not finite, no value or always the same."""
    import pyarrow.parquet as pq

    moment = datetime.fromisoformat(now)
    schema = pq.ParquetFile(staged).schema_arrow
    return {field.name: _of_column(field, ColumnSource([staged], [field.name]), moment) for field in schema}


def of_table(staged: Path, names: Iterable[str], *, key: tuple[str, ...]) -> list[str]:
    """A single row, names of columns that look alike, and a key that is none."""
    single = [_("There is one row only.")] if row_count(staged) == 1 else []
    return [*single, *look_alikes(list(names)), *_of_key(staged, key)]


def _of_column(field: "pa.Field", column: ColumnSource, now: datetime) -> list[str]:
    import pyarrow as pa

    ends = ends_of(column)
    if ends.nulls == ends.rows:
        return [_("{name} has no value at all.").format(name=field.name)]
    warnings = []
    if ends.rows > 1 and ends.values == ends.rows - ends.nulls and ends.minimum == ends.maximum:
        warnings.append(
            _("{name} has one value and is empty elsewhere.").format(name=field.name)
            if ends.nulls
            else _("{name} has the same value in every row.").format(name=field.name)
        )
    if ends.not_finite:
        words = _("Rows in which {name} is NaN or infinite: {count}. No figure counts them.")
        warnings.append(words.format(name=field.name, count=thousands(ends.not_finite)))
    if pa.types.is_timestamp(field.type):
        warnings += _of_times(field, column, now)
    elif pa.types.is_date(field.type) and _later(column, pa.scalar(now.date(), pa.date32())):
        warnings.append(_("{name} has days in the future.").format(name=field.name))
    return warnings


def _of_times(field: "pa.Field", column: ColumnSource, now: datetime) -> list[str]:
    import pyarrow as pa

    warnings = []
    if field.type.tz is None:
        warnings.append(_("{name} has times without a zone: choose one, or UTC will be meant.").format(name=field.name))
    if later := _later(column, pa.scalar(now.replace(tzinfo=None), pa.timestamp("us"))):
        warnings.append(_("Rows in which {name} lies in the future: {count}.").format(name=field.name, count=later))
    return warnings


def _later(column: ColumnSource, moment: "pa.Scalar") -> int:
    """Compared in Arrow: Python has no values for some times."""
    import pyarrow.compute as pc

    return sum(pc.greater(part.cast(moment.type), moment).true_count for part in column.parts())


def _of_key(staged: Path, key: tuple[str, ...]) -> list[str]:
    if not key:
        return []
    warnings = []
    if empty := sum(ends_of(ColumnSource([staged], [name])).nulls for name in key):
        warnings.append(_("Rows whose key is empty: {count}.").format(count=empty))
    with counting(staged.parent) as counts:
        again = row_count(staged) - counts.rows(ColumnSource([staged], key))
    if again:
        named = ", ".join(key)
        warnings.append(_("{count} rows have a key that was there before: {key}.").format(count=again, key=named))
    return warnings
