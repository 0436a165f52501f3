"""The normal form of a feature version's rows. Whatever the author's SQL returned, it is converted once into the one
shape that the point-in-time join, the statistics and the online store all read, so that they cannot disagree.

The rules R1 to R12 come down to three columns computed here:
`known_us`  the microsecond from which a row may be used: max(event + source_delay, created); null when a created time
            is declared and missing (R5, R10);
`is_latest` the row wins among those of the same key and event time: greatest created, then last read (R3);
`is_best`   at its own known time no row known by then is newer by (event, created): exactly these rows can ever be the
            answer to "what was known at t", so an ASOF join on `known_us` over them is exact (R5)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, overload

from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.sandbox.duckdb_session import listed, one_row, quoted

if TYPE_CHECKING:
    import duckdb

EVENT, CREATED, KNOWN = "__event", "__created", "__known_us"
LATEST, BEST = "__is_latest", "__is_best"
RESERVED_PREFIX = "__"
SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """The form in which moments are compared and written down."""
    return (moment - EPOCH) // MICROSECOND


@overload
def moment_of(microseconds_: int) -> datetime: ...


@overload
def moment_of(microseconds_: int | None) -> datetime | None: ...


def moment_of(microseconds_: int | None) -> datetime | None:
    return None if microseconds_ is None else EPOCH + microseconds_ * MICROSECOND


# The moments that a datetime holds, and so the times that rows may have.
FIRST_US, LAST_US = (microseconds(end.replace(tzinfo=UTC)) for end in (datetime.min, datetime.max))


def known_moment(known_us: int | None) -> datetime | None:
    """A known time as a moment: a delay may carry it beyond the calendar, whose last moment then stands for it."""
    return None if known_us is None else moment_of(min(known_us, LAST_US))


@dataclass(frozen=True)
class RowShape:
    """Which columns of a query are the keys, the times and the features. `delay_us` is the source delay of R10."""

    keys: tuple[str, ...]
    event_time: str
    created_time: str | None
    features: tuple[str, ...]
    delay_us: int = 0


@dataclass(frozen=True)
class RowCounts:
    """What became of the rows: `without_event` and `without_key` were ignored (R6), `superseded` can never be an
    answer."""

    read: int
    without_event: int
    without_key: int
    superseded: int
    built: int


def normal_form(shape: RowShape, *, source: str) -> str:
    """A query over the relation `source` that gives the normal form, sorted by key, event and created time."""
    keys = listed(shape.keys)
    partition = f"PARTITION BY {keys}" if shape.keys else ""
    same_event = f"PARTITION BY {keys}{', ' if keys else ''}{EVENT}"
    return f"""
    WITH dated AS ({_dated(shape, source)}),
    ranked AS (
      SELECT *, {_known(shape)} AS {KNOWN},
        row_number() OVER ({same_event} ORDER BY {CREATED} DESC NULLS LAST, __sequence DESC) = 1 AS {LATEST},
        row_number() OVER ({partition} ORDER BY {EVENT}, {CREATED} NULLS FIRST, __sequence) AS __rank
      FROM dated),
    judged AS (
      SELECT *, {_best(shape, partition)} AS {BEST} FROM ranked)
    SELECT {keys}{", " if keys else ""}{EVENT}, {CREATED}, {KNOWN}, {LATEST}, {BEST}, {listed(shape.features)}
    FROM judged WHERE {LATEST} OR {BEST}
    ORDER BY {keys}{", " if keys else ""}{EVENT}, {CREATED} NULLS FIRST
    """


def count_rows(session: "duckdb.DuckDBPyConnection", shape: RowShape, *, source: str, built: int) -> RowCounts:
    """How many rows the source has and why some were left out."""
    event = f"{_instant(shape.event_time)}"
    without_event = f"({event} IS NULL OR NOT isfinite({event}))"
    without_key = " OR ".join(f"{quoted(key)} IS NULL" for key in shape.keys) or "false"
    read, no_event, no_key = one_row(
        session,
        f"SELECT count(*), count(*) FILTER (WHERE {without_event}),"
        f" count(*) FILTER (WHERE NOT {without_event} AND ({without_key})) FROM {source}",
    )
    return RowCounts(read, no_event, no_key, superseded=read - no_event - no_key - built, built=built)


def is_beyond(time: str) -> str:
    """SQL that is true of an instant outside the years 1 to 9999, and of an infinite one."""
    return f"({time} < make_timestamptz({FIRST_US}) OR {time} > make_timestamptz({LAST_US}))"


def refuse_beyond(session: "duckdb.DuckDBPyConnection", shape: RowShape, *, rows: str) -> None:
    """Invalid where rows in normal form have times of no calendar: they lie in no day, and so in no window."""
    names = {EVENT: shape.event_time, **({CREATED: shape.created_time} if shape.created_time else {})}
    tests = ", ".join(f"count(*) FILTER (WHERE {is_beyond(time)})" for time in names)
    for name, count in zip(names.values(), one_row(session, f"SELECT {tests} FROM {rows}"), strict=True):
        if count:
            raise Invalid(
                _("{name} lies outside the years 1 to 9999 in rows: {count}").format(name=name, count=thousands(count)),
                hint=_("Leave these rows out in the query, or give them another time."),
                field="sql",
            )


def _dated(shape: RowShape, source: str) -> str:
    created = _instant(shape.created_time) if shape.created_time else "CAST(NULL AS TIMESTAMPTZ)"
    wanted = [f"{quoted(key)} IS NOT NULL" for key in shape.keys] + [f"{EVENT} IS NOT NULL", f"isfinite({EVENT})"]
    columns = listed((*shape.keys, *shape.features))
    return (
        f"SELECT {columns}, {_instant(shape.event_time)} AS {EVENT}, {created} AS {CREATED},"
        f" row_number() OVER () AS __sequence FROM {source} WHERE {' AND '.join(wanted)}"
    )


def _instant(column: str) -> str:
    """A naive time is an instant in UTC (R11): the session's zone makes this cast say so."""
    return f"CAST({quoted(column)} AS TIMESTAMPTZ)"


def _known(shape: RowShape) -> str:
    event = f"epoch_us({EVENT}) + {shape.delay_us}"
    if shape.created_time is None:
        return event
    return f"CASE WHEN {CREATED} IS NOT NULL THEN greatest({event}, epoch_us({CREATED})) END"


def _best(shape: RowShape, partition: str) -> str:
    if shape.created_time is None:
        return LATEST
    frame = f"{partition} ORDER BY {KNOWN} NULLS LAST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    return f"{KNOWN} IS NOT NULL AND __rank = max(__rank) FILTER (WHERE {KNOWN} IS NOT NULL) OVER ({frame})"
