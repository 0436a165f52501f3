"""The point-in-time join on one machine, with polars: as exact as in SQL, and in a third of the time.

The normal form has done the work before: of a key's rows those that can be an answer are marked and lie in the order of
their time, so an as-of join needs neither to sort nor to drop anything."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from core.features.engines.port import Engine, JoinView, Matches, Part, schema_of
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN, LATEST
from core.foundation.parquet import ROW_GROUP, write_parquet

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

ROW, TIME, FROM = "__row", "__t", "__from"
EVENT_US, CREATED_US = "__event_us", "__created_us"


class PolarsEngine(Engine):
    """Joins on one machine."""

    name = "local"
    title = "polars"
    product = "polars"

    @classmethod
    @contextmanager
    def opened(cls, address: str) -> Iterator[Self]:
        yield cls()

    @property
    def version(self) -> str:
        import polars as pl

        return str(pl.__version__)

    def join(
        self, views: Sequence[JoinView], *, entity: Path, event_time: str, known_at: bool, parts: Sequence[Part]
    ) -> tuple[Matches, ...]:
        import polars as pl

        moment = pl.col(event_time).dt.cast_time_unit("us").cast(pl.Int64).alias(TIME)
        rows = pl.read_parquet(entity, glob=False).with_columns(moment).with_row_index(ROW)
        in_order = rows[TIME].is_sorted()
        if not in_order:
            rows = rows.sort(TIME, maintain_order=True)
        matches = []
        for view in views:
            rows = _answered(rows, view, known_at=known_at)
            matches.append(_matches(rows, view))
            rows = _alive(rows, view).drop(EVENT_US, CREATED_US)
        if not in_order:
            rows = rows.sort(ROW)
        for part in parts:
            inside = rows.filter(pl.col(TIME).is_between(part.start_us, part.end_us, closed="left"))
            _write(inside.drop(ROW, TIME), part.path, schema=schema_of(views, entity=entity))
        return tuple(matches)


def _answered(rows: "pl.DataFrame", view: JoinView, *, known_at: bool) -> "pl.DataFrame":
    """The rows with the values and times of the row that was found, be it expired or not."""
    import polars as pl

    names = [f"__key_{number}" for number in range(len(view.keys))]
    mine = [
        _comparable(pl.col(column), rows.schema[column]).alias(name) for (_key, column), name in _named(view, names)
    ]
    joined = rows.with_columns(mine).join_asof(
        _candidates(view, names, known_at=known_at),
        left_on=TIME,
        right_on=FROM,
        by=names or None,
        check_sortedness=False,
        coalesce=True,
    )
    return joined.drop(FROM, *names)


def _candidates(view: JoinView, names: Sequence[str], *, known_at: bool) -> "pl.DataFrame":
    """The rows that can be an answer, from the instant at which they are one. They lie in the order of that instant
    within a key, in either question: of the best rows a newer event is never known earlier than an older one."""
    import polars as pl

    stored = pl.scan_parquet(view.rows, glob=False)
    schema = stored.collect_schema()
    keys = [_comparable(pl.col(key), schema[key]).alias(name) for (key, _column), name in _named(view, names)]
    since = pl.col(KNOWN) if known_at else pl.col(EVENT).cast(pl.Int64) + view.delay_us
    times = [pl.col(EVENT).cast(pl.Int64).alias(EVENT_US), pl.col(CREATED).cast(pl.Int64).alias(CREATED_US)]
    values = [_model_value(pl.col(own), kind).alias(name) for own, name, kind in view.outputs]
    chosen = stored.filter(pl.col(BEST if known_at else LATEST))
    return chosen.select(*keys, since.alias(FROM), *times, *values).collect()


def _named(view: JoinView, names: Sequence[str]) -> Iterator[tuple[tuple[str, str], str]]:
    return zip(view.keys, names, strict=True)


def _comparable(key: "pl.Expr", data_type: Any) -> "pl.Expr":
    """Whole numbers of all widths are equal when their values are; what fits no key of a view matches none."""
    import polars as pl

    return key.cast(pl.Int64, strict=False) if data_type.is_integer() else key


def _model_value(value: "pl.Expr", kind: str | None) -> "pl.Expr":
    """A value as a model takes it (`columns.model_value`)."""
    import polars as pl

    return value.cast(pl.String if kind == "category" else pl.Float64) if kind else value


def _is_alive(view: JoinView) -> "pl.Expr":
    import polars as pl

    is_found = pl.col(EVENT_US).is_not_null()
    return is_found & (pl.col(EVENT_US) >= pl.col(TIME) - view.ttl_us) if view.ttl_us else is_found


def _alive(rows: "pl.DataFrame", view: JoinView) -> "pl.DataFrame":
    """Null where the answer has outlived its ttl: never an older row (R2)."""
    import polars as pl

    if not view.ttl_us:
        return rows
    alive = _is_alive(view)
    return rows.with_columns(pl.when(alive).then(pl.col(name)).alias(name) for _own, name, _kind in view.outputs)


def _matches(rows: "pl.DataFrame", view: JoinView) -> Matches:
    import polars as pl

    alive, is_found = _is_alive(view), pl.col(EVENT_US).is_not_null()
    empty = pl.all_horizontal(pl.col(name).is_null() for _own, name, _kind in view.outputs)
    written = pl.max_horizontal(pl.col(EVENT_US) + view.delay_us, pl.col(CREATED_US))
    counts = {
        "present": alive & ~empty,
        "null": alive & empty,
        "expired": is_found & ~alive,
        "not_found": ~is_found,
        "late": alive & (written > pl.col(TIME)),
    }
    match_counts = _counted(rows, counts)
    nulls = _counted(rows, {name: ~alive | pl.col(name).is_null() for _own, name, _kind in view.outputs})
    return Matches(**match_counts, nulls=tuple(nulls.items()))


def _counted(rows: "pl.DataFrame", conditions: "dict[str, pl.Expr]") -> dict[str, int]:
    counts = rows.select(condition.sum().alias(name) for name, condition in conditions.items())
    return {name: int(count) for name, count in counts.row(0, named=True).items()}


def _write(rows: "pl.DataFrame", path: Path, *, schema: "pa.Schema") -> None:
    write_parquet(_batches(rows, schema), path, schema=schema)


def _batches(rows: "pl.DataFrame", schema: "pa.Schema") -> "Iterator[pa.RecordBatch]":
    import polars as pl

    for piece in rows.iter_slices(ROW_GROUP):
        yield from piece.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema).to_batches()
