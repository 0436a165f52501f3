"""Rows packed from columns are those that are packed one by one, byte for byte."""

import math

import pyarrow as pa
import pytest

from core.features.online.packing import packed_values
from core.features.online.store import PACK

NUMBERS = [0.0, -0.0, 1.5, -1e308, 5e-324, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("width", [1, 15, 16, 300])
def test_numbers_are_packed_like_single_rows(width: int) -> None:
    columns = [pa.array(NUMBERS[shift:] + NUMBERS[:shift]) for shift in (number % 8 for number in range(width))]
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    assert list(packed_values(columns)) == [PACK(row) for row in rows]


def test_missing_values_and_texts_are_packed_like_single_rows() -> None:
    columns = [pa.array([1.5, None, 2.5]), pa.array(["a", "", None]), pa.array([None, None, None], pa.float64())]
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    assert list(packed_values(columns)) == [PACK(row) for row in rows]


def test_part_of_a_longer_column_is_packed_from_its_own_beginning() -> None:
    column = pa.array([1.0, 2.0, 3.0, 4.0]).slice(1, 2)
    assert list(packed_values([column])) == [PACK((2.0,)), PACK((3.0,))]


def test_no_rows_are_packed_to_nothing() -> None:
    assert list(packed_values([pa.array([], pa.float64())])) == []
