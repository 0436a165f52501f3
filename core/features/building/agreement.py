"""Whether the SQL and the pandas form of one version are one meaning: both run on the same small, difficult samples of
the sources, and must give the same rows. SQL builds the rows that are kept; the pandas form is what people explore and
serve with, so where the two differ one of them is wrong."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.logic.runner import Running, replaced
from core.features.logic.samples import Tables, difficult, latest_rows
from core.features.values import Check
from core.foundation.errors import Invalid
from core.foundation.text import _, thousands
from core.lake.cells import rows_of, shown
from core.sandbox.duckdb_session import listed
from core.sandbox.limits import TimedOut
from core.sandbox.locked_session import translated

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SAMPLE_ROWS, SEED = 600, 20130704
CLOSE = 1e-9
FEW = 8
LEFT, RIGHT = "__sql", "__pandas"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """A row that the two forms give differently. `feature` is empty for a row that only one of them gives."""

    sample: str
    identity: tuple[Any, ...]
    feature: str
    sql: Any
    pandas: Any


@dataclass(frozen=True)
class Forms:
    """The two forms in one session. `pandas` runs the second one on several samples, each on its own; `identity` are
    the keys and times, `features` the values."""

    session: "duckdb.DuckDBPyConnection"
    sql: Running
    pandas: "Callable[[Sequence[Tables]], Sequence[pa.Table | Invalid]]"
    paths: Mapping[str, Sequence[Path]]
    keys: Sequence[str]
    identity: Sequence[str]
    features: Sequence[str]


def agreement(forms: Forms, *, seed: int = SEED) -> Check:
    """One check. It fails with the rows that differ, is inconclusive when neither form could run on any sample, and has
    no data when neither gave a row."""
    differences: list[Difference] = []
    counts = {"samples": 0, "rows": 0}
    tables = latest_rows(forms.session, tuple(forms.paths), keys=forms.keys, most=SAMPLE_ROWS)
    samples = list(difficult(tables, keys=forms.keys, seed=seed))
    tables_of_pandas = forms.pandas([rows for _sample, rows in samples])
    for (sample, rows), pandas in zip(samples, tables_of_pandas, strict=True):
        with replaced(forms.session, rows, forms.paths):
            sides = _run(forms, sample, pandas)
        if isinstance(sides, Difference):
            differences.append(sides)
        elif sides is not None:
            counts = {"samples": counts["samples"] + 1, "rows": counts["rows"] + len(sides[0])}
            differences += _differences(forms, sample, *sides)
    return _check(forms, differences, **counts)


def _run(forms: Forms, sample: str, pandas: "pa.Table | Invalid") -> "tuple[list[Row], list[Row]] | Difference | None":
    """The rows of both forms; nothing when both refuse the sample, a difference when one does."""
    left, right = _rows_of_sql(forms), _rows_of_pandas(forms, pandas)
    if isinstance(left, str) and isinstance(right, str):
        return None
    if isinstance(left, str) or isinstance(right, str):
        words = [side if isinstance(side, str) else _("{rows} rows").format(rows=len(side)) for side in (left, right)]
        return Difference(sample, ("",) * len(forms.identity), "", *words)
    return left, right


def _rows_of_sql(forms: Forms) -> list[Row] | str:
    """What the form gives, or in words why it gives nothing."""
    try:
        forms.sql.run(LEFT)
    except TimedOut:
        raise
    except Invalid as error:
        return error.in_full.rstrip(".")
    return _rows(forms, LEFT, forms.sql.types)


def _rows_of_pandas(forms: Forms, pandas: "pa.Table | Invalid") -> list[Row] | str:
    if isinstance(pandas, Invalid):
        return pandas.in_full.rstrip(".")
    with translated():
        forms.session.register(RIGHT, pandas)
        return _rows(forms, RIGHT, pandas.column_names)


def _rows(forms: Forms, side: str, columns: Collection[str]) -> list[Row] | str:
    if missing := [name for name in (*forms.identity, *forms.features) if name not in columns]:
        return _("It gives no column {name}").format(name=missing[0])
    names = (*forms.identity, *forms.features)
    table = forms.session.sql(f"SELECT {listed(names)} FROM {side}").to_arrow_table()
    return [dict(zip(names, row, strict=True)) for row in rows_of(table)]


def _differences(forms: Forms, sample: str, sql: list[Row], pandas: list[Row]) -> Iterator[Difference]:
    """Rows are compared as sets: by keys and times, and those that share them with whichever fits."""
    left, right = (_by_identity(forms, rows) for rows in (sql, pandas))
    for identity in dict.fromkeys((*left, *right)):
        yield from _compared(forms, sample, identity, left.get(identity, []), right.get(identity, []))


def _compared(
    forms: Forms, sample: str, identity: tuple[Any, ...], sql: list[Row], pandas: list[Row]
) -> Iterator[Difference]:
    rest = list(pandas)
    unmatched = [row for row in sql if not _take(row, rest, forms.features)]
    pairs = [(row, other, name) for row, other in zip(unmatched, rest, strict=False) for name in forms.features]
    for row, other, name in pairs:
        if not same(row[name], other[name]):
            yield Difference(sample, identity, name, shown(row[name]), shown(other[name]))
    if len(unmatched) != len(rest):
        yield Difference(sample, identity, "", *(_("{rows} rows").format(rows=len(rows)) for rows in (sql, pandas)))


def _by_identity(forms: Forms, rows: Sequence[Row]) -> dict[tuple[Any, ...], list[Row]]:
    rows_by_identity: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        # Rows without a key or a time are left out when a version is built.
        if all(row[name] is not None for name in forms.identity[: len(forms.keys) + 1]):
            rows_by_identity[tuple(shown(row[name]) for name in forms.identity)].append(row)
    return rows_by_identity


def _take(row: Row, others: list[Row], features: Sequence[str]) -> bool:
    """Takes a row with the same values out of the others."""
    for place, other in enumerate(others):
        if all(same(row[name], other[name]) for name in features):
            del others[place]
            return True
    return False


def same(left: Any, right: Any) -> bool:
    """Numbers with fractions within a billionth, everything else exactly. What is missing is one thing: a frame knows
    no difference between null and NaN."""
    if _missing(left) or _missing(right):
        return _missing(left) and _missing(right)
    if isinstance(left, bool) or isinstance(right, bool) or isinstance(left, str) or isinstance(right, str):
        return bool(type(left) is type(right) and left == right)
    if isinstance(left, float) or isinstance(right, float):
        return math.isclose(left, right, rel_tol=CLOSE, abs_tol=CLOSE)
    return bool(left == right)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _check(forms: Forms, differences: Sequence[Difference], *, samples: int, rows: int) -> Check:
    name = _("SQL and pandas agree")
    if differences:
        detail = _("Differences: {count}. {example}").format(
            count=thousands(len(differences)), example=_in_words(differences[0])
        )
        columns = (_("sample"), *forms.identity, _("feature"), _("SQL"), _("pandas"))
        shown_rows = tuple(
            (difference.sample, *difference.identity, difference.feature, difference.sql, difference.pandas)
            for difference in _varied(differences)
        )
        return Check(name=name, verdict="fail", detail=detail, columns=columns, rows=shown_rows)
    if not samples:
        return Check(name=name, verdict="inconclusive", detail=_("Neither form could run on any sample."))
    if not rows:
        return Check(name=name, verdict="no data", detail=_("Neither form gave a row of any sample."))
    detail = _("{rows} rows of {samples} samples, ties, nulls and changes of the clock among them, are the same.")
    return Check(name=name, verdict="pass", detail=detail.format(rows=thousands(rows), samples=samples))


def _varied(differences: Sequence[Difference]) -> list[Difference]:
    """A few, and first one of every sample."""
    first = {difference.sample: difference for difference in reversed(differences)}
    chosen = [difference for difference in differences if difference is first[difference.sample]]
    return [*chosen, *(difference for difference in differences if difference is not first[difference.sample])][:FEW]


def _in_words(difference: Difference) -> str:
    what = difference.feature or _("rows")
    return _("In the sample {sample}, {what}: SQL {sql}, pandas {pandas}.").format(
        sample=repr(difference.sample), what=what, sql=difference.sql, pandas=difference.pandas
    )
