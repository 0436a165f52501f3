"""Local times become instants here and nowhere else. A local time needs a zone to say which instant it means; once
a year it shows an hour twice and once it leaves one out, and both are handled in the open."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.lake.column_types import MOMENTS, type_name
from core.lake.finite import in_calendar, is_infinite
from core.lake.values import TimeZoneRule

if TYPE_CHECKING:
    import pyarrow as pa

HOUR = 3600 * 10**6


class ZoneRules:
    """The zones of columns with local times, checked against the columns once and applied to part after part of a
    table. Of an hour that a clock shows twice the first is taken and counted."""

    def __init__(self, rules: Sequence[TimeZoneRule], schema: "pa.Schema") -> None:
        """Invalid for a column that is no naive time and a zone that is unknown."""
        for rule in rules:
            _check_rule(schema, rule)
        self.rules = tuple(rules)
        self._twice = dict.fromkeys((rule.column for rule in rules), 0)

    def schema(self, schema: "pa.Schema") -> "pa.Schema":
        """The columns once the rules are applied."""
        return self.apply(schema.empty_table()).schema

    def apply(self, table: "pa.Table") -> "pa.Table":
        """The naive times as instants. Invalid for local times that never were: they show that the zone is wrong."""
        for rule in self.rules:
            column = table.column(rule.column)
            table = table.set_column(table.column_names.index(rule.column), rule.column, instants(column, rule))
            self._twice[rule.column] += _shown_twice(column, rule.zone)
        return table

    def words(self) -> list[str]:
        """What was chosen."""
        sentences = [_("{column} is read as local time of {zone}.").format(**rule.model_dump()) for rule in self.rules]
        twice = _("{count} times of {column} were shown twice by the clock; the first was taken.")
        return sentences + [twice.format(count=count, column=name) for name, count in self._twice.items() if count]


def instants(column: "pa.ChunkedArray", rule: TimeZoneRule) -> "pa.ChunkedArray":
    """Naive local microseconds as UTC microseconds, which may be in the year 0 or 10000; infinity is no local time and
    stays as it is. Raises Invalid where the clock skipped a time, and for years that no zone has rules for."""
    import pyarrow as pa
    import pyarrow.compute as pc

    infinite, known = is_infinite(column), in_calendar(column)
    _check_years(known, infinite, rule)
    local = pc.if_else(known, column, pa.scalar(None, column.type))
    try:
        local = pc.assume_timezone(local, rule.zone, ambiguous="earliest", nonexistent="raise")
    except pa.ArrowInvalid as error:
        raise Invalid(
            _("{column} has local times that never were in {zone}").format(column=rule.column, zone=rule.zone),
            hint=_("The clock skipped them when summer time began: is this the right zone?"),
            field="zones",
        ) from error
    instant = pa.timestamp("us", "UTC")
    return pc.if_else(infinite, column.cast(instant), local.cast(instant))


def _check_years(known: "pa.ChunkedArray", infinite: "pa.ChunkedArray", rule: TimeZoneRule) -> None:
    import pyarrow.compute as pc

    if outside := pc.sum(pc.invert(pc.or_(known, infinite))).as_py():
        raise Invalid(
            _("{column} has local times outside the years 1 to 9999, in rows: {count}").format(
                column=rule.column, count=thousands(outside)
            ),
            hint=_('Leave its zone out: then these times are read as UTC. For "no end", leave the value empty.'),
            field="zones",
        )


def instants_of_slow_clocks(column: "pa.ChunkedArray", zone: str) -> "pa.ChunkedArray":
    """The same where a clock may not have been set forward yet: a time that never was is read as the time an hour after
    the one an hour before it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    hour = pa.scalar(HOUR, pa.duration("us"))
    right = pc.assume_timezone(column, zone, ambiguous="earliest", nonexistent="earliest")
    slow = pc.assume_timezone(pc.subtract(column, hour), zone, ambiguous="earliest", nonexistent="earliest")
    was = pc.equal(pc.local_timestamp(right), column)
    return pc.if_else(was, right, pc.add(slow, hour)).cast(pa.timestamp("us", "UTC"))


def check_known(types: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Each key is a column, each value the column with the instant at which the key's values are known."""
    for column, moment in known.items():
        if column not in types:
            raise Invalid(_("There is no column {name}").format(name=repr(column[:60])), field="known")
        if types.get(moment) not in MOMENTS:
            raise Invalid(
                _("{name} is no column of times").format(name=repr(moment[:60])),
                hint=_("Name the column that holds the instant at which the value is known."),
                field="known",
            )


def _check_rule(schema: "pa.Schema", rule: TimeZoneRule) -> None:
    from zoneinfo import available_timezones

    if rule.zone not in available_timezones():
        raise Invalid(
            _("There is no time zone {zone}").format(zone=repr(rule.zone[:60])),
            hint=_("Use an IANA name, for instance America/New_York."),
            field="zones",
        )
    if rule.column not in schema.names:
        raise Invalid(_("There is no column {name}").format(name=repr(rule.column[:60])), field="zones")
    data_type = type_name(schema.field(rule.column).type)
    if data_type != "TIMESTAMP":
        raise Invalid(
            _("{column} is {type}: only a naive time needs a zone").format(column=rule.column, type=data_type),
            field="zones",
        )


def _shown_twice(column: "pa.ChunkedArray", zone: str) -> int:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pc.if_else(in_calendar(column), column, pa.scalar(None, column.type))
    first = pc.assume_timezone(column, zone, ambiguous="earliest", nonexistent="earliest")
    second = pc.assume_timezone(column, zone, ambiguous="latest", nonexistent="earliest")
    return int(pc.sum(pc.not_equal(first, second)).as_py() or 0)
