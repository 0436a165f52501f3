"""From the values of a request to arrays of a datatype. Nothing is coerced: true is no number, a text is no number, and
what a datatype cannot hold is refused with its place and the reason."""

import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.signature import Datatype, dtype_of
from core.serving.model_server.decode import quoted, wrong
from core.serving.model_server.layout import Array, Arrays, Block, Layout

# Where the value stands that lies at a place of the list.
Place = Callable[[int], str]
# An array of the standard library takes a list of such numbers at once and refuses others; numpy would read texts.
CODES: dict[str, str] = {
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
}
LENGTH_BYTES = 4
NUMBERS = {float, int, type(None)}


def typed(values: Sequence[Any], *, datatype: Datatype, place: Place, most_text: int, has_truths: bool = True) -> Array:
    """The values, one after the other. Null is a missing value: NaN, or the empty text. Where it is known that none of
    them is true or false, that is not looked for."""
    if datatype == "BYTES":
        return _texts(values, place=place, most=most_text)
    if datatype == "BOOL":
        return _truths(values, place=place)
    if datatype in CODES:
        return _whole_numbers(values, datatype=datatype, place=place, has_truths=has_truths)
    return _narrowed(_numbers(values, place=place, has_truths=has_truths), datatype=datatype, place=place)


def filled(layout: Layout, columns: Mapping[str, Sequence[Any]], *, rows: int, most_text: int) -> Arrays:
    """The blocks of a model's inputs, out of the values of each column."""
    return tuple(_block(block, columns, rows=rows, most_text=most_text) for block in layout.blocks)


def _block(block: Block, columns: Mapping[str, Sequence[Any]], *, rows: int, most_text: int) -> Array:
    values = typed(
        list(chain.from_iterable(columns[name] for name in block.columns)),
        datatype=block.datatype,
        place=lambda at: f"rows[{at % rows}].{block.columns[at // rows]}",
        most_text=most_text,
    )
    return block.of_columns(values, rows=rows)


def from_bytes(data: memoryview, *, datatype: Datatype, count: int, where: str, most_text: int) -> Array:
    """The values of a binary tensor: little-endian, one after the other, a text after its length in four bytes."""
    if datatype == "BYTES":
        return _texts(_texts_in(data, count=count, where=where), place=_in(where), most=most_text)
    dtype = np.dtype(dtype_of(datatype)).newbyteorder("<")
    size = count * dtype.itemsize
    if len(data) != size:
        raise wrong(where, _("has {found} bytes, the shape says {size}").format(found=len(data), size=size))
    if datatype == "BOOL" and np.frombuffer(data, dtype=np.uint8).max() > 1:
        raise wrong(where, _("a truth value is 0 or 1"))
    values: Array = np.frombuffer(data, dtype=dtype)
    if datatype.startswith("FP") and np.isinf(values).any():
        raise wrong(where, _("has an infinite number"))
    return values


def to_bytes(values: Array) -> bytes:
    """The same way back."""
    if values.dtype != object:
        return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    texts = (text.encode() for text in values.ravel().tolist())
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _in(where: str) -> Place:
    return lambda at: f"{where}[{at}]"


def _numbers(values: Sequence[Any], *, place: Place, has_truths: bool) -> npt.NDArray[np.float64]:
    if not has_truths:
        try:
            return np.frombuffer(array("d", values), dtype=np.float64)
        except TypeError:
            pass
    if not NUMBERS.issuperset(map(type, values)):
        at, value = next((at, value) for at, value in enumerate(values) if type(value) not in NUMBERS)
        raise wrong(place(at), _("{value} is no number").format(value=quoted(value)))
    return np.array(values, dtype=np.float64)


def _narrowed(values: npt.NDArray[np.float64], *, datatype: Datatype, place: Place) -> Array:
    """As FP32 or FP16; numbers that would become infinite are refused."""
    if datatype == "FP64":
        return values
    with np.errstate(over="ignore"):
        narrow = values.astype(dtype_of(datatype))
    if np.isinf(narrow).any():
        at = int(np.isinf(narrow).argmax())
        raise _does_not_fit(float(values[at]), datatype, place(at))
    return narrow


def _whole_numbers(values: Sequence[Any], *, datatype: Datatype, place: Place, has_truths: bool) -> Array:
    dtype = dtype_of(datatype)
    if not has_truths:
        try:
            return np.frombuffer(array(CODES[datatype], values), dtype=dtype)
        except (TypeError, OverflowError):
            pass
    whole = [_whole(value, datatype=datatype, where=place(at)) for at, value in enumerate(values)]
    return np.array(whole, dtype=dtype)


def _whole(value: Any, *, datatype: Datatype, where: str) -> int:
    """JSON has one kind of number: 3.0 is 3."""
    if value is None:
        raise wrong(where, _("{datatype} has no missing value").format(datatype=datatype))
    if type(value) not in NUMBERS:
        raise wrong(where, _("{value} is no number").format(value=quoted(value)))
    if value != int(value):
        raise wrong(where, _("{value} is no whole number").format(value=quoted(value)))
    limits = np.iinfo(dtype_of(datatype))
    if not limits.min <= value <= limits.max:
        raise _does_not_fit(value, datatype, where)
    return int(value)


def _truths(values: Sequence[Any], *, place: Place) -> Array:
    for at, value in enumerate(values):
        if type(value) is not bool:
            raise wrong(place(at), _("{value} is not true or false").format(value=quoted(value)))
    return np.array(values, dtype=np.bool_)


def _texts(values: Sequence[Any], *, place: Place, most: int) -> Array:
    texts = values
    if set(map(type, values)) != {str}:
        texts = [_text(value, where=place(at)) if type(value) is not str else value for at, value in enumerate(values)]
    if max(map(len, texts)) > most:
        at, text = next((at, text) for at, text in enumerate(texts) if len(text) > most)
        raise wrong(place(at), _("{value} is too long").format(value=quoted(text)))
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return result


def _text(value: Any, *, where: str) -> str:
    if value is not None:
        raise wrong(where, _("{value} is no text").format(value=quoted(value)))
    return ""


def _texts_in(data: memoryview, *, count: int, where: str) -> list[str]:
    texts, at = [], 0
    try:
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at)
            at += LENGTH_BYTES + size
            texts.append(str(data[at - size : at], "utf-8"))
    except (struct.error, UnicodeDecodeError) as error:
        raise wrong(f"{where}[{len(texts)}]", _("is no text in UTF-8 after its length")) from error
    if at != len(data):
        raise wrong(where, _("ends within a text"))
    if len(texts) != count:
        raise wrong(where, _("has {found} values, the shape says {rows}").format(found=len(texts), rows=count))
    return texts


def _does_not_fit(value: Any, datatype: Datatype, where: str) -> Invalid:
    return wrong(where, _("{value} does not fit into {datatype}").format(value=quoted(value), datatype=datatype))
