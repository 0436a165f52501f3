"""Whether a value depends on the future, found by trying: known values cannot depend on what happened later.

Columns of a snapshot that are known only later are marked with the instant at which they are. To test a query at an
instant c, every marked cell that is known only after c is exchanged for another row's, and the query runs again. A row
that could be used at c and has another value now comes from the future, whatever it was called and however it was
computed. Exchanged cells keep to their column, so a query that works goes on working.

The limits: what is not marked is taken as known; an exchange that happens to give the same value shows nothing (hence
several instants); and a query that gives other rows each time it runs cannot be judged, so it is refused."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.job_specs import SourceTable
from core.foundation.parquet import read_parquets

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

NEVER = 2**62


class MarkedTable:
    """A snapshot with marks, in memory, that can be given with its future exchanged."""

    def __init__(self, source: SourceTable, paths: tuple[Path, ...]) -> None:
        self.name = source.name
        self.known = dict(source.known)
        self.paths = paths
        self._table: pa.Table = read_parquets(paths)
        self._ranks = {column: _ranks(self._table.column(column)) for column in source.known}
        self._moments = {column: _microseconds(self._table, moment) for column, moment in source.known.items()}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def exchanged(
        self, *, after: int | None = None, keep_nulls: bool = False, columns: Sequence[str] | None = None
    ) -> "pa.Table":
        """The table whose marked cells that are known only `after` that microsecond (None: all of them) hold another
        row's value. With `keep_nulls` the cells without a value stay so."""
        table = self._table
        for column in columns if columns is not None else self.known:
            chosen = self._chosen(column, after, keep_nulls)
            if len(chosen) > 1:
                table = self._exchanged(table, column, chosen)
        return table

    def _exchanged(self, table: "pa.Table", column: str, chosen: "np.ndarray") -> "pa.Table":
        import numpy as np
        import pyarrow as pa

        places = np.arange(len(self))
        places[chosen] = _donors(chosen, self._ranks[column])
        position = table.column_names.index(column)
        return table.set_column(position, column, table.column(column).take(pa.array(places)))

    def _chosen(self, column: str, after: int | None, keep_nulls: bool) -> "np.ndarray":
        """The rows whose cells are exchanged."""
        import numpy as np

        chosen = np.ones(len(self), dtype=bool) if after is None else self._moments[column] > after
        if keep_nulls:
            chosen = chosen & self._table.column(column).is_valid().to_numpy()
        return np.flatnonzero(chosen)


def marked_tables(sources: Sequence[SourceTable], inputs: Mapping[str, Path]) -> tuple[MarkedTable, ...]:
    """The sources that have marks."""
    return tuple(MarkedTable(source, source.files(inputs)) for source in sources if source.known)


def marks(tables: Sequence[MarkedTable]) -> Iterator[tuple[MarkedTable, str, str]]:
    """Every mark as (table, column, the column with the instant)."""
    for table in tables:
        for column, moment in table.known.items():
            yield table, column, moment


def _microseconds(table: "pa.Table", column: str) -> "np.ndarray":
    """The instants of a column; what has none is never known."""
    import pyarrow as pa
    import pyarrow.compute as pc

    moments = table.column(column).cast(pa.timestamp("us")).cast(pa.int64())
    microseconds: np.ndarray = pc.fill_null(moments, NEVER).to_numpy()
    return microseconds


def _donors(chosen: "np.ndarray", ranks: "np.ndarray") -> "np.ndarray":
    """For each of the chosen cells the cell whose value it gets. Not merely shuffled, or the mean of all would not
    change: every third gets the same, and none gets the least and the greatest."""
    import numpy as np

    chosen_ranks = ranks[chosen]
    inner = chosen[
        (chosen_ranks != chosen_ranks[chosen_ranks > 0].min(initial=NEVER))
        & (chosen_ranks != chosen_ranks.max(initial=0))
    ]
    pool = inner if len(inner) > 1 else chosen
    donors = pool[(np.arange(len(chosen)) + max(1, len(pool) // 2)) % len(pool)]
    donors[::3] = _middle(pool, ranks)
    return donors


def _middle(pool: "np.ndarray", ranks: "np.ndarray") -> int:
    """A cell with a value from the middle of the pool."""
    valued = pool[ranks[pool] > 0]
    return int((valued if len(valued) else pool)[len(valued) // 3])


def _ranks(column: Any) -> "np.ndarray":
    """Every value's place among the values, from 1; 0 where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    places = pc.rank(column.combine_chunks(), sort_keys="ascending", tiebreaker="dense").cast(pa.int64())
    ranks: np.ndarray = pc.if_else(pc.is_valid(column.combine_chunks()), places, 0).to_numpy(zero_copy_only=False)
    return ranks
