"""Rows packed from columns. Most features are numbers that are all there: as msgpack every such row has the same
length, so a whole batch is written as one block of bytes and cut, several times faster than packing row by row."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgpack

from core.features.online.store import PACK

if TYPE_CHECKING:
    import pyarrow as pa

# How msgpack writes a double: this byte, then its eight bytes with the highest first.
DOUBLE, DOUBLE_BYTES = 0xCB, 9


def packed_values(columns: "Sequence[pa.Array]") -> Iterable[bytes]:
    """The packed values of every row of some columns of equal length, as `PACK` gives them for the row's tuple."""
    import pyarrow as pa

    if all(pa.types.is_float64(column.type) and not column.null_count for column in columns):
        return _blocks(columns)
    return map(PACK, zip(*(column.to_pylist() for column in columns), strict=True))


def _blocks(columns: "Sequence[pa.Array]") -> Iterable[bytes]:
    import numpy as np

    header = msgpack.Packer().pack_array_header(len(columns))
    size = len(header) + DOUBLE_BYTES * len(columns)
    rows = np.empty((len(columns[0]), size), np.uint8)
    rows[:, : len(header)] = np.frombuffer(header, np.uint8)
    for number, column in enumerate(columns):
        start = len(header) + DOUBLE_BYTES * number
        rows[:, start] = DOUBLE
        rows[:, start + 1 : start + DOUBLE_BYTES] = column.to_numpy().astype(">f8").view(np.uint8).reshape(-1, 8)
    block = rows.tobytes()
    return [block[start : start + size] for start in range(0, len(block), size)]
