"""Fills an online store so that at every instant it holds what was known then: rows become visible when they were
known, in the order in which they were. So the store answers what the point-in-time join answers, which parity checks
and replays rely on. Views are read from the files of their rows in normal form, where `__is_best` marks exactly the
rows that can be an answer at some instant."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.columns import model_value
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN
from core.features.online.store import OnlineRow, OnlineStore, packed_rows
from core.features.values import FeatureContract, ServedView
from core.sandbox.duckdb_session import listed, literal, quoted, shared_session

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BEGINNING = -(2**63)


class Backfill:
    """`rows` maps the digest of each view of the contract to the file of its rows."""

    def __init__(self, store: OnlineStore, contract: FeatureContract, rows: Mapping[str, Path]) -> None:
        self._store = store
        self._streams = [_Stream(view, rows[view.digest]) for view in contract.views]
        self.now_us = BEGINNING

    def load(self, at_us: int) -> None:
        """Empties the store and puts the newest row of every key that was known at the instant, in microseconds."""
        for stream in self._streams:
            self._store.clear(stream.view)
            self._store.put(stream.view, packed_rows(stream.newest(at_us)))
        self.now_us = at_us

    def advance(self, to_us: int) -> int:
        """Puts every row that became known after the last instant and not after this one; returns how many. Time does
        not run backwards: an earlier instant changes nothing."""
        put = 0
        for stream in self._streams:
            if rows := list(stream.between(self.now_us, to_us)):
                self._store.put(stream.view, packed_rows(rows))
            put += len(rows)
        self.now_us = max(self.now_us, to_us)
        return put


class _Stream:
    """The rows of one view in the order in which they became known."""

    def __init__(self, view: ServedView, path: Path) -> None:
        self.view = view
        self._rows, self._known = _read(view, path)

    def newest(self, at_us: int) -> Iterator[OnlineRow]:
        """Of every key the row that was the answer at the instant: the last one that was known."""
        import numpy as np
        import pyarrow as pa

        known = self._rows.slice(0, int(np.searchsorted(self._known, at_us, side="right")))
        keys = [f"key_{number}" for number in range(len(self.view.keys))]
        placed = known.append_column("place", pa.array(np.arange(known.num_rows)))
        last = placed.group_by(keys).aggregate([("place", "max")]).column("place_max") if known.num_rows else []
        yield from self._online(known.take(last) if known.num_rows else known)

    def between(self, after_us: int, to_us: int) -> Iterator[OnlineRow]:
        import numpy as np

        first, end = (int(np.searchsorted(self._known, moment, side="right")) for moment in (after_us, to_us))
        yield from self._online(self._rows.slice(first, max(0, end - first)))

    def _online(self, rows: "pa.Table") -> Iterator[OnlineRow]:
        width = len(self.view.keys)
        columns = [column.to_pylist() for column in rows.columns]
        for event_us, created_us, *rest in zip(*columns, strict=True):
            yield OnlineRow(tuple(rest[:width]), event_us, created_us, tuple(rest[width:]))


def _read(view: ServedView, path: Path) -> "tuple[pa.Table, np.ndarray]":
    """Times, keys and values of the rows that can be an answer, in the order of their known time, and that order."""
    keys = [f"{quoted(key)} AS key_{number}" for number, (key, _column) in enumerate(view.keys)]
    values = [f"{model_value(quoted(feature), kind)} AS {quoted(name)}" for feature, name, kind in view.outputs]
    times = [f"epoch_us({EVENT}) AS event_us", f"epoch_us({CREATED}) AS created_us"]
    query = (
        f"SELECT {', '.join([*times, *keys, *values])}, {KNOWN} FROM read_parquet({literal(path)}) WHERE {BEST}"
        f" ORDER BY {listed([KNOWN])}, {EVENT}, {CREATED} NULLS FIRST"
    )
    with shared_session() as session:
        table: Any = session.sql(query).to_arrow_table()
    return table.drop_columns([KNOWN]), table.column(KNOWN).to_numpy()
