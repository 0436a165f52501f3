"""Whether a value knows the future, found by trying: what was known at an instant cannot depend on what happened later.

Columns of a snapshot that are known only later are marked with the instant at which they are. To test a query at an
instant c, every marked cell that is known only after c is exchanged for another row's, and the query runs again. A row
that could be used at c and has another value now has used hindsight, whatever it was called and however it was
computed. Exchanged cells keep to their column, so a query that works goes on working.

The limits: what is not marked is taken as known; an exchange that happens to give the same value shows nothing (hence
several instants); and a query that gives other rows each time it runs cannot be judged, so it is refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.orders import SourceTable
from core.lake.parquet import read_parquet

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# Two instants in a long table have thousands of flights under way; in a short one more are needed to meet any.
LONG_TABLE, FEW, MANY = 50_000, 2, 12
NEVER = 2**62


class MarkedTable:
    """A snapshot with marks, in memory, that can be given with its future exchanged."""

    def __init__(self, source: SourceTable, path: Path) -> None:
        self.name = source.name
        self.known = dict(source.known)
        self.path = path
        self._table: pa.Table = read_parquet(path)
        self._moments = {column: _microseconds(self._table, moment) for column, moment in source.known.items()}

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def moments(self) -> "Iterable[np.ndarray]":
        """The instants of the marks, one array per different mark."""
        return {mark: self._moments[column] for column, mark in self.known.items()}.values()

    def exchanged(
        self, *, after: int | None = None, keep_nulls: bool = False, columns: Sequence[str] | None = None
    ) -> "pa.Table":
        """The table whose marked cells that are known only `after` that microsecond (None: all of them) hold another
        row's value. With `keep_nulls` the cells without a value stay so."""
        table = self._table
        for column in columns if columns is not None else self.known:
            chosen = self._chosen(column, after, keep_nulls)
            position = table.column_names.index(column)
            table = table.set_column(position, column, _rotated(table.column(column), chosen))
        return table

    def _chosen(self, column: str, after: int | None, keep_nulls: bool) -> "np.ndarray":
        """The rows whose cells are exchanged."""
        import numpy as np

        chosen = np.ones(len(self), dtype=bool) if after is None else self._moments[column] > after
        if keep_nulls:
            chosen = chosen & self._table.column(column).is_valid().to_numpy()
        return np.flatnonzero(chosen)


def marked_tables(sources: Sequence[SourceTable], inputs: Mapping[str, Path]) -> tuple[MarkedTable, ...]:
    """The sources that have marks."""
    return tuple(MarkedTable(source, inputs[source.input]) for source in sources if source.known)


def instants_to_try(tables: Sequence[MarkedTable]) -> tuple[int, ...]:
    """Instants, in microseconds, at which much is under way: evenly spread among the instants of the marks."""
    import numpy as np

    moments = [array[array < NEVER] for table in tables for array in table.moments()]
    every = np.sort(np.concatenate(moments)) if moments else np.array([], dtype="int64")
    if not len(every):
        return ()
    count = FEW if len(every) > LONG_TABLE else MANY
    places = ((np.arange(count) + 0.5) / count * len(every)).astype(int)
    return tuple(dict.fromkeys(int(moment) for moment in every[places]))


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


def _rotated(column: Any, chosen: "np.ndarray") -> Any:
    """The chosen cells each take the value half the way round among them; a single one loses its value."""
    import numpy as np
    import pyarrow as pa

    if len(chosen) == 1:
        keep = np.ones(len(column), dtype=bool)
        keep[chosen] = False
        return pa.compute.if_else(pa.array(keep), column, pa.scalar(None, column.type))
    places = np.arange(len(column))
    places[chosen] = np.roll(chosen, len(chosen) // 2)
    return column.take(pa.array(places))
