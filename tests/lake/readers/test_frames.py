"""Frames of notebooks become the bytes of an import; what a table has not is said in words."""

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.lake.readers.frames import frame_bytes
from tests.lake.readers.test_dispatch import reading_of


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_a_frame_arrives_with_its_values(make: type) -> None:
    given = {"id": [1, 2], "x": [0.5, None], "word": ["a", "ü"]}
    assert reading_of(frame_bytes(make(given))).table.to_pydict() == given


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (pd.DataFrame({"a": [1]}, index=["x"]), "reset_index"),
        (pd.DataFrame({"a": [1]}).rename_axis("row"), "reset_index"),
        (pd.DataFrame({"a": pd.Series([1, "x"], dtype=object)}), "astype"),
        (pd.DataFrame([[1, 2]]), "Name every column"),
        ([1, 2], "pandas or polars"),
    ],
)
def test_what_a_table_has_not_is_refused_with_what_to_do(frame: object, reason: str) -> None:
    with pytest.raises(Invalid) as refusal:
        frame_bytes(frame)
    assert reason in refusal.value.hint
