"""Distances between two distributions of a column, computed where the rows are. See `distance_values` for what they
mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.lake.comparison.distance_values import Bins, Distance
from core.sandbox.duckdb_session import one_row, quoted

if TYPE_CHECKING:
    import duckdb

SLIGHT, DRIFTED, SIGNIFICANT = 0.05, 0.1, 0.01
# The deciles of the first, as the index is defined for scorecards; a share of nothing counts as this much.
BINS, EMPTY_SHARE, MOST_VALUES, SHOWN_VALUES = 10, 1e-4, 200, 10
Kind = Literal["number", "text", "time", "boolean"]


@dataclass(frozen=True)
class Sides:
    """Two relations in one session that have the column."""

    session: "duckdb.DuckDBPyConnection"
    left: str
    right: str


@dataclass(frozen=True)
class _Gaps:
    """Shares of the rows of a side that no figure counts, or what they changed by."""

    rows: int
    nulls: float
    not_finite: float


def kind_of(data_type: str) -> Kind:
    """How a column of that DuckDB type is compared."""
    if data_type == "BOOLEAN":
        return "boolean"
    if data_type.startswith(("TIMESTAMP", "DATE")):
        return "time"
    return "text" if data_type == "VARCHAR" else "number"


def distance(sides: Sides, column: str, *, kind: Kind) -> Distance:
    """The distance of a column between two relations."""
    left, right = (_gaps(sides.session, relation, column, kind=kind) for relation in (sides.left, sides.right))
    change = _Gaps(right.rows, right.nulls - left.nulls, right.not_finite - left.not_finite)
    if not left.rows or not right.rows:
        return _distance_of(column, kind, "none", None, 0.0, None, change, known=False)
    if kind in ("number", "time"):
        return _of_numbers(sides, column, kind, change)
    return _of_categories(sides, column, kind, change)


def _of_numbers(sides: Sides, column: str, kind: Kind, change: _Gaps) -> Distance:
    # The engine has no instant for infinity, nor for days that are further away than its times reach.
    instant = f"epoch_us(TRY_CAST({quoted(column)} AS TIMESTAMPTZ))"
    value = instant if kind == "time" else f"CAST({quoted(column)} AS DOUBLE)"
    relations = [
        f"(SELECT {value} AS v FROM {side}) WHERE v IS NOT NULL AND isfinite(v)" for side in (sides.left, sides.right)
    ]
    gap, rows = _largest_gap(sides.session, relations)
    if not all(rows):
        return _distance_of(column, kind, "none", None, 0.0, None, change, known=False)
    shares = _decile_shares(sides.session, relations)
    distance = _distance_of(column, kind, "Kolmogorov-Smirnov", _ks_p(gap, rows), gap, _psi(shares), change)
    labels = (
        [f"{edge:.5g}" for edge in shares.edges]
        if kind == "number"
        else [str(at + 1) for at in range(len(shares.left))]
    )
    return distance.model_copy(update={"left": _bins(labels, shares.left), "right": _bins(labels, shares.right)})


def _largest_gap(session: "duckdb.DuckDBPyConnection", relations: Sequence[str]) -> tuple[float, tuple[int, int]]:
    """The Kolmogorov-Smirnov distance: the largest difference of the two shares at or below a value."""
    left, right = relations
    gap, l_rows, r_rows = one_row(
        session,
        f"""
        WITH counted AS (
          SELECT v, sum(l) AS l, sum(r) AS r FROM (
            SELECT v, count(*) AS l, 0 AS r FROM {left} GROUP BY v
            UNION ALL SELECT v, 0, count(*) FROM {right} GROUP BY v) GROUP BY v),
        totals AS (SELECT sum(l) AS ls, sum(r) AS rs FROM counted),
        running AS (
          SELECT sum(l) OVER (ORDER BY v) / nullif(ls, 0) AS lf, sum(r) OVER (ORDER BY v) / nullif(rs, 0) AS rf
          FROM counted, totals)
        SELECT coalesce((SELECT max(abs(lf - rf)) FROM running), 0), coalesce(ls, 0), coalesce(rs, 0) FROM totals
        """,
    )
    return float(gap), (int(l_rows), int(r_rows))


def _ks_p(gap: float, rows: tuple[int, int]) -> float:
    """The asymptotic p-value of the two-sample test."""
    from scipy.special import kolmogorov

    return float(kolmogorov(math.sqrt(rows[0] * rows[1] / (rows[0] + rows[1])) * gap))


@dataclass(frozen=True)
class _Shares:
    """Shares of both sides in common bins; `edges` are the upper ends of bins, where they are numbers."""

    left: list[float]
    right: list[float]
    edges: list[float]


def _decile_shares(session: "duckdb.DuckDBPyConnection", relations: Sequence[str]) -> _Shares:
    cuts = ", ".join(str(at / BINS) for at in range(1, BINS))
    (deciles,) = one_row(session, f"SELECT quantile_disc(v, [{cuts}]) FROM {relations[0]}")
    edges = sorted(set(deciles))
    at_or_below = ", ".join(f"count(*) FILTER (WHERE v <= {edge!r})" for edge in edges)
    sides = []
    for relation in relations:
        *below, rows = one_row(session, f"SELECT {at_or_below}, count(*) FROM {relation}")
        counts = [high - low for low, high in zip([0, *below], [*below, rows], strict=True)]
        sides.append([count / rows for count in counts])
    return _Shares(left=sides[0], right=sides[1], edges=[*(float(edge) for edge in edges), math.inf])


def _of_categories(sides: Sides, column: str, kind: Kind, change: _Gaps) -> Distance:
    relations = [
        f"(SELECT CAST({quoted(column)} AS VARCHAR) AS v FROM {side}) WHERE v IS NOT NULL"
        for side in (sides.left, sides.right)
    ]
    counts = sides.session.execute(
        f"""
        SELECT v, sum(l), sum(r) FROM (
          SELECT v, count(*) AS l, 0 AS r FROM {relations[0]} GROUP BY v
          UNION ALL SELECT v, 0, count(*) FROM {relations[1]} GROUP BY v)
        GROUP BY v ORDER BY sum(l) + sum(r) DESC, v
        """
    ).fetchall()
    rows = (sum(count[1] for count in counts), sum(count[2] for count in counts))
    shown_counts = [(str(value), int(left), int(right)) for value, left, right in counts[:MOST_VALUES]]
    if rest := counts[MOST_VALUES:]:
        shown_counts.append(("", sum(int(count[1]) for count in rest), sum(int(count[2]) for count in rest)))
    shares = _Shares(
        [left / rows[0] for _v, left, _r in shown_counts], [right / rows[1] for _v, _l, right in shown_counts], []
    )
    p_value, effect = _chi_squared(shown_counts, rows)
    distance = _distance_of(column, kind, "chi-squared", p_value, effect, _psi(shares), change)
    labels = [value for value, _left, _right in shown_counts][:SHOWN_VALUES]
    return distance.model_copy(update={"left": _bins(labels, shares.left), "right": _bins(labels, shares.right)})


def _chi_squared(counts: Sequence[tuple[str, int, int]], rows: tuple[int, int]) -> tuple[float | None, float]:
    """The p-value, and Cramer's V, which for two rows of a table is sqrt(chi2 / n)."""
    from scipy.stats import chi2

    total = sum(rows)
    statistic = 0.0
    for _value, *sides in counts:
        for count, size in zip(sides, rows, strict=True):
            expected = sum(sides) * size / total
            statistic += (count - expected) ** 2 / expected
    if len(counts) < 2:
        return None, 0.0
    return float(chi2.sf(statistic, len(counts) - 1)), math.sqrt(statistic / total)


def _psi(shares: _Shares) -> float:
    """Sum of (right - left) ln(right / left) over the bins."""
    pairs = [
        (max(left, EMPTY_SHARE), max(right, EMPTY_SHARE)) for left, right in zip(shares.left, shares.right, strict=True)
    ]
    return sum((right - left) * math.log(right / left) for left, right in pairs)


def _gaps(session: "duckdb.DuckDBPyConnection", relation: str, column: str, *, kind: Kind) -> _Gaps:
    value = {"number": f"CAST({quoted(column)} AS DOUBLE)", "time": quoted(column)}.get(kind)
    not_finite = f"count(*) FILTER (WHERE NOT isfinite({value}))" if value else "0"
    rows, valued, wild = one_row(session, f"SELECT count(*), count({quoted(column)}), {not_finite} FROM {relation}")
    return _Gaps(int(rows), 1 - valued / rows, wild / rows) if rows else _Gaps(0, 0.0, 0.0)


def _bins(labels: Sequence[str], shares: Sequence[float]) -> Bins:
    return tuple((label, round(share, 6)) for label, share in zip(labels, shares, strict=False))


def _distance_of(
    column: str,
    kind: Kind,
    test: Literal["Kolmogorov-Smirnov", "chi-squared", "none"],
    p_value: float | None,
    effect: float,
    psi: float | None,
    change: _Gaps,
    *,
    known: bool = True,
) -> Distance:
    significant = p_value is None or p_value < SIGNIFICANT
    gap = max(abs(change.nulls), abs(change.not_finite))
    size = max(effect if significant else 0.0, gap)
    verdict: Literal["same", "slight", "drifted", "no data"]
    verdict = "same" if size < SLIGHT else "slight" if size < DRIFTED else "drifted"
    return Distance(
        column=column,
        kind=kind,
        test=test,
        p_value=p_value,
        effect=round(effect, 6),
        psi=None if psi is None else round(psi, 6),
        null_change=round(change.nulls, 6),
        not_finite_change=round(change.not_finite, 6),
        verdict=verdict if known or gap >= SLIGHT else "no data",
    )
