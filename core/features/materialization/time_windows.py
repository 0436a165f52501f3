"""Computes a time window of a version's rows by running its logic on the source files that the window depends on, and
splits the rows by days. Its rows are those of a full build, with one difference: whether a row can ever be an answer
(`__is_best`) is judged among the rows of the window alone, so parts keep some rows more; the normal form of all parts
together is that of a full build."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from core.features.building.build import BUILT, Builder
from core.features.job_specs import ROWS, BuildJobSpec, tables_of
from core.features.materialization.job_spec import PartResult, TimeWindowJobSpec
from core.features.materialization.partitions import DAY, WHOLE
from core.features.normal_form import CREATED, EPOCH, EVENT, KNOWN, SECOND
from core.foundation.errors import Invalid
from core.foundation.parquet import write_parquet
from core.foundation.text import _
from core.sandbox.duckdb_session import BATCH_ROWS, listed, literal, one_row, save
from core.sandbox.limits import Limits, Stop
from core.sandbox.locked_session import locked_session, translated

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

DAY_US = 86_400 * SECOND


def compute_time_window(
    window: TimeWindowJobSpec,
    *,
    session: "duckdb.DuckDBPyConnection",
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    stop: Stop = None,
) -> tuple[PartResult, ...]:
    """Writes a file below `outputs` for every part that has rows. Raises Invalid for what is wrong with the logic on
    these rows, and for rows further from their sources than the version's look-back says."""
    rows = outputs / ROWS
    events = (window.from_us, window.to_us)
    time_window_rows(window.build, inputs=inputs, path=rows, events=events, limits=limits, stop=stop)
    if WHOLE in window.parts:
        parts = {WHOLE: _whole(session, rows, outputs)}
    else:
        parts = {part.name: part for part in _days(session, rows, window.build.keys, outputs)}
    rows.unlink(missing_ok=True)
    if strange := sorted(parts.keys() - window.parts.keys()):
        raise Invalid(
            _("There are rows of {day}, to which no source row reaches").format(day=strange[0]),
            hint=_("Raise the version's look-back."),
        )
    return tuple(
        parts.get(name, PartResult(name=name, sources="", rows=0)).model_copy(update={"sources": sources})
        for name, sources in window.parts.items()
    )


def time_window_rows(
    job_spec: BuildJobSpec,
    *,
    inputs: Mapping[str, Path],
    path: Path,
    events: tuple[int | None, int | None],
    limits: Limits,
    stop: Stop = None,
) -> None:
    """Writes the rows in normal form whose event time lies in the window [from, to) of microseconds."""
    with locked_session(tables_of(job_spec.sources, inputs), limits) as session:
        Builder(session, job_spec, limits, stop).build(BUILT)
        bounds = [
            f"epoch_us({EVENT}) {sign} {bound}"
            for sign, bound in zip((">=", "<"), events, strict=True)
            if bound is not None
        ]
        with translated():
            save(session, f"SELECT * FROM {BUILT} WHERE {' AND '.join(bounds) or 'true'}", path)


def _whole(session: "duckdb.DuckDBPyConnection", rows: Path, outputs: Path) -> PartResult:
    newest = f"SELECT count(*), epoch_us(max({EVENT})), max({KNOWN}) FROM read_parquet({literal(rows)})"
    count, event, known = one_row(session, newest)
    part = PartResult(name=WHOLE, sources="", rows=count, newest_event_us=event, newest_known_us=known)
    rows.rename(outputs / part.file)
    return part


def _days(session: "duckdb.DuckDBPyConnection", rows: Path, keys: Sequence[str], outputs: Path) -> Iterator[PartResult]:
    order = listed(keys) + ("," if keys else "")
    query = (
        f"SELECT * FROM read_parquet({literal(rows)})"
        f" ORDER BY epoch_us({EVENT}) // {DAY_US}, {order} {EVENT}, {CREATED} NULLS FIRST"
    )
    reader = session.sql(query).to_arrow_reader(BATCH_ROWS)
    for day, tables in _by_day(reader):
        part = PartResult(
            name=day,
            sources="",
            rows=sum(table.num_rows for table in tables),
            newest_event_us=_newest(tables, EVENT),
            newest_known_us=_newest(tables, KNOWN),
        )
        batches = (batch for table in tables for batch in table.to_batches())
        write_parquet(batches, outputs / part.file, schema=reader.schema)
        yield part


def _by_day(reader: "pa.RecordBatchReader") -> "Iterator[tuple[str, list[pa.Table]]]":
    """The rows of every day, which come in the order of days; a day may begin in one batch and end in a later one."""
    for day, slices in groupby(_slices(reader), key=itemgetter(0)):
        yield str((EPOCH + day * DAY).date()), [table for _day, table in slices]


def _slices(reader: "pa.RecordBatchReader") -> "Iterator[tuple[int, pa.Table]]":
    """Rows of one day each, with the days since 1970."""
    import numpy as np
    import pyarrow as pa

    for batch in reader:
        table = pa.Table.from_batches([batch])
        days = table.column(EVENT).cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy() // DAY_US
        edges = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(days)]
        for start, end in pairwise(edges):
            yield int(days[start]), table.slice(start, end - start)


def _newest(tables: "list[pa.Table]", column: str) -> int | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    newest = pc.max(pa.concat_tables(tables).column(column))
    whole = newest.cast(pa.timestamp("us", "UTC")).cast(pa.int64()) if column == EVENT else newest
    return None if whole.as_py() is None else int(whole.as_py())
