"""What changed between two snapshots: each row is accounted for, each distribution compared, and a verdict says what
to do."""

import math
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Invalid
from core.lake.cells import rows_of
from core.lake.column_types import type_name
from core.lake.comparison.diff import diff
from core.lake.comparison.values import SnapshotDiff
from core.lake.values import ColumnSpec, ImportReport, Snapshot, SnapshotFile

NOTHING = ImportReport(rows_read=0, rows_rejected=0, reasons=(), choices=())


def side(folder: Path, name: str, *tables: pa.Table, key: tuple[str, ...] = ()) -> tuple[Snapshot, list[Path]]:
    """A snapshot of some files as the lake would hold it. Equal tables are one file."""
    paths = []
    for table in tables:
        path = folder / f"{abs(hash(str(rows_of(table)) + str(table.schema)))}.parquet"
        pq.write_table(table, path)
        paths.append(path)
    columns = tuple(ColumnSpec(name=f.name, type=type_name(f.type), null_share=0.0) for f in tables[0].schema)
    rows = sum(table.num_rows for table in tables)
    snapshot = Snapshot(
        id=f"SNAP-{name}", dataset_id="DS-1", dataset="t", title="t", project="PROJ-1", version=int(name),
        digest=str(paths), rows=rows, bytes=0,
        files=tuple(SnapshotFile(digest=path.stem, rows=0, bytes=0) for path in paths),
        columns=columns, report=NOTHING, created_by="P-1", created_at=datetime(2013, 1, 1, tzinfo=UTC), key=key,
    )  # fmt: skip
    return snapshot, paths


def compared(folder: Path, left: pa.Table, right: pa.Table, **more: Any) -> SnapshotDiff:
    (old, old_paths), (new, new_paths) = side(folder, "1", left), side(folder, "2", right)
    return diff(old, new, paths=(old_paths, new_paths), **more)


def table(**columns: list[Any]) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize("seed", range(6))
def test_every_row_is_accounted_for(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    left = {key: (dice.choice([None, 1, 2]), dice.choice("ab")) for key in range(60)}
    right = {key: values for key, values in left.items() if dice.random() > 0.2}
    right |= {key: (dice.choice([None, 1, 2]), dice.choice("ab")) for key in dice.sample(range(80), 30)}
    sides = [
        table(key=list(rows), x=[x for x, _ in rows.values()], y=[y for _, y in rows.values()])
        for rows in (left, right)
    ]
    comparison = compared(tmp_path, *sides, key=("key",))
    both = set(left) & set(right)
    assert (comparison.added, comparison.removed) == (len(set(right) - set(left)), len(set(left) - set(right)))
    assert comparison.changed == sum(left[key] != right[key] for key in both)
    cells = {
        "x": sum(left[key][0] != right[key][0] for key in both),
        "y": sum(left[key][1] != right[key][1] for key in both),
    }
    assert dict(comparison.changed_cells) == {name: count for name, count in cells.items() if count}


@pytest.mark.parametrize("seed", range(4))
def test_without_a_key_rows_are_compared_as_wholes(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    sides = [[(dice.choice([1, 2, None]), dice.choice("abc")) for _ in range(40)] for _ in range(2)]
    comparison = compared(tmp_path, *(table(x=[x for x, _ in rows], y=[y for _, y in rows]) for rows in sides))
    left, right = Counter(sides[0]), Counter(sides[1])
    assert (comparison.key, comparison.changed) == ((), 0)
    assert (comparison.added, comparison.removed) == ((right - left).total(), (left - right).total())


def test_rows_that_share_a_key_are_counted_and_lose_nothing(tmp_path: Path) -> None:
    left, right = table(id=[1, 1, 2], x=[1, 2, 3]), table(id=[1, 1, 1], x=[1, 2, 9])
    comparison = compared(tmp_path, left, right, key=("id",))
    assert comparison.duplicates == (2, 3)
    assert (comparison.added, comparison.removed, comparison.changed) == (1, 1, 0)
    assert comparison.left_rows + comparison.added - comparison.removed == comparison.right_rows


def test_examples_show_both_sides_and_what_changed(tmp_path: Path) -> None:
    left, right = (
        table(id=[1, 2], x=[1.5, math.nan], y=["a", "b"]),
        table(id=[1, 2, 3], x=[2.5, math.nan, 0.0], y=["a", "b", "c"]),
    )
    comparison = compared(tmp_path, left, right)
    assert comparison.key == ("id",)
    assert [(example.how, example.left, example.right, example.changed) for example in comparison.examples] == [
        ("changed", (1, 1.5, "a"), (1, 2.5, "a"), ("x",)),
        ("added", (), (3, 0.0, "c"), ()),
    ]


def test_the_schema_is_compared_and_breaks_what_reads_it(tmp_path: Path) -> None:
    left, right = table(id=[1, 2], x=[1, 2], gone=["a", "b"]), table(id=[1, 2], x=["1", "2"], new=[True, False])
    comparison = compared(tmp_path, left, right)
    assert [(change.column, change.left_type, change.right_type) for change in comparison.schema_changes] == [
        ("x", "BIGINT", "VARCHAR"), ("gone", "VARCHAR", ""), ("new", "", "BOOLEAN"),
    ]  # fmt: skip
    assert comparison.verdict == "breaking"
    assert "x, gone" in comparison.sentence


def test_shared_files_are_the_same_rows(tmp_path: Path) -> None:
    first, second = table(id=[1, 2], x=[1, 2]), table(id=[3], x=[3])
    (old, old_paths), (new, new_paths) = side(tmp_path, "1", first), side(tmp_path, "2", first, second)
    comparison = diff(old, new, paths=(old_paths, new_paths))
    assert (comparison.added, comparison.removed, comparison.changed) == (1, 0, 0)


def test_the_verdict_says_what_to_do(tmp_path: Path) -> None:
    dice = random.Random(1)
    base = table(id=list(range(2000)), x=[dice.gauss(0, 1) for _ in range(2000)])
    more = pa.concat_tables([base, table(id=[5000, 5001], x=[0.1, -0.1])])
    corrected = base.set_column(1, "x", pa.array([9.0, *base["x"].to_pylist()[1:]]))
    moved = base.set_column(1, "x", pc.add(base["x"], 1.0))
    verdicts = {compared(tmp_path, base, other).verdict: other for other in (base, more, corrected, moved)}
    assert list(verdicts) == ["identical", "appended", "corrected", "drifted"]


def test_distances_are_those_of_the_textbook(tmp_path: Path) -> None:
    from scipy import stats

    dice = random.Random(2)
    xs, ys = [dice.gauss(0, 1) for _ in range(700)], [dice.gauss(0.3, 1.2) for _ in range(900)]
    a, b = [dice.choice("aab") for _ in range(700)], [dice.choice("abc") for _ in range(900)]
    comparison = compared(tmp_path, table(x=xs, c=a), table(x=ys, c=b))
    by_name = {shift.column: shift for shift in comparison.shifts}
    reference = stats.ks_2samp(xs, ys, method="asymp")
    assert by_name["x"].effect == pytest.approx(reference.statistic, abs=1e-6)
    assert by_name["x"].p_value == pytest.approx(reference.pvalue, rel=0.2)
    counts = [[side.count(letter) for letter in "abc"] for side in (a, b)]
    chi = stats.chi2_contingency(counts, correction=False)
    assert by_name["c"].effect == pytest.approx(math.sqrt(chi.statistic / 1600), abs=1e-6)
    assert by_name["c"].p_value == pytest.approx(chi.pvalue, rel=1e-6)
    shares = [[count / sum(side) for count in side] for side in counts]
    psi = sum((r - max(s, 1e-4)) * math.log(r / max(s, 1e-4)) for s, r in zip(*shares, strict=True))
    assert by_name["c"].psi == pytest.approx(psi, abs=1e-6)
    assert {shift.verdict for shift in comparison.shifts} == {"drifted"}


def test_a_difference_that_chance_explains_is_none(tmp_path: Path) -> None:
    dice = random.Random(3)
    comparison = compared(
        tmp_path, table(x=[dice.random() for _ in range(40)]), table(x=[dice.random() for _ in range(40)])
    )
    assert comparison.shifts[0].effect >= 0.1
    assert comparison.shifts[0].verdict == "same"


@pytest.mark.parametrize(
    "values", [[None, None], [float("nan"), float("inf")], [2**60, 2**60 + 1], [True, None], [5, 5]]
)
def test_odd_columns_have_a_distance_too(tmp_path: Path, values: list[Any]) -> None:
    odd = pa.table({"x": pa.array(values) if values[0] is not None else pa.array(values, pa.int64())})
    assert compared(tmp_path, odd, odd).shifts[0].verdict in ("same", "no data")


def test_a_flood_of_nulls_is_a_drift(tmp_path: Path) -> None:
    left, right = table(x=list(range(100))), table(x=[None] * 40 + list(range(40, 100)))
    (shift,) = compared(tmp_path, left, right).shifts
    assert (shift.null_change, shift.verdict) == (0.4, "drifted")


def test_a_flood_of_what_is_not_finite_is_a_drift(tmp_path: Path) -> None:
    left, right = table(x=[1.0] * 100), table(x=[math.nan] * 20 + [math.inf] * 20 + [1.0] * 60)
    comparison = compared(tmp_path, left, right)
    (shift,) = comparison.shifts
    assert (shift.null_change, shift.not_finite_change, shift.size, shift.verdict) == (0.0, 0.4, 0.4, "drifted")
    assert (comparison.verdict, comparison.timely) == ("drifted", ())


@pytest.mark.parametrize(
    ("bits", "of_type"), [(63, pa.timestamp("us")), (63, pa.timestamp("us", "UTC")), (31, pa.date32())]
)
def test_times_beyond_the_calendar_are_compared_and_shown(tmp_path: Path, bits: int, of_type: pa.DataType) -> None:
    """Of days there are more than the engine has times for."""
    whole = pa.int64() if bits == 63 else pa.int32()
    left, right = (
        pa.table({"id": [1, 2, 3], "at": pa.array([0, 2 ** (bits - 1), end], whole).cast(of_type)})
        for end in (5, 2**bits - 1)
    )
    comparison = compared(tmp_path, left, right)
    assert [(example.left[1][:9], example.right[1]) for example in comparison.examples] == [("1970-01-0", "infinity")]
    shift = next(shift for shift in comparison.shifts if shift.column == "at")
    assert (shift.not_finite_change, shift.verdict) == (0.333333, "drifted")


def test_labels_tell_their_balance(tmp_path: Path) -> None:
    comparison = compared(
        tmp_path, table(id=[1, 2, 3, 4], late=[0, 0, 0, 1]), table(id=[1, 2, 3, 4], late=[0, 1, 1, 1])
    )
    assert comparison.labels == (("late", 0.25, 0.75),)


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no column 'nowhere'"):
        compared(tmp_path, table(id=[1]), table(id=[1]), key=("nowhere",))


def test_january_against_february(tmp_path: Path, flights: pa.Table) -> None:
    """The real flights: other rows, much the same distributions but for the season."""
    months = [flights.filter(pc.equal(flights["month"], month)).drop_columns(["month"]) for month in (1, 2)]
    comparison = compared(tmp_path, *months)
    assert (comparison.left_rows, comparison.right_rows) == (27_004, 24_951)
    assert comparison.left_rows + comparison.added - comparison.removed == comparison.right_rows
    by_name = {shift.column: shift for shift in comparison.shifts}
    assert (by_name["carrier"].verdict, by_name["carrier"].effect < 0.05) == ("same", True)
    assert by_name["day"].verdict in ("slight", "drifted")


def test_what_only_tells_when_is_shown_and_decides_nothing(tmp_path: Path) -> None:
    dice = random.Random(4)

    def month(number: int, **more: list[Any]) -> pa.Table:
        days = [datetime(2013, number, 1 + at % 28, tzinfo=UTC) for at in range(500)]
        delays = [dice.gauss(0, 1) for _ in range(500)]
        return table(month=[number] * 500, at=days, delay=delays, **more)

    comparison = compared(tmp_path, month(1), month(2))
    assert {shift.column for shift in comparison.shifts if shift.verdict == "drifted"} == {"month", "at"}
    assert (comparison.verdict, set(comparison.timely)) == ("corrected", {"month", "at"})
    lost = month(2).set_column(0, "month", pa.array([None] * 250 + [2] * 250))
    comparison = compared(tmp_path, month(1), lost)
    assert (comparison.verdict, comparison.timely) == ("drifted", ("at",))
    comparison = compared(tmp_path, month(1, kind=["a"] * 500), month(2, kind=["b"] * 500))
    assert comparison.verdict == "drifted"
    assert comparison.sentence.startswith("kind moved far")


def test_rows_that_came_move_their_key_and_nothing_else(tmp_path: Path) -> None:
    dice = random.Random(4)
    xs = [dice.gauss(0, 1) for _ in range(4000)]
    comparison = compared(tmp_path, table(id=list(range(2000)), x=xs[:2000]), table(id=list(range(4000)), x=xs))
    assert next(shift.verdict for shift in comparison.shifts if shift.column == "id") == "drifted"
    assert comparison.verdict == "appended"
