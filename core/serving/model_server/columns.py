"""From the values of a request to arrays of a datatype. Nothing is coerced: true is no number, a text is no number, and
what a datatype cannot hold is refused with its place and the reason."""

import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.images.values import ImageInput
from core.registry.signature import Datatype, dtype_of
from core.serving.model_server.decode import quoted, wrong
from core.serving.model_server.layout import Array, Arrays, Block, Layout

# Lists of values, each of the same length.
Parts = Sequence[list[Any]]
# Where the value stands that lies at a place of all of them.
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
# A model reads texts as long as the longest of them.
LONG, MOST_CHARACTERS = 1_000, 8_000_000
# So many values of one tensor are not looked at one by one.
MANY = 16
NUMBERS = {float, int, type(None)}


def typed(parts: Parts, *, datatype: Datatype, place: Place, most_text: int) -> Array:
    """The values, those of one part after those of the other. Null is a missing value: NaN, or the empty text."""
    if datatype == "BYTES":
        return _texts(parts, place=place, most=most_text)
    if datatype == "BOOL":
        return _truths(parts, place=place)
    if datatype in CODES:
        return _whole_numbers(parts, datatype=datatype, place=place)
    return _narrowed(_numbers(parts, place=place), datatype=datatype, place=place)


def filled(layout: Layout, columns: Mapping[str, Sequence[Any]], *, rows: int, most_text: int) -> Arrays:
    """The blocks of a model's inputs, out of the values of each column; those of a vector are lists."""
    return tuple(_block(block, columns, rows=rows, most_text=most_text) for block in layout.blocks)


def _block(block: Block, columns: Mapping[str, Sequence[Any]], *, rows: int, most_text: int) -> Array:
    if block.image:
        return _pixels(columns[block.columns[0]], image=block.image)[None]
    if not block.columns:
        return _vectors(block, columns, rows=rows, most_text=most_text)
    values = typed(
        [list(columns[name]) for name in block.columns],
        datatype=block.datatype,
        place=lambda at: f"rows[{at % rows}].{block.columns[at // rows]}",
        most_text=most_text,
    )
    return block.of_columns(values, rows=rows)


def _vectors(block: Block, columns: Mapping[str, Sequence[Any]], *, rows: int, most_text: int) -> Array:
    (size,) = block.row
    parts = []
    for name in block.inputs:
        vectors = columns[name]
        unfit = next((at for at, vector in enumerate(vectors) if not _is_vector(vector, size=size)), None)
        if unfit is not None:
            raise wrong(f"rows[{unfit}].{name}", _("is no list of {size} numbers").format(size=size))
        parts.append([value for vector in vectors for value in vector])
    values = typed(
        parts,
        datatype=block.datatype,
        place=lambda at: f"rows[{at // size % rows}].{block.inputs[at // (size * rows)]}[{at % size}]",
        most_text=most_text,
    )
    return values.reshape(len(parts), rows, size)


def _is_vector(value: Any, *, size: int) -> bool:
    return isinstance(value, list) and len(value) == size and None not in value


def _pixels(values: Sequence[bytes | None], *, image: ImageInput) -> Array:
    """[rows, height, width, channels] that may be written; those that are not decoded yet are black."""
    pixels = bytearray().join(value or bytes(image.bytes) for value in values)
    return np.frombuffer(pixels, dtype=np.uint8).reshape(-1, *image.shape)


def from_bytes(data: memoryview, *, datatype: Datatype, count: int, where: str, most_text: int) -> Array:
    """The values of a binary tensor: little-endian, one after the other, a text after its length in four bytes."""
    if datatype == "BYTES":
        return _texts([texts_in(data, count=count, where=where)], place=_in(where), most=most_text)
    return numbers_in([data], datatype=datatype, count=count, where=where)


def numbers_in(parts: Sequence[memoryview], *, datatype: Datatype, count: int, where: str) -> Array:
    """The values of binary tensors of `count` numbers or truth values each, one tensor after the other."""
    dtype = np.dtype(dtype_of(datatype)).newbyteorder("<")
    size = count * dtype.itemsize
    unfit = next((len(part) for part in parts if len(part) != size), None)
    if unfit is not None:
        raise wrong(where, _("has {found} bytes, the shape says {size}").format(found=unfit, size=size))
    data = b"".join(parts) if len(parts) > 1 else parts[0]
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


def _numbers(parts: Parts, *, place: Place) -> npt.NDArray[np.float64]:
    """Of few values the types are looked at. Of many the conversion refuses all but true and false."""
    if len(parts[0]) < MANY:
        return _with_nulls(_joined(parts), place=place)
    size = len(parts[0])
    packing = struct.Struct(f"={size}d")
    values = bytearray(packing.size * len(parts))
    for at, part in enumerate(parts):
        try:
            packing.pack_into(values, at * packing.size, *part)
        except struct.error:
            numbers = _with_nulls(part, place=_from(at * size, place))
            values[at * packing.size : (at + 1) * packing.size] = numbers.tobytes()
    numbers = np.frombuffer(values, dtype=np.float64)
    _refuse_truths(numbers, parts, place=place)
    return numbers


def _with_nulls(part: list[Any], *, place: Place) -> npt.NDArray[np.float64]:
    if not NUMBERS.issuperset(map(type, part)):
        at, value = next((at, value) for at, value in enumerate(part) if type(value) not in NUMBERS)
        raise wrong(place(at), _("{value} is no number").format(value=quoted(value)))
    return np.array(part, dtype=np.float64)


def _refuse_truths(numbers: Array, parts: Parts, *, place: Place) -> None:
    """True and false have become 1 and 0: only where such a number is, their types are looked at."""
    may_be = (numbers == 0) | (numbers == 1)
    if not may_be.any():
        return
    for number in np.flatnonzero(may_be.reshape(len(parts), -1).any(axis=1)).tolist():
        if bool in set(map(type, parts[number])):
            at = next(at for at, value in enumerate(parts[number]) if type(value) is bool)
            problem = _("{value} is no number").format(value=quoted(parts[number][at]))
            raise wrong(place(number * len(parts[number]) + at), problem)


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


def _whole_numbers(parts: Parts, *, datatype: Datatype, place: Place) -> Array:
    values, dtype = array(CODES[datatype]), dtype_of(datatype)
    for part in parts:
        try:
            values.fromlist(part)
        except (TypeError, OverflowError):
            at = _from(len(values), place)
            values.fromlist([_whole(value, datatype=datatype, where=at(n)) for n, value in enumerate(part)])
    numbers = np.frombuffer(values, dtype=dtype)
    _refuse_truths(numbers, parts, place=place)
    return numbers


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


def _truths(parts: Parts, *, place: Place) -> Array:
    values = _joined(parts)
    for at, value in enumerate(values):
        if type(value) is not bool:
            raise wrong(place(at), _("{value} is not true or false").format(value=quoted(value)))
    return np.array(values, dtype=np.bool_)


def _texts(parts: Parts, *, place: Place, most: int) -> Array:
    texts = _joined(parts)
    is_plain = set(map(type, texts)) == {str}
    if not is_plain:
        texts = [_text(value, where=place(at)) if type(value) is not str else value for at, value in enumerate(texts)]
    # Texts that are short together are short each.
    are_short = is_plain and all(len("".join(part)) <= most for part in parts)
    if not are_short and max(map(len, texts)) > most:
        at, text = next((at, text) for at, text in enumerate(texts) if len(text) > most)
        raise wrong(place(at), _("{value} is too long").format(value=quoted(text)))
    if not are_short or most > LONG:
        _refuse_many_long(texts, place=place)
    result = np.empty(len(texts), dtype=object)
    result[:] = texts
    return result


def _refuse_many_long(texts: list[str], *, place: Place) -> None:
    longest = max(map(len, texts))
    if longest > LONG and longest * len(texts) > MOST_CHARACTERS:
        at = next(at for at, text in enumerate(texts) if len(text) == longest)
        problem = _("a text of {length} characters is too long beside {rows} others")
        raise wrong(
            place(at),
            problem.format(length=longest, rows=len(texts) - 1),
            hint=_("Send long texts in smaller requests."),
        )


def _joined(parts: Parts) -> list[Any]:
    values = list[Any]()
    for part in parts:
        values += part
    return values


def _from(begin: int, place: Place) -> Place:
    """The same place, counted from there."""
    return lambda at: place(begin + at)


def _text(value: Any, *, where: str) -> str:
    if value is not None:
        raise wrong(where, _("{value} is no text").format(value=quoted(value)))
    return ""


def parts_in(data: memoryview, *, count: int, where: str) -> list[memoryview]:
    """So many values of bytes, each after its length."""
    parts, at = list[memoryview](), 0
    try:
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at)
            at += LENGTH_BYTES + size
            parts.append(data[at - size : at])
    except struct.error as error:
        raise wrong(f"{where}[{len(parts)}]", _("is no value after its length")) from error
    if at != len(data):
        raise wrong(where, _("ends within a value"))
    if len(parts) != count:
        raise wrong(where, _("has {found} values, the shape says {rows}").format(found=len(parts), rows=count))
    return parts


def texts_in(data: memoryview, *, count: int, where: str) -> list[str]:
    """So many texts, each after its length."""
    texts = _short_texts(bytes(data))
    if len(texts) == count:
        return texts
    texts = []
    for part in parts_in(data, count=count, where=where):
        try:
            texts.append(str(part, "utf-8"))
        except UnicodeDecodeError as error:
            raise wrong(f"{where}[{len(texts)}]", _("is no text in UTF-8 after its length")) from error
    return texts


def _short_texts(data: bytes) -> list[str]:
    """Texts of 1 to 127 letters of ASCII: behind the first byte of each length, and nowhere else, are three zeros, so
    all are cut at once. Nothing where that is not so."""
    if not data.isascii():
        return []
    pieces = data.decode("ascii").split("\0\0\0")
    texts = [piece[:-1] for piece in pieces[1:-1]] + pieces[-1:]
    lengths = "".join([piece[-1:] for piece in pieces[:-1]])
    return texts if len(pieces[0]) == 1 and list(map(ord, lengths)) == list(map(len, texts)) else []


def _does_not_fit(value: Any, datatype: Datatype, where: str) -> Invalid:
    return wrong(where, _("{value} does not fit into {datatype}").format(value=quoted(value), datatype=datatype))
