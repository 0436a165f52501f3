"""The rules R1 to R12 of a point-in-time join, by brute force: every entity row looks at every feature row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.features.engines.port import Engine, JoinView, Matches, Part, check_join
from core.features.engines.spark_engine import SparkEngine
from core.features.normal_form import RowShape, normal_form
from core.sandbox.duckdb_session import save, shared_session

Row = Mapping[str, Any]
MICROSECOND = timedelta(microseconds=1)
NOON = datetime(2013, 6, 1, 12, tzinfo=UTC)
MOMENT = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class View:
    """A view for both the oracle and the join. `keys` maps view keys to entity columns."""

    table: pa.Table
    keys: tuple[tuple[str, str], ...] = (("k", "k"),)
    features: tuple[str, ...] = ("x",)
    prefix: str = "v__"
    ttl: timedelta | None = None
    delay: timedelta = timedelta(0)
    created: str | None = "created"


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def rows_table(
    rows: Sequence[tuple[Any, ...]], *, key: pa.DataType | None = None, value: pa.DataType | None = None
) -> pa.Table:
    """Feature rows (k, event, created, x); the times are minutes after noon or datetimes."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table(
        {
            "k": pa.array(columns[0], key or pa.string()),
            "event": pa.array([_moment(item) for item in columns[1]], MOMENT),
            "created": pa.array([_moment(item) for item in columns[2]], MOMENT),
            "x": pa.array(columns[3], value or pa.int64()),
        }
    )


def entity_table(rows: Sequence[tuple[Any, Any]], *, key: pa.DataType | None = None) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [(), ()]
    return pa.table(
        {"k": pa.array(columns[0], key or pa.string()), "t": pa.array([_moment(item) for item in columns[1]], MOMENT)}
    )


@dataclass(frozen=True)
class Rules:
    """An engine under test, in a folder of its own. With `builds` it makes the views' rows too, where it can."""

    engine: Engine
    folder: Path
    builds: bool = False

    def values(self, entity: pa.Table, *views: View, known_at: bool = True) -> list[Any]:
        """The first view's x for every entity row, after the oracle has agreed on everything."""
        table = self.joined(entity, views, known_at=known_at)
        assert table.to_pylist() == expected(entity, views, known_at=known_at)
        return table.column(views[0].prefix + "x").to_pylist()

    def joined(self, entity: pa.Table, views: Sequence[View], *, known_at: bool, event_time: str = "t") -> pa.Table:
        """From raw rows to the answer."""
        self.matches(entity, views, known_at=known_at, event_time=event_time)
        return pq.read_table(self.folder / "out.parquet")

    def matches(
        self, entity: pa.Table, views: Sequence[View], *, known_at: bool, event_time: str = "t"
    ) -> tuple[Matches, ...]:
        """What each view answered; the rows are in `out.parquet`."""
        path = self.folder / "entity.parquet"
        pq.write_table(entity, path)
        uses = [self.stored(index, view) for index, view in enumerate(views)]
        check_join(uses, entity=path, event_time=event_time)
        parts = [Part(self.folder / "out.parquet")]
        return self.engine.join(uses, entity=path, event_time=event_time, known_at=known_at, parts=parts)

    def stored(self, index: int, view: View) -> JoinView:
        """The view's rows in normal form, in a file of their own."""
        raw, path = self.folder / f"raw{index}.parquet", self.folder / f"rows{index}.parquet"
        pq.write_table(view.table, raw)
        shape = RowShape(
            keys=tuple(key for key, _column in view.keys),
            event_time="event",
            created_time=view.created,
            features=view.features,
            delay_us=view.delay // MICROSECOND,
        )
        self.keep(shape, raw, path)
        return JoinView(
            name=f"view {index}",
            rows=path,
            keys=view.keys,
            outputs=tuple((feature, view.prefix + feature, None) for feature in view.features),
            ttl_us=view.ttl // MICROSECOND if view.ttl is not None else None,
            delay_us=shape.delay_us,
        )

    def keep(self, shape: RowShape, raw: Path, path: Path) -> None:
        """Brings raw rows to normal form."""
        with shared_session() as session:
            save(session, normal_form(shape, source=f"read_parquet('{raw}')"), path)
        if self.builds and isinstance(self.engine, SparkEngine):
            self.engine.build(
                "SELECT * FROM raw",
                tables={"raw": [raw]},
                shape=shape,
                schema=pq.read_schema(path),
                raw=path.with_name(f"{path.name}.raw"),
                path=path,
            )


def expected(entity: pa.Table, views: Sequence[View], *, known_at: bool, event_time: str = "t") -> list[dict[str, Any]]:
    answer = []
    for row in entity.to_pylist():
        full = dict(row)
        for view in views:
            full |= _answer(row, view, row[event_time], known_at)
        answer.append(full)
    return answer


def _answer(row: Row, view: View, moment: datetime, known_at: bool) -> dict[str, Any]:
    best: tuple[Any, ...] | None = None
    chosen: Row | None = None
    for sequence, candidate in enumerate(view.table.to_pylist()):
        rank = (candidate["event"], _created(candidate, view), sequence)
        if _usable(row, candidate, view, moment, known_at) and (best is None or rank > best):
            best, chosen = rank, candidate
    if chosen is not None and view.ttl and chosen["event"] < moment - view.ttl:
        chosen = None
    return {view.prefix + feature: chosen[feature] if chosen else None for feature in view.features}


def _created(candidate: Row, view: View) -> datetime:
    created = candidate[view.created] if view.created else None
    return created or datetime(1, 1, 1, tzinfo=UTC)


def _usable(row: Row, candidate: Row, view: View, moment: datetime, known_at: bool) -> bool:
    if candidate["event"] is None or candidate["event"] + view.delay > moment:
        return False
    if any(row[column] is None or row[column] != candidate[key] for key, column in view.keys):
        return False
    if not (known_at and view.created):
        return True
    return candidate[view.created] is not None and candidate[view.created] <= moment


def _moment(item: Any) -> datetime | None:
    return item if item is None or isinstance(item, datetime) else minutes(item)
