"""What a sample of the rows shows of each column."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from core.features.columns import TEXT, TRUTH, WHOLE, is_number, is_vector, kind_of
from core.features.training_sets.proposals.values import NamedItems
from core.features.values import Kind
from core.lake.cells import json_rows, shown, values_of
from core.lake.values import TablePreview
from core.sandbox.duckdb_session import one_row
from core.sandbox.guard import check_query
from core.sandbox.limits import Limits
from core.sandbox.locked_session import plain, time_limit, translated
from core.tasks.task import all_tasks

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SAMPLE, SAMPLE_ROWS = "__sample", 20_000
EXAMPLES, LONGEST_EXAMPLE = 3, 60
# A text with more different values than this share of the rows names things or says something; what says something has
# on average so many words, and names have fewer.
MOSTLY_DIFFERENT, FEW_VALUES, WORDS = 0.5, 20, 6
BINS, SHOWN_ROWS = 16, 20


@dataclass(frozen=True)
class Column:
    """A column of the sample: `known` is the column with the instant from which its values are known, where it is known
    only later; `items` are the files that its values name."""

    name: str
    type: str
    values: "pa.ChunkedArray"
    known: str = ""
    items: NamedItems | None = None

    @cached_property
    def distinct(self) -> int:
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_nested(self.values.type):
            return 0
        return int(pc.count_distinct(self.values, mode="only_valid").as_py())

    @cached_property
    def missing(self) -> float:
        return float(self.values.null_count / max(1, len(self.values)))

    @cached_property
    def is_unique(self) -> bool:
        return self.missing == 0 and self.distinct == len(self.values) > 1

    @property
    def is_text(self) -> bool:
        return self.type == TEXT

    @property
    def is_whole(self) -> bool:
        return self.type in WHOLE

    @cached_property
    def is_mostly_different(self) -> bool:
        return self.distinct > max(FEW_VALUES, MOSTLY_DIFFERENT * len(self.values))

    @cached_property
    def kind(self) -> Kind | None:
        """How a model would take it; None where it cannot."""
        import pyarrow.compute as pc

        if self.items:
            return self.items.kind
        if is_vector(self.type):
            lengths = pc.unique(pc.list_value_length(self.values))
            return "vector" if len(lengths) == 1 and lengths[0].as_py() and not self.missing else None
        if not self.is_text or not self.is_mostly_different:
            return kind_of(self.type)
        words = pc.mean(pc.count_substring_regex(self.values, r"\S+")).as_py() or 0
        return "text" if words >= WORDS else "category"

    @cached_property
    def examples(self) -> tuple[str, ...]:
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_nested(self.values.type):
            return ()
        values = pa.chunked_array([pc.unique(self.values.drop_null())[:EXAMPLES]])
        return tuple(str(shown(cell))[:LONGEST_EXAMPLE] for cell in values_of(values))

    @cached_property
    def bins(self) -> tuple[int, ...]:
        """How its values are spread; nothing of lists and of columns without values."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        values = self.values.drop_null()
        if pa.types.is_nested(values.type) or not len(values):
            return ()
        if is_number(self.type) or pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
            whole = values.cast(pa.timestamp("us")).cast(pa.int64()) if pa.types.is_temporal(values.type) else values
            numbers = whole.cast(pa.float64()).to_numpy()
            numbers = numbers[np.isfinite(numbers)]
            return tuple(int(rows) for rows in np.histogram(numbers, bins=BINS)[0]) if len(numbers) else ()
        if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
            return ()
        counts = pc.value_counts(values).field("counts").to_numpy(zero_copy_only=False)
        return tuple(int(rows) for rows in np.sort(counts)[::-1][:BINS])

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that its values fit as labels, the likeliest first."""
        if self.type not in (TEXT, TRUTH) and not is_number(self.type):
            return ()
        values = self.values.drop_null()
        if not len(values):
            return ()
        fitting = [task for task in all_tasks().values() if task.fits(values)]
        return tuple(task.name for task in sorted(fitting, key=lambda task: task.precedence))


@dataclass(frozen=True)
class Survey:
    """The columns of some rows, by a sample of them, and how many rows there are."""

    columns: tuple[Column, ...]
    rows: int
    sample_rows: int
    preview: TablePreview

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


def survey(session: "duckdb.DuckDBPyConnection", sql: str, *, limits: Limits, known: Mapping[str, str]) -> Survey:
    """Runs the query. Invalid for all that is wrong with it."""
    types = check_query(session, sql)
    chosen = f"SELECT * FROM (\n{plain(sql)}\n) USING SAMPLE reservoir({SAMPLE_ROWS} ROWS) REPEATABLE (1)"
    with translated(lines_before=1), time_limit(session, limits.seconds):
        session.execute(f"CREATE TEMP TABLE {SAMPLE} AS {chosen}")
        (rows,) = one_row(session, f"SELECT count(*) FROM (\n{plain(sql)}\n)")
        table = session.sql(f"SELECT * FROM {SAMPLE}").to_arrow_table()
    columns = tuple(
        Column(name=name, type=of_type, values=table.column(name), known=known.get(name, ""))
        for name, of_type in types.items()
    )
    preview = TablePreview(
        columns=tuple(types), types=tuple(types.values()), rows=json_rows(table.slice(0, SHOWN_ROWS)), total=int(rows)
    )
    return Survey(columns=columns, rows=int(rows), sample_rows=table.num_rows, preview=preview)
