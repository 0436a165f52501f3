"""How many different values a column has, and which of them are frequent: exact, and within bounded memory, since what
does not fit is written to files. A table of all counts in memory would outgrow the rows it is made of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.lake.profiles.column_reader import ColumnSource
from core.sandbox.duckdb_session import literal, one_row, open_session

if TYPE_CHECKING:
    import duckdb

# Nearly always the first is enough. A growing hash table is never written to a file, only what it points to, so that a
# count may want more at the moment at which the table doubles.
MEMORY_MB = (1024, 2048, 4096)
# Groups that also carry a number are written to files before their hash table outgrows what there is.
GROUPS = "(SELECT *, count(*) AS times FROM counted_rows GROUP BY ALL)"


class Counts:
    """Counts in one session, whatever is asked."""

    def __init__(self, session: "duckdb.DuckDBPyConnection", *, memory_mb: Sequence[int]) -> None:
        self._session = session
        self._memory_mb = memory_mb

    def rows(self, source: ColumnSource) -> int:
        """How many different rows there are; two nulls are the same."""
        return int(self._answer(source, f"SELECT count(*), sum(times) FROM {GROUPS}")[0])

    def values(self, source: ColumnSource, *, most: int) -> tuple[int, tuple[tuple[Any, int], ...]]:
        """How many different values the column has, and `most` of them with how often they occur: the most frequent
        first, of those that are as frequent the least. Nulls are no values."""
        frequent = f"min({{'less': -times, 'value': c0}}, {most})" if most else "sum(times)"
        distinct, first = self._answer(source, f"SELECT count(*), {frequent} FROM {GROUPS} WHERE c0 IS NOT NULL")
        return int(distinct), tuple((value["value"], -value["less"]) for value in first or ()) if most else ()

    def _answer(self, source: ColumnSource, query: str) -> tuple[Any, ...]:
        import duckdb

        for memory_mb in self._memory_mb[:-1]:
            try:
                return self._within(memory_mb, source, query)
            except duckdb.OutOfMemoryException:
                continue
        return self._within(self._memory_mb[-1], source, query)

    def _within(self, memory_mb: int, source: ColumnSource, query: str) -> tuple[Any, ...]:
        import pyarrow as pa

        self._session.execute(f"SET memory_limit = '{memory_mb}MB'")
        self._session.register("counted_rows", pa.RecordBatchReader.from_batches(source.schema, source.batches()))
        try:
            return one_row(self._session, query)
        finally:
            self._session.unregister("counted_rows")


@contextmanager
def counting(spill: Path, *, memory_mb: Sequence[int] = MEMORY_MB) -> Iterator[Counts]:
    """Counts within the first of these amounts of memory, or the next where that is not enough. `spill` is a folder for
    what memory does not hold; it is left as it was."""
    with TemporaryDirectory(dir=spill) as folder, open_session(threads=1) as session:
        session.execute(f"SET temp_directory = {literal(folder)}")
        yield Counts(session, memory_mb=memory_mb)
