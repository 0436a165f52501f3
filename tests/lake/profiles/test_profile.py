"""A profile is exact, however its column is cut into parts, and memory for it is bounded."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.foundation.errors import Unavailable
from core.lake.cells import shown
from core.lake.profiles.column_reader import ColumnSource
from core.lake.profiles.distinct_counts import counting
from core.lake.profiles.profile import BINS, MOST_TEXT, profile_files
from core.lake.values import ColumnProfile

DRAW = random.Random(5)
LONG = ["a" * 200_000 + str(number) for number in range(40)]
WORDS = [
    *["the", "fox", "jumps", "over", "the", "dog", "the", "end"],
    "",
    "Ünïcödé",
    "é",
    "e\u0301",
    "Z",
    "z",
    "\U0001f600",
    "\uffff",
]
NOON = datetime(2013, 1, 1, 12, tzinfo=UTC)
MEASURED = [DRAW.gauss(0, 1) for _number in range(4000)]
MOMENTS = [NOON + timedelta(minutes=DRAW.randrange(9000)) for _number in range(900)]
COLUMNS: dict[str, tuple[list[Any], pa.DataType]] = {
    "words": ([*WORDS * 3, None, None, "fox"], pa.string()),
    "all different": ([f"key {number:05d}" for number in range(5000)], pa.string()),
    "long": ([*LONG, None, LONG[3]], pa.string()),
    "more than the bins": ([f"v{int(DRAW.expovariate(0.1))}" for _number in range(3000)], pa.string()),
    "one": (["only"] * 9, pa.string()),
    "nothing": ([None] * 7, pa.string()),
    "flags": ([True, False, None, True], pa.bool_()),
    "whole": ([DRAW.randrange(-(10**6), 10**6) for _number in range(4000)] + [None], pa.int64()),
    "few whole": ([DRAW.randrange(7, 12) for _number in range(400)] + [None], pa.int32()),
    "huge": ([2**63 - 1, -(2**63), 0, None], pa.int64()),
    "measured": ([*MEASURED, float("nan"), float("inf"), None, 0.5, 0.5], pa.float64()),
    "no number": ([float("nan"), float("-inf"), None], pa.float64()),
    "money": ([Decimal("12.50"), Decimal("0.10"), None, Decimal("12.50")], pa.decimal128(9, 2)),
    "moments": ([*MOMENTS, None], pa.timestamp("us", "UTC")),
    "days": ([date(2013, 1, 1 + number % 28) for number in range(90)], pa.date32()),
    "one moment": ([NOON] * 3, pa.timestamp("us", "UTC")),
}  # fmt: skip


def saved(folder: Path, values: Sequence[Any], kind: pa.DataType, *, files: int, group: int) -> list[Path]:
    """The values in some files, in row groups of so many rows. A name in them would need quotes."""
    table = pa.table({'its "name"': pa.array(values, kind)})
    size = -(-len(values) // files)
    paths = [folder / f"{number}.parquet" for number in range(files)]
    for number, path in enumerate(paths):
        pq.write_table(table.slice(number * size, size), path, row_group_size=group)
    return paths


def profile_of(folder: Path, values: Sequence[Any], kind: pa.DataType, *, files: int = 1, group: int) -> ColumnProfile:
    (profile,) = profile_files(saved(folder, values, kind, files=files, group=group), spill=folder)
    return profile


@pytest.mark.parametrize("name", COLUMNS)
def test_a_profile_is_what_a_count_of_every_value_says(tmp_path: Path, name: str) -> None:
    values, kind = COLUMNS[name]
    profile = profile_of(tmp_path, values, kind, files=2, group=97)
    there = [value for value in values if value is not None]
    finite = [value for value in there if not isinstance(value, float) or abs(value) < float("inf")]
    counted = Counter(str(value) for value in there)
    assert (profile.nulls, profile.distinct) == (len(values) - len(there), len(counted))
    ends = (str(shown(min(finite)))[:MOST_TEXT], str(shown(max(finite)))[:MOST_TEXT]) if finite else ("", "")
    assert (profile.minimum, profile.maximum) == ends
    if profile.kind in ("text", "boolean"):
        frequent = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:BINS]
        assert profile.bins == tuple((value[:MOST_TEXT], times) for value, times in frequent)
        return
    assert sum(times for _label, times in profile.bins) == len(finite)
    if profile.kind == "number" and finite:
        assert profile.mean == pytest.approx(sum(map(float, finite)) / len(finite))


@pytest.mark.parametrize("name", ["whole", "few whole", "measured", "money", "moments", "words"])
def test_a_profile_does_not_depend_on_how_the_rows_are_cut(tmp_path: Path, name: str) -> None:
    values, kind = COLUMNS[name]
    profiles = []
    for number, group in enumerate((1, 50, 10_000)):
        folder = tmp_path / str(number)
        folder.mkdir()
        profile = profile_of(folder, values[:300], kind, files=1 + number, group=group)
        profiles.append(profile.model_copy(update={"mean": profile.mean and pytest.approx(profile.mean)}))
    assert profiles[0].bins == profiles[1].bins == profiles[2].bins
    assert profiles[0] == profiles[1] == profiles[2]


def test_the_bins_of_numbers_hold_what_lies_between_their_edges(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, [0.0, 0.04, 0.05, 0.5, 1.0, 1.0], pa.float64(), group=2)
    assert profile.bins[0] == ("0 to 0.05", 2)
    assert (profile.bins[1][1], profile.bins[-1], len(profile.bins)) == (1, ("0.95 to 1", 2), BINS)


def test_a_mean_whose_sum_no_double_holds_is_left_out(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, [1.7e308, 1.6e308], pa.float64(), group=1)
    assert (profile.mean, profile.maximum, sum(count for _label, count in profile.bins)) == (None, "1.7e+308", 2)


def test_a_table_without_rows_has_a_profile(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())}), tmp_path / "rows.parquet")
    profiles = list(profile_files([tmp_path / "rows.parquet"], spill=tmp_path, columns=["b", "a"]))
    assert [(profile.name, profile.nulls, profile.distinct, profile.bins) for profile in profiles] == [
        ("b", 0, 0, ()),
        ("a", 0, 0, ()),
    ]


def test_rows_are_told_apart_by_all_of_their_columns(tmp_path: Path) -> None:
    rows = pa.table({"times": [1, 1, 2, None, None, 1], "c0": ["a", "a", "a", None, None, "b"]})
    pq.write_table(rows, tmp_path / "rows.parquet", row_group_size=4)
    with counting(tmp_path) as counts:
        assert counts.rows(ColumnSource([tmp_path / "rows.parquet"], ["times", "c0"])) == 4


def test_what_memory_does_not_hold_is_written_and_counted_all_the_same(tmp_path: Path) -> None:
    keys = pa.array(range(600_000)).cast(pa.string())
    texts = pa.compute.binary_join_element_wise(keys, "x" * 40, " ")
    pq.write_table(
        pa.table({"key": pa.concat_arrays([texts, texts[:5]])}), tmp_path / "rows.parquet", row_group_size=50_000
    )
    with counting(tmp_path, memory_mb=(8, 64)) as counts:
        distinct, frequent = counts.values(ColumnSource([tmp_path / "rows.parquet"], ["key"]), most=6)
    assert distinct == 600_000
    assert [times for _value, times in frequent] == [2, 2, 2, 2, 2, 1]
    assert [value.split()[0] for value, _times in frequent] == ["0", "1", "2", "3", "4", "10"]
    assert [path.name for path in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"a": list(range(5000))}), path, write_page_checksum=True, use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(Unavailable):
        list(profile_files([path], spill=tmp_path))
