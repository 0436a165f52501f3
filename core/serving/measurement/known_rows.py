"""Which row of a view was the answer at an instant, asked of the version's own rows. It tells a mismatch that comes
from another row (one that was late, or missed) from one that comes from the value itself."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.normal_form import CREATED, EVENT, KNOWN
from core.features.values import FeatureContract, ServedView
from core.sandbox.duckdb_session import literal, quoted, shared_session
from core.serving.measurement.comparison import Times
from core.serving.measurement.endpoint_client import HeldOut

if TYPE_CHECKING:
    import duckdb


class KnownRows:
    """`files` maps the digest of each view of the contract to the file of its rows. Nothing is read before it is
    asked."""

    def __init__(self, contract: FeatureContract, files: Mapping[str, Path]) -> None:
        self._contract, self._files = contract, files
        self._open = ExitStack()

    def answers(self, row: HeldOut) -> list[Times | None]:
        """For each view, event and created time of the newest row that was known at the row's instant."""
        return [self._answer(at, view, row) for at, view in enumerate(self._contract.views)]

    def close(self) -> None:
        self._open.close()

    @cached_property
    def _session(self) -> "duckdb.DuckDBPyConnection":
        session = self._open.enter_context(shared_session())
        for at, view in enumerate(self._contract.views):
            columns = ", ".join([*(quoted(key) for key, _column in view.keys), EVENT, CREATED, KNOWN])
            file = literal(self._files[view.digest])
            session.execute(f"CREATE TEMP TABLE view_{at} AS SELECT {columns} FROM read_parquet({file})")
        return session

    def _answer(self, at: int, view: ServedView, row: HeldOut) -> Times | None:
        keys: list[Any] = [row.sent[column] for _key, column in view.keys]
        matches = "".join(f" AND {quoted(key)} = ?" for key, _column in view.keys)
        query = (
            f"SELECT epoch_us({EVENT}), epoch_us({CREATED}) FROM view_{at} WHERE {KNOWN} <= ?{matches}"
            f" ORDER BY {EVENT} DESC, {CREATED} DESC NULLS LAST LIMIT 1"
        )
        known = self._session.execute(query, [row.at_us, *keys]).fetchone()
        return (known[0], known[1]) if known else None
