"""JSON from outside, read as the one document that it can mean: where a name stands twice, readers disagree about which
value counts, and a proxy may have checked the other."""

import json
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.text import _


def unambiguous(text: str | bytes | bytearray) -> Any:
    """What the text says. ValueError where it is no JSON, Invalid where a name stands twice in one object, or where it
    is nested too deeply to be read."""
    try:
        return json.loads(text, object_pairs_hook=object_of)
    except RecursionError as error:
        raise Invalid(_("The JSON is nested too deeply")) from error


def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its names and values. Invalid for a name that stands twice."""
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(
            _("{name} is there twice").format(name=repr(twice[:40])),
            hint=_("Leave the value that counts."),
            field=twice[:40],
        )
    return document
