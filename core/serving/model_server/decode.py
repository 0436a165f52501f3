"""The JSON of a request, whatever it asks for: one object that can mean one thing only, of a size that may be asked
for, with the names that are wanted. Every refusal says where."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson

from core.foundation.errors import Invalid
from core.foundation.json_text import unambiguous
from core.foundation.text import _
from core.serving.server_spec import Limits

NUMBERS, CONTAINERS = {float, int}, {dict, list}
SHOWN = 40


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Invalid for anything else, NaN and Infinity included."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            _("The body is no JSON: {why}").format(why=str(error)[:200]),
            hint=_("NaN and Infinity are no JSON; a missing value is null."),
        ) from error
    if not isinstance(document, dict):
        raise Invalid(_("The body must be a JSON object"))
    # A name that stands twice has a colon that none of what was read accounts for.
    colons = body.count(b":")
    if colons not in _counts(document) and (b"\\" in body or colons != _colons(document)):
        unambiguous(body)
    return document


def _counts(document: dict[str, Any]) -> Iterator[int]:
    """With how many colons it was written, if without colons in texts and nothing lies deeper: than the objects in its
    lists, or than the parameters of those."""
    members = _members(document)
    yield members
    yield members + _parameters(document)


def _members(document: dict[str, Any]) -> int:
    """How many names an object has, and the objects in its lists: with so many colons it was written at least."""
    lists = (part for part in document.values() if type(part) is list and set(map(type, part)) == {dict})
    return len(document) + sum(sum(map(len, part)) for part in lists)


def _parameters(document: dict[str, Any]) -> int:
    """How many names stand one level deeper, in the members of the document and of the objects in its lists."""
    lists = (part for part in document.values() if type(part) is list and set(map(type, part)) == {dict})
    members = (document, *chain.from_iterable(lists))
    return sum(len(value) for member in members for value in member.values() if type(value) is dict)


def _colons(value: dict[str, Any] | list[Any]) -> int:
    """With how many colons an object or a list was written, if without escapes. Lists that begin with a number are
    passed over: a colon too many is looked into, and too few are impossible."""
    parts: Iterable[Any] = value
    colons = 0
    if isinstance(value, dict):
        parts, colons = value.values(), len(value) + "".join(value).count(":")
    elif value and type(value[0]) in NUMBERS:
        parts = ()
    for part in parts:
        if type(part) is str:
            colons += part.count(":")
        elif type(part) in CONTAINERS:
            colons += _colons(part)
    return colons


def same_names(given: Mapping[str, Any], wanted: Sequence[str], *, where: str) -> None:
    """Invalid naming the columns that are missing and those nobody knows."""
    if given.keys() == set(wanted):
        return
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    if missing:
        raise wrong(where, _("{names} missing").format(names=_shown(missing)))
    if unknown:
        raise wrong(where, _("{names} unknown").format(names=_shown(unknown)), hint=_shown(wanted, most=1_000))


def check_size(rows: int, *, columns: int, limits: Limits, where: str) -> None:
    """Invalid for more rows, or rows times columns, than one request may have."""
    if rows > limits.rows or rows * columns > limits.cells:
        raise wrong(
            where,
            _("{rows} rows of {columns} columns are too many").format(rows=rows, columns=columns),
            hint=_("At most {rows} rows and {cells} values.").format(rows=limits.rows, cells=limits.cells),
        )


def wrong(where: str, message: str, *, hint: str = "") -> Invalid:
    """A refusal that names its place."""
    return Invalid(f"{where}: {message}" if where else message, hint=hint, field=where)


def _shown(names: Sequence[str], *, most: int = 200) -> str:
    return ", ".join(names)[:most]


def quoted(value: Any) -> str:
    return repr(value)[:SHOWN]
