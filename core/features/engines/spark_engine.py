"""The feature engine for what outgrows one machine: the same versions over the same Parquet with Spark, in a cluster
(Spark Connect) or, without an address, in a local session. An extra: it needs pyspark and Java, and a cluster that
reads and writes the files under the same paths.

The as-of join is a window over both sides together: sorted once by key and time, every entity row sees the last row of
the view before it. Nothing fans out, however many rows a key has."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Self

from core.features.engines.port import BuildEngine, JoinView, Matches, Part, schema_of
from core.features.engines.spark.files import gather, parts_in, write_parts
from core.features.engines.spark.session import in_words, spark_session
from core.features.engines.spark.sql import carried
from core.features.normal_form import BEST, CREATED, EVENT, KNOWN, LATEST, RowShape

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import Column, DataFrame, SparkSession

ROW, TIME, SEQUENCE = "__row", "__t", "__sequence"


class SparkEngine(BuildEngine):
    """Builds and joins in a cluster, or in a local session of Spark."""

    name = "spark"
    title = "Spark"
    product = "spark"

    def __init__(self, session: "SparkSession") -> None:
        self.session = session

    @classmethod
    @contextmanager
    def opened(cls, address: str) -> Iterator[Self]:
        with spark_session(address) as session:
            yield cls(session)

    @classmethod
    def check_sql(cls, sql: str) -> None:
        carried(sql)

    @property
    def version(self) -> str:
        return str(self.session.version)

    def build(
        self,
        sql: str,
        *,
        tables: Mapping[str, Sequence[Path]],
        shape: RowShape,
        schema: "pa.Schema",
        raw: Path,
        path: Path,
    ) -> tuple[Path, ...]:
        from pyspark.sql import functions as f

        query = carried(sql)
        with in_words():
            for name, files in tables.items():
                self.session.read.parquet(*map(str, files)).createOrReplaceTempView(name)
            given = self.session.sql(query).select("*", f.monotonically_increasing_id().alias(SEQUENCE))
            write_parts(given, raw)
            stored = self.session.read.schema(given.schema).parquet(str(raw))
            gather(_normal_form(stored, shape), path, schema=schema)
        return parts_in(raw)

    def join(
        self, views: Sequence[JoinView], *, entity: Path, event_time: str, known_at: bool, parts: Sequence[Part]
    ) -> tuple[Matches, ...]:
        from pyspark.sql import functions as f

        schema = schema_of(views, entity=entity)
        with in_words():
            rows = self.session.read.parquet(str(entity)).select("*", f.col("_metadata.row_index").alias(ROW))
            rows = rows.withColumn(TIME, f.unix_micros(f.col(_q(event_time)).cast("timestamp")))
            for number, view in enumerate(views):
                entity_keys = _keys([column for _key, column in view.keys], schema)
                candidates = _candidates(self.session.read.parquet(str(view.rows)), view, known_at=known_at)
                rows = _answered(rows, entity_keys, candidates=candidates, number=number)
            rows = rows.persist()
            matches = _matches(rows, views)
            for part in parts:
                inside = rows.where((f.col(TIME) >= part.start_us) & (f.col(TIME) < part.end_us)).orderBy(ROW)
                gather(inside.select(*_columns(views, schema.names)), part.path, schema=schema)
            rows.unpersist()
        return matches


def _normal_form(rows: "DataFrame", shape: RowShape) -> "DataFrame":
    """The rules of `normal_form` in Spark. Rows that tie in all times are told apart by the order in which
    Spark read them."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    created = f.col(_q(shape.created_time)).cast("timestamp") if shape.created_time else f.lit(None).cast("timestamp")
    keys = [f.col(_q(key)) for key in shape.keys]
    dated = rows.select(
        *keys,
        f.col(_q(shape.event_time)).cast("timestamp").alias(EVENT),
        created.alias(CREATED),
        SEQUENCE,
        *(f.col(_q(feature)) for feature in shape.features),
    ).dropna(subset=[*shape.keys, EVENT])
    event = f.unix_micros(EVENT) + f.lit(shape.delay_us)
    known = f.when(f.col(CREATED).isNotNull(), f.greatest(event, f.unix_micros(CREATED)))
    newest = Window.partitionBy(*keys, EVENT).orderBy(f.desc_nulls_last(CREATED), f.desc(SEQUENCE))
    rising = Window.partitionBy(*_alike(keys)).orderBy(EVENT, f.asc_nulls_first(CREATED), SEQUENCE)
    ranked = dated.select(
        "*",
        (known if shape.created_time else event).alias(KNOWN),
        (f.row_number().over(newest) == 1).alias(LATEST),
        f.row_number().over(rising).alias("__rank"),
    )
    until = Window.partitionBy(*_alike(keys)).orderBy(f.asc_nulls_last(KNOWN))
    by_known = until.rangeBetween(Window.unboundedPreceding, 0)
    best = f.max(f.when(f.col(KNOWN).isNotNull(), f.col("__rank"))).over(by_known)
    is_best = f.col(KNOWN).isNotNull() & (f.col("__rank") == best) if shape.created_time else f.col(LATEST)
    judged = ranked.withColumn(BEST, is_best).where(f.col(LATEST) | f.col(BEST))
    ordered = judged.orderBy(*keys, EVENT, f.asc_nulls_first(CREATED))
    return ordered.select(*keys, EVENT, CREATED, KNOWN, LATEST, BEST, *(f.col(_q(name)) for name in shape.features))


def _candidates(stored: "DataFrame", view: JoinView, *, known_at: bool) -> "DataFrame":
    """The rows that can be an answer: from when, times and values."""
    import pyarrow.parquet as pq
    from pyspark.sql import functions as f

    since = f.col(KNOWN) if known_at else f.unix_micros(EVENT) + f.lit(view.delay_us)
    values = [_model_value(f.col(_q(own)), kind).alias(name) for own, name, kind in view.outputs]
    times = [f.unix_micros(EVENT).alias("__event_us"), f.unix_micros(CREATED).alias("__created_us")]
    return stored.where(f.col(BEST if known_at else LATEST)).select(
        *_keys([key for key, _column in view.keys], pq.read_schema(view.rows)),
        since.alias("__at"),
        f.lit(0).alias("__side"),
        f.struct(*times, *values).alias("__answer"),
    )


def _answered(rows: "DataFrame", keys: "list[Column]", *, candidates: "DataFrame", number: int) -> "DataFrame":
    """The rows with the column `__answer_<number>`: times and values of the row that was found, expired or not."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    at, side, mine = f.col(TIME).alias("__at"), f.lit(1).alias("__side"), f.struct("*").alias("__mine")
    both = rows.select(*keys, at, side, mine).unionByName(candidates, allowMissingColumns=True)
    names = [f.col(f"__key_{place}") for place in range(len(keys))]
    before = Window.partitionBy(*_alike(names)).orderBy("__at", "__side").rowsBetween(Window.unboundedPreceding, 0)
    answered = both.withColumn("__found", f.last("__answer", ignorenulls=True).over(before)).where(f.col("__side") == 1)
    return answered.select("__mine.*", f.col("__found").alias(f"__answer_{number}"))


def _alike(keys: "list[Column]") -> "list[Column]":
    """What rows that can answer each other have in common: without keys, one number."""
    from pyspark.sql import functions as f

    return keys or [f.lit(0)]


def _columns(views: Sequence[JoinView], names: Sequence[str]) -> "list[Column]":
    """The entity's own columns, then what the views answered."""
    from pyspark.sql import functions as f

    outputs = [_output(view, number, name) for number, view in enumerate(views) for _own, name, _kind in view.outputs]
    return [*(f.col(_q(name)) for name in names[: len(names) - len(outputs)]), *outputs]


def _keys(names: Sequence[str], schema: "pa.Schema") -> "list[Column]":
    """Whole numbers of all widths are equal when their values are; what fits no key of a view matches none."""
    import pyarrow as pa
    from pyspark.sql import functions as f

    return [
        (f.col(_q(name)).try_cast("bigint") if is_whole else f.col(_q(name))).alias(f"__key_{place}")
        for place, name in enumerate(names)
        for is_whole in [pa.types.is_integer(schema.field(name).type)]
    ]


def _model_value(value: "Column", kind: str | None) -> "Column":
    """A value as a model takes it (`columns.model_value`)."""
    return value.cast("string" if kind == "category" else "double") if kind else value


def _alive(view: JoinView, number: int) -> "Column":
    from pyspark.sql import functions as f

    event = f.col(f"__answer_{number}.__event_us")
    return event.isNotNull() & (event >= f.col(TIME) - f.lit(view.ttl_us)) if view.ttl_us else event.isNotNull()


def _output(view: JoinView, number: int, name: str) -> "Column":
    from pyspark.sql import functions as f

    return f.when(_alive(view, number), f.col(f"__answer_{number}.{_q(name)}")).alias(name)


def _matches(rows: "DataFrame", views: Sequence[JoinView]) -> tuple[Matches, ...]:
    """Counted in one pass over the rows, for all views."""
    from pyspark.sql import functions as f

    counted = [_counted(view, number) for number, view in enumerate(views)]
    conditions_in_order = [condition for conditions in counted for condition in conditions]
    totals = rows.agg(
        f.count("*"), *(f.count_if(condition).alias(str(place)) for place, condition in enumerate(conditions_in_order))
    )
    counts = iter((totals.first() or ())[1:])
    return tuple(_view_matches(view, list(islice(counts, 5 + len(view.outputs)))) for view in views)


def _view_matches(view: JoinView, counts: Sequence[int]) -> Matches:
    present, null, expired, not_found, late, *nulls = counts
    names = [name for _own, name, _kind in view.outputs]
    return Matches(present, null, expired, not_found, late, tuple(zip(names, nulls, strict=True)))


def _counted(view: JoinView, number: int) -> "list[Column]":
    """The conditions behind the fields of `Matches`, in their order."""
    from functools import reduce

    from pyspark.sql import functions as f

    nulls = [_output(view, number, name).isNull() for _own, name, _kind in view.outputs]
    alive, is_found = _alive(view, number), f.col(f"__answer_{number}").isNotNull()
    empty = reduce(lambda left, right: left & right, nulls)
    event, created = f.col(f"__answer_{number}.__event_us"), f.col(f"__answer_{number}.__created_us")
    late = alive & (f.greatest(event + f.lit(view.delay_us), created) > f.col(TIME))
    return [alive & ~empty, alive & empty, is_found & ~alive, ~is_found, late, *nulls]


def _q(name: str) -> str:
    return f"`{name}`"
