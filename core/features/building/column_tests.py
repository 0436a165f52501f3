"""The tests of a version on its rows: what its author promised of the values, each as one check with a few of the rows
that broke it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.features.columns import BROKEN, MOMENTS, TEXT, TRUTH, WHOLE, is_number
from core.features.normal_form import CREATED, EVENT, LATEST
from core.features.values import Check, FeatureRule, VersionTests
from core.foundation.errors import Invalid
from core.foundation.text import _, percent, thousands
from core.lake.cells import json_rows
from core.sandbox.duckdb_session import listed, literal, one_row, quoted, types_of

if TYPE_CHECKING:
    import duckdb

FEW = 5


@dataclass
class Checks:
    """`rows` are the built rows in normal form, `raw` the rows that the logic gave, with nulls already filled there
    where a rule says so. `types` are the features with their DuckDB types."""

    session: "duckdb.DuckDBPyConnection"
    rows: str
    raw: str
    keys: Sequence[str]
    event_time: str
    created_time: str
    types: Mapping[str, str]

    def of(self, tests: VersionTests, *, sources: Sequence[str]) -> Iterator[Check]:
        """Every check there is to make, in the order of the features."""
        yield from self._finite()
        for rule in tests.rules:
            yield from self._rule(rule)
        if tests.unique_rows:
            yield self._one_row_per_time()
        if tests.fresh_seconds:
            yield self._fresh(tests.fresh_seconds, sources)

    def _finite(self) -> Iterator[Check]:
        """A division by zero gives infinity, of which no model can learn anything."""
        names = [name for name, of_type in self.types.items() if of_type in BROKEN]
        if not names:
            return
        wrong = {name: f"coalesce(isinf({quoted(name)}), false)" for name in names}
        counts = one_row(
            self.session, f"SELECT {', '.join(f'count_if({test})' for test in wrong.values())} FROM {self.rows}"
        )
        infinite = [f"{name} ({thousands(count)})" for name, count in zip(names, counts, strict=True) if count]
        words = _("Values are finite")
        if not infinite:
            detail = _("No value of {names} is infinite.").format(names=", ".join(names))
            yield Check(name=words, verdict="pass", detail=detail)
            return
        detail = _("Infinite in some rows: {names}. Divide by nullif(x, 0): a missing value is a better answer.")
        query = f"SELECT {self._shown()} FROM {self.rows} WHERE {' OR '.join(wrong.values())}"
        yield self._failed(words, detail.format(names=", ".join(infinite)), query)

    def _rule(self, rule: FeatureRule) -> Iterator[Check]:
        column, name = quoted(rule.feature), rule.feature
        if rule.nulls == "refuse":
            yield self._none(_("{name} has no nulls").format(name=name), f"{column} IS NULL", "")
        if rule.most_null_share is not None:
            yield self._null_share(rule, rule.most_null_share)
        if (rule.minimum, rule.maximum) != (None, None):
            yield self._range(rule)
        if rule.unique:
            yield self._unique(name)

    def _range(self, rule: FeatureRule) -> Check:
        column, low, high = quoted(rule.feature), rule.minimum, rule.maximum
        words = {
            (True, True): _("{name} lies between {low} and {high}"),
            (True, False): _("{name} is at least {low}"),
            (False, True): _("{name} is at most {high}"),
        }[low is not None, high is not None]
        ends = [(low, "<"), (high, ">")]
        wrong = " OR ".join(f"{column} {sign} {end!r}" for end, sign in ends if end is not None)
        limits = [f"{end:g}" if end is not None else "" for end in (low, high)]
        return self._none(words.format(name=rule.feature, low=limits[0], high=limits[1]), f"({wrong})", rule.feature)

    def _none(self, words: str, wrong: str, feature: str) -> Check:
        """Passes when no row is wrong. Without a value of `feature` (where one is named) there is nothing to judge."""
        valued = f"count({quoted(feature)})" if feature else "count(*)"
        judged, count = one_row(
            self.session, f"SELECT {valued}, count(*) FILTER (WHERE {wrong}) FROM {self.rows} WHERE {LATEST}"
        )
        if not judged:
            return Check(name=words, verdict="no data", detail=_("There is no value to judge."))
        return self._judged(words, count, judged, f"SELECT {self._shown()} FROM {self.rows} WHERE {LATEST} AND {wrong}")

    def _null_share(self, rule: FeatureRule, most: float) -> Check:
        words = _("{name} is null in at most {share}").format(name=rule.feature, share=percent(most))
        rows, valued = one_row(
            self.session, f"SELECT count(*), count({quoted(rule.feature)}) FROM {self.rows} WHERE {LATEST}"
        )
        share = (rows - valued) / rows
        detail = _("Null in {share} of {rows} rows.").format(share=percent(share, 2), rows=thousands(rows))
        if share <= most:
            return Check(name=words, verdict="pass", detail=detail)
        query = f"SELECT {self._shown()} FROM {self.rows} WHERE {LATEST} AND {quoted(rule.feature)} IS NULL"
        return self._failed(words, detail, query)

    def _unique(self, name: str) -> Check:
        words = _("{name} is different in every row").format(name=name)
        column = quoted(name)
        judged, distinct = one_row(
            self.session, f"SELECT count({column}), count(DISTINCT {column}) FROM {self.rows} WHERE {LATEST}"
        )
        if not judged:
            return Check(name=words, verdict="no data", detail=_("There is no value to judge."))
        query = (
            f"SELECT {self._shown()} FROM {self.rows} WHERE {LATEST} AND {column} IS NOT NULL"
            f" QUALIFY count(*) OVER (PARTITION BY {column}) > 1 ORDER BY {column}"
        )
        return self._judged(words, judged - distinct, judged, query)

    def _one_row_per_time(self) -> Check:
        by = listed([*self.keys, self.event_time])
        whole = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in (*self.keys, self.event_time))
        rows, groups = one_row(
            self.session,
            f"SELECT sum(n), count(*) FROM (SELECT count(*) AS n FROM {self.raw} WHERE {whole} GROUP BY {by})",
        )
        query = (
            f"SELECT {by}, {listed(self.types)} FROM {self.raw} WHERE {whole}"
            f" QUALIFY count(*) OVER (PARTITION BY {by}) > 1 ORDER BY {by}"
        )
        return self._judged(_("One row for each key and event time"), rows - groups, rows, query)

    def _fresh(self, most: int, sources: Sequence[str]) -> Check:
        """The newest row against the newest instant of the sources: their column with the event time's name, or else
        all of their times."""
        words = _("Rows are at most {seconds} s behind their sources").format(seconds=most)
        newest = [end for name in sources for end in self._newest(name)]
        if not newest:
            return Check(name=words, verdict="no data", detail=_("No source has a time to compare with."))
        (behind,) = one_row(self.session, f"SELECT ({max(newest)} - epoch_us(max({EVENT}))) / 1e6 FROM {self.rows}")
        detail = _("The newest row is {seconds} s behind the newest source row.").format(seconds=thousands(behind))
        return Check(name=words, verdict="pass" if behind <= most else "fail", detail=detail)

    def _newest(self, source: str) -> tuple[int, ...]:
        moments = [name for name, of_type in types_of(self.session, quoted(source)).items() if of_type in MOMENTS]
        chosen = [self.event_time] if self.event_time in moments else moments
        ends = [f"epoch_us(max(CAST({quoted(name)} AS TIMESTAMPTZ)))" for name in chosen]
        moments_us = one_row(self.session, f"SELECT {', '.join(ends)} FROM {quoted(source)}") if ends else ()
        return tuple(end for end in moments_us if end is not None)

    def _judged(self, words: str, count: int, judged: int, query: str) -> Check:
        if not count:
            return Check(name=words, verdict="pass", detail=_("True of {rows} rows.").format(rows=thousands(judged)))
        detail = _("Not so in {count} of {rows} rows.").format(count=thousands(count), rows=thousands(judged))
        return self._failed(words, detail, query)

    def _failed(self, words: str, detail: str, query: str) -> Check:
        columns, rows = few_rows(self.session, query)
        return Check(name=words, verdict="fail", detail=detail, columns=columns, rows=rows)

    def _shown(self) -> str:
        times = [f"{EVENT} AS {quoted(self.event_time)}"]
        if self.created_time:
            times.append(f"{CREATED} AS {quoted(self.created_time)}")
        return ", ".join([*(quoted(key) for key in self.keys), *times, *(quoted(name) for name in self.types)])


def few_rows(session: "duckdb.DuckDBPyConnection", query: str) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """The columns and the first rows of a query, every cell as a JSON value."""
    table = session.sql(f"SELECT * FROM ({query}) LIMIT {FEW}").to_arrow_table()
    return tuple(table.column_names), json_rows(table)


def check_rules(tests: VersionTests, types: Mapping[str, str]) -> None:
    """Invalid for a rule of a feature that is not there, or that its type cannot keep."""
    for rule in tests.rules:
        if rule.feature not in types:
            raise _misfit(rule, _("there is no such feature"))
        of_type = types[rule.feature]
        if (rule.minimum, rule.maximum) != (None, None) and not is_number(of_type):
            raise _misfit(rule, _("a range is for numbers, and it is {type}").format(type=of_type))
        if rule.nulls == "fill":
            filling(rule, of_type)


def filling(rule: FeatureRule, of_type: str) -> str:
    """The SQL of what a rule fills nulls with. Invalid where that is no value of the feature's type."""
    fill = rule.fill
    fits = {
        TEXT: isinstance(fill, str),
        TRUTH: fill in (0, 1, "true", "false"),
    }.get(of_type, isinstance(fill, float) and (of_type not in WHOLE or fill.is_integer()))
    if not fits:
        raise _misfit(rule, _("{fill} is no {type} to fill with").format(fill=repr(fill), type=of_type))
    return f"CAST({literal(int(fill) if isinstance(fill, float) and fill.is_integer() else fill)} AS {of_type})"


def filled(columns: Mapping[str, str], *, tests: VersionTests, types: Mapping[str, str]) -> dict[str, str]:
    """The SQL of `columns`, and of those whose nulls are filled because a rule says so."""
    fills = {rule.feature: filling(rule, types[rule.feature]) for rule in tests.rules if rule.nulls == "fill"}
    return {**columns, **{name: f"coalesce({columns.get(name, quoted(name))}, {fill})" for name, fill in fills.items()}}


def _misfit(rule: FeatureRule, why: str) -> Invalid:
    return Invalid(
        _("The rule of {name}: {why}").format(name=rule.feature, why=why),
        hint=_("Change the rule."),
        field="tests",
    )
