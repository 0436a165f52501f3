"""Which columns can be keys, categories and numbers, and how their values are written for a model: text and doubles.
The join, the split files and the online store all cast by these rules, so that they cannot disagree."""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from core.features.values import Kind, LabelType
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.column_types import DECIMAL
from core.lake.images.decoding import encode
from core.lake.images.values import ImageInput
from core.sandbox.duckdb_session import quoted

TEXT, TEXTS, TRUTH = "VARCHAR", "VARCHAR[]", "BOOLEAN"
NUMBERS = "DOUBLE[]"
WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"}
BROKEN = {"FLOAT", "DOUBLE"}
MOMENTS = {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"}
KEYS = WHOLE - {"HUGEINT", "UBIGINT"} | {TEXT, TRUTH}
CASTS: dict[Kind, str] = {"category": TEXT, "number": "DOUBLE", "text": TEXT, "image": TEXT, "vector": NUMBERS}
LIST = re.compile(r"\[\d*\]$")


def kind_of(data_type: str) -> Kind | None:
    """How a model takes a column without a chosen kind: text and truth as categories, numbers as numbers."""
    if data_type in (TEXT, TRUTH):
        return "category"
    return "number" if is_number(data_type) else None


def is_number(data_type: str) -> bool:
    return data_type in WHOLE | BROKEN or DECIMAL.fullmatch(data_type) is not None


def model_value(expression: str, kind: Kind) -> str:
    """The SQL of a value as a model takes it."""
    return f"CAST({expression} AS {CASTS[kind]})"


def sent(value: Any, *, image: ImageInput | None = None) -> Any:
    """A value as callers send it: JSON knows no NaN, a missing number is null; of pixels a file in base64 that is
    decoded to them."""
    if image:
        return base64.b64encode(encode(value, image)).decode()
    return None if isinstance(value, float) and math.isnan(value) else value


def kinds_of(
    types: Mapping[str, str],
    *,
    categories: Sequence[str],
    numbers: Sequence[str],
    reserved: Sequence[str],
    texts: Sequence[str] = (),
    images: Sequence[str] = (),
    vectors: Sequence[str] = (),
) -> dict[str, Kind]:
    """The kind of every feature: the named ones in their order, or all columns that are not `reserved`. Raises Invalid
    for columns that are not there, reserved, named twice or of a type that does not fit the kind."""
    named = [*categories, *numbers, *texts, *images, *vectors]
    if not named:
        return {name: _guessed(name, data_type) for name, data_type in types.items() if name not in reserved}
    for name in named:
        check_column(types, name)
        if name in reserved or named.count(name) > 1:
            raise Invalid(
                _("{name} has two uses").format(name=name),
                hint=_("A column is a key, a time or an input of one kind."),
                field="categories" if name in categories else "numbers",
            )
    kinds: dict[str, Kind] = {name: _checked_category(name, types[name]) for name in categories}
    kinds |= {name: _checked_number(name, types[name]) for name in numbers}
    kinds |= {name: _checked_text(name, types[name]) for name in texts}
    kinds |= {name: _checked_image(name, types[name]) for name in images}
    return kinds | {name: _checked_vector(name, types[name]) for name in vectors}


def check_column(types: Mapping[str, str], name: str) -> None:
    if name not in types:
        raise Invalid(
            _("The query gives no column {name}").format(name=repr(name)),
            hint=_("It gives: {names}.").format(names=", ".join(types)),
            field="sql",
        )


def check_moment(types: Mapping[str, str], name: str) -> None:
    """An instant: a TIMESTAMPTZ, or a TIMESTAMP in UTC. Text is never read as a time."""
    check_column(types, name)
    if types[name] not in MOMENTS:
        raise Invalid(
            _("{name} is {type}: a time is a TIMESTAMPTZ or a TIMESTAMP").format(name=name, type=types[name]),
            hint=_("Cast it in the query: CAST({name} AS TIMESTAMPTZ).").format(name=name),
            field="event_time",
        )


def check_key(types: Mapping[str, str], name: str) -> None:
    check_column(types, name)
    if types[name] not in KEYS:
        raise Invalid(
            _("The key {name} is {type}: keys are text, whole numbers or true and false").format(
                name=name, type=types[name]
            ),
            hint=_("Cast it in the query."),
            field="keys",
        )


def label_type(types: Mapping[str, str], name: str, *, with_lists: bool = False) -> LabelType:
    """What a label's values are. Invalid for a type that is none of these, lists of texts unless they are allowed; a
    HUGEINT lies in Parquet as a DOUBLE."""
    check_column(types, name)
    of_type = types[name]
    if of_type in (TEXT, TRUTH):
        return "text" if of_type == TEXT else "boolean"
    if with_lists and of_type == TEXTS:
        return "texts"
    if is_number(of_type):
        return "integer" if of_type in WHOLE - {"HUGEINT"} else "number"
    raise Invalid(
        _("The label {name} is {type}: labels are numbers, text or true and false").format(name=name, type=of_type),
        hint=_("Cast it in the query."),
        field="entity.label",
    )


def infinite(columns: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """For each of the columns that can be infinite, SQL that counts how often it is."""
    able = [name for name in names if columns[name] in BROKEN]
    return {name: f"count(*) FILTER (WHERE isinf({quoted(name)}))" for name in able}


def _guessed(name: str, data_type: str) -> Kind:
    kind = kind_of(data_type)
    if kind is None:
        raise _unfit(name, data_type)
    return kind


def _checked_category(name: str, data_type: str) -> Kind:
    if data_type not in WHOLE | {TEXT, TRUTH}:
        raise _unfit(name, data_type)
    return "category"


def _checked_number(name: str, data_type: str) -> Kind:
    if not is_number(data_type) and data_type != TRUTH:
        raise _unfit(name, data_type)
    return "number"


def _checked_text(name: str, data_type: str) -> Kind:
    if data_type != TEXT:
        raise _unfit(name, data_type, hint=_("A text is text. Convert it in the query."))
    return "text"


def _checked_image(name: str, data_type: str) -> Kind:
    if data_type != TEXT:
        raise _unfit(name, data_type, hint=_("An image is named by its path or its digest, which are text."))
    return "image"


def is_vector(data_type: str) -> bool:
    of_values = LIST.sub("", data_type)
    return of_values != data_type and is_number(of_values)


def _checked_vector(name: str, data_type: str) -> Kind:
    if not is_vector(data_type):
        raise _unfit(name, data_type, hint=_("A vector is a list of numbers. Convert it in the query."))
    return "vector"


def _unfit(name: str, data_type: str, *, hint: str = "") -> Invalid:
    return Invalid(
        _("{name} is {type}, which is no such feature").format(name=name, type=data_type),
        hint=hint
        or _("Categories are text, whole numbers or true and false; numbers are numbers. Convert it in the query."),
        field="sql",
    )
