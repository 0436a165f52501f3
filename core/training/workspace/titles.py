"""What a run is called when nobody says: its recipe, and what of its parameters differs from the defaults."""

import re
from collections.abc import Mapping
from typing import Any

from core.foundation.text import _, significant
from core.training.recipe import Recipe

MOST_WORDS = 3
LONGEST_VALUE = 24
COMMIT, OF_COMMIT = re.compile("[0-9a-f]{40}"), 8


def run_title(recipe: type[Recipe], *, params: Mapping[str, Any], rows: str) -> str:
    """ "Gradient boosting · learning rate 0.05, 63 leaves"; by the title of its rows where all are the defaults."""
    kind = _(recipe.title).partition(":")[0]
    properties = recipe.Params.model_json_schema().get("properties", {})
    words = changed_words(properties, params=params)
    return f"{kind} · {', '.join(words[:MOST_WORDS])}" if words else f"{kind}, {rows}"


def changed_words(properties: Mapping[str, Any], *, params: Mapping[str, Any]) -> list[str]:
    """The parameters that are not their defaults, in the order of the recipe's form."""
    return [
        phrase(name, value=params[name], schema=prop)
        for name, prop in properties.items()
        if name in params and params[name] != prop.get("default")
    ]


def phrase(name: str, *, value: object, schema: Mapping[str, Any]) -> str:
    """ "learning rate 0.05", "63 leaves", "without nesterov"."""
    title = str(schema.get("title") or name.replace("_", " "))
    words = _(title) if title.isupper() else _(title)[:1].lower() + _(title)[1:]
    if isinstance(value, bool):
        return words if value else _("without {what}").format(what=words)
    shown = significant(value) if isinstance(value, float) else _shortened(str(value))
    if isinstance(value, int) and words.endswith("s") and " " not in words:
        return f"{shown} {words}"
    return f"{words} {shown}"


def _shortened(text: str) -> str:
    """Of an address its last part, of a commit what people say of it."""
    if COMMIT.fullmatch(text):
        return text[:OF_COMMIT]
    return (text.rstrip("/").rpartition("/")[2] if "://" in text else text)[:LONGEST_VALUE]
