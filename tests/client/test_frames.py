"""Frames of notebooks become the file of an import; what a table has not is said in words."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from core.client.errors import Invalid
from core.client.frames import pandas_of, read_frame, rows_of, write_frame
from tests.lake.readers.test_dispatch import reading_of


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_arrives_with_its_values(make: type, tmp_path: Path) -> None:
    given = {"id": [1, 2], "x": [0.5, None], "word": ["a", "ü"]}
    write_frame(make(given), file := tmp_path / "frame.parquet")
    assert reading_of(file.read_bytes()).table.to_pydict() == given


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (pd.DataFrame({"a": [1]}, index=["x"]), "reset_index"),
        (pd.DataFrame({"a": [1]}).rename_axis("row"), "reset_index"),
        (pd.DataFrame({"a": pd.Series([1, "x"], dtype=object)}), "astype"),
        (pd.DataFrame([[1, 2]]), "Name every column"),
        (pd.DataFrame([[1, 2]], columns=["age", "age"]), "a name of its own"),
        ([1, 2], "pandas or polars"),
    ],
)
def test_what_a_table_has_not_is_refused_with_what_to_do(frame: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        write_frame(frame, tmp_path / "frame.parquet")
    assert reason in refusal.value.hint


def test_whole_numbers_beyond_a_double_stay_whole() -> None:
    table = pa.table({"n": [2**53 + 1, None], "b": [True, None], "t": pa.array([0, 1], pa.timestamp("us", "UTC"))})
    frame = pandas_of(table)
    assert (frame["n"].iloc[0], frame["n"].dtype.name, frame["b"].dtype.name) == (2**53 + 1, "Int64", "boolean")
    assert frame["t"].dtype == pd.DatetimeTZDtype("us", "UTC")


def test_times_and_days_beyond_the_calendar_are_in_a_frame_as_they_are() -> None:
    days = pa.array([0, 2**31 - 1, None], pa.int32()).cast(pa.date32())
    moments = pa.array([0, 253402318799000000, None], pa.timestamp("us", "UTC"))
    table = pa.table({"day": days, "at": moments, "n": [1, None, 3]})
    frame = pandas_of(table)
    assert pa.table({"day": pa.array(frame["day"])}).equals(table.select(["day"]))
    assert [str(kind) for kind in frame.dtypes] == ["date32[day][pyarrow]", "datetime64[us, UTC]", "Int64"]
    assert frame["at"].astype("int64").tolist()[:2] == [0, 253402318799000000]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_rows_of_any_frame_are_json(make: type) -> None:
    at = datetime(2026, 11, 30, 14, 5, tzinfo=UTC)
    rows = rows_of(make({"n": [1, 2], "x": [0.5, None], "at": [at, None], "word": ["a", None]}))
    assert rows == [
        {"n": 1, "x": 0.5, "at": "2026-11-30T14:05:00+00:00", "word": "a"},
        {"n": 2, "x": None, "at": None, "word": None},
    ]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_times_of_pandas_are_the_same_instants_without_a_warning(tmp_path: Path) -> None:
    at = pd.Series([pd.Timestamp("2026-11-30T14:05", tz="Europe/Berlin"), pd.NaT])
    write_frame(pd.DataFrame({"at": at}), file := tmp_path / "frame.parquet")
    assert read_frame([file], "arrow")["at"].to_pylist() == [datetime(2026, 11, 30, 13, 5, tzinfo=UTC), None]


def test_polars_frames_need_no_arrow(tmp_path: Path) -> None:
    write_frame(pl.DataFrame({"n": [1, None]}), file := tmp_path / "frame.parquet")
    assert read_frame([file, file], "polars").to_dict(as_series=False) == {"n": [1, None, 1, None]}
