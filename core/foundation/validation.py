"""What pydantic refuses, in the words of the person who entered it: the field as pages label it, what is allowed, what
was given, an example. No pattern or class reaches anyone; names of fields do only where JSON is written with them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import EnumType
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import StringConstraints, ValidationError
from pydantic.fields import FieldInfo

from core.foundation.actions.content import Content
from core.foundation.errors import Invalid
from core.foundation.text import N_, _


@dataclass(frozen=True)
class Shape:
    """What a pattern means: the rest of "{field} takes ...", a text that fits it, and how pages label a field that
    actions call `name` or `title`."""

    allowed: str
    example: str
    name_label: str


SHAPES: dict[str, Shape] = {}
IDENTIFIER = N_("Identifier")
WITH_HYPHENS = N_("lower-case letters, digits and hyphens, beginning with a letter")
WITH_UNDERSCORES = N_("lower-case letters, digits and underscores, beginning with a letter")
OF_COLUMNS = N_("letters, digits and underscores, beginning with a letter")
LONGEST_GIVEN = 40

# Labels that do not follow from the field's name.
LABELS = {
    "sql": "SQL",
    "python": N_("Python"),
    "slo": "SLO",
    "params": N_("Parameters"),
    "rollback_to": N_("Rollback target"),
    "text_id": IDENTIFIER,
    "ttl_seconds": N_("Time to live"),
    "most_rps": N_("Highest rate"),
    "p99_ms": N_("p99 latency"),
}

# What is wrong, by pydantic's name for it; `{limit}` and the like come from its context.
RULES: Mapping[str, str] = {
    "missing": N_("{label} is missing"),
    "string_type": N_("{label} takes text"),
    "string_too_short": N_("{label} takes at least {min_length} characters"),
    "string_too_long": N_("{label} takes at most {max_length} characters"),
    "int_type": N_("{label} takes a whole number"),
    "int_parsing": N_("{label} takes a whole number"),
    "int_from_float": N_("{label} takes a whole number"),
    "float_type": N_("{label} takes a number"),
    "float_parsing": N_("{label} takes a number"),
    "finite_number": N_("{label} takes a finite number"),
    "bool_type": N_("{label} is either true or false"),
    "bool_parsing": N_("{label} is either true or false"),
    "greater_than": N_("{label} must be more than {gt}"),
    "greater_than_equal": N_("{label} must be at least {ge}"),
    "less_than": N_("{label} must be less than {lt}"),
    "less_than_equal": N_("{label} must be at most {le}"),
    "multiple_of": N_("{label} must be a multiple of {multiple_of}"),
    "too_short": N_("{label} takes at least {min_length} entries"),
    "too_long": N_("{label} takes at most {max_length} entries"),
    "literal_error": N_("{label} must be one of {expected}"),
    "enum": N_("{label} must be one of {expected}"),
    "date_type": N_("{label} takes a date, such as 2026-11-30"),
    "date_parsing": N_("{label} takes a date, such as 2026-11-30"),
    "date_from_datetime_parsing": N_("{label} takes a date, such as 2026-11-30"),
    "date_from_datetime_inexact": N_("{label} takes a date without a time, such as 2026-11-30"),
    "datetime_type": N_("{label} takes a date and time, such as 2026-11-30T14:05:00Z"),
    "datetime_parsing": N_("{label} takes a date and time, such as 2026-11-30T14:05:00Z"),
    "datetime_from_date_parsing": N_("{label} takes a date and time, such as 2026-11-30T14:05:00Z"),
    "timezone_aware": N_("{label} needs a time zone, such as the Z of 2026-11-30T14:05:00Z"),
    "tuple_type": N_("{label} takes a list"),
    "list_type": N_("{label} takes a list"),
    "dict_type": N_("{label} takes names with their values"),
    "model_type": N_("{label} takes names with their values"),
    "model_attributes_type": N_("{label} takes names with their values"),
    "dataclass_type": N_("{label} takes names with their values"),
    "bytes_type": N_("{label} takes a file's bytes in base64"),
    "bytes_invalid_encoding": N_("{label} takes a file's bytes in base64"),
    "json_invalid": N_("{label} is not JSON: {error}"),
}
# The same where the limit is one.
RULES_OF_ONE: Mapping[str, str] = {
    "string_too_short": N_("{label} must not be empty"),
    "string_too_long": N_("{label} takes one character"),
    "too_short": N_("{label} must not be empty"),
    "too_long": N_("{label} takes one entry"),
}
CANNOT_BE_READ = N_("{label} cannot be read")
UNTOLD_INPUTS = ("missing", "extra_forbidden", "json_invalid")
NUMBERS = {int, float}
# How values without parts are written.
WORDS = {str: "TEXT", Content: "BASE64", int: "NUMBER", float: "NUMBER", bool: "true|false", Any: "VALUE"}


def shaped(pattern: str, *, allowed: str, example: str, name_label: str = "") -> StringConstraints:
    """Text that fits a pattern, with what the pattern means: "lower-case letters ...", and an example. `name_label` is
    what pages call a `name` or `title` of this shape, where that is another word."""
    SHAPES[pattern] = Shape(allowed, example, name_label)
    return StringConstraints(pattern=pattern)


# What SQL and scripts call a thing, and what stands in addresses.
SqlName = Annotated[
    str,
    shaped(r"^[a-z][a-z0-9_]{1,59}$", allowed=WITH_UNDERSCORES, example="customer_orders", name_label=IDENTIFIER),
]
AddressName = Annotated[
    str, shaped(r"^[a-z][a-z0-9-]{1,59}$", allowed=WITH_HYPHENS, example="churn-risk", name_label=IDENTIFIER)
]


def invalid_of(error: ValidationError, *, model: Any = Any, prefix: Sequence[str] = ()) -> Invalid:
    """The first thing that is wrong with what should be a `model`. `field` is its place in dots, below `prefix`."""
    first = error.errors(include_url=False)[0]
    parts = [part for part in first["loc"] if not _is_branch(part)]
    place = (*prefix, *parts)
    kind = _type_at(model, parts)
    label = _name_label(kind, place) or label_of(place) or _("The input")
    context = first.get("ctx", {})
    message, hint = _message_of(first["type"], label=label, context=context)
    if first["type"] == "extra_forbidden":
        names = ", ".join(fields_of(_type_at(model, parts[:-1])))
        hint = _("There are: {names}.").format(names=names) if names else ""
    elif not hint and (is_structured(kind) or first["type"] not in RULES):
        hint = _("Write {form}").format(form=form_of(kind))
    # A file's bytes are nobody's words, and may be a secret.
    is_repeated = first["type"] not in UNTOLD_INPUTS and bare(kind) is not bytes
    if is_repeated and context.get("min_length") != 1:
        message = _("{message}; {given} was given").format(message=message, given=_given(first["input"]))
    return Invalid(message, hint=hint, field=".".join(str(part) for part in place))


def refuse_booleans(value: Any, *, model: Any) -> None:
    """Invalid for a true or false where a model has a number: pydantic would read it as 1 or 0."""
    _refuse_booleans(value, _alternatives(model), ())


def _refuse_booleans(value: Any, kinds: Sequence[Any], place: tuple[str | int, ...]) -> None:
    if isinstance(value, bool) and NUMBERS & set(kinds) and not {bool, Any} & set(kinds):
        message = _("{label} takes a number; {given} was given").format(label=label_of(place), given=json.dumps(value))
        raise Invalid(message, field=".".join(map(str, place)))
    parts = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list | tuple) else {}
    for name, part in parts.items():
        below = [kind for whole in kinds for kind in _below(whole, name)]
        _refuse_booleans(part, below, (*place, name))


def _alternatives(kind: Any) -> list[Any]:
    """The bare types that a value may have."""
    whole = bare(kind)
    return [alternative for arm in _arms(whole) for alternative in _alternatives(arm)] or [whole]


def _below(whole: Any, name: str | int) -> list[Any]:
    """The bare types that a part of a value of this type may have."""
    field = fields_of(whole).get(str(name))
    parts = get_args(whole)
    kinds = [field.annotation] if field else parts[-1:] if get_origin(whole) is dict else parts[:1]
    return [alternative for kind in kinds for alternative in _alternatives(kind)]


def is_structured(kind: Any) -> bool:
    """Whether values of a type have parts: those of a model, a list or names with their values."""
    return get_origin(bare(kind)) in (tuple, list, dict) or bool(fields_of(kind))


def form_of(kind: Any) -> str:
    """How a value of a type is written in JSON: `{"column": TEXT, "days": [NUMBER, ...]}`."""
    whole, parts = bare(kind), get_args(bare(kind))
    if fields := fields_of(whole):
        return "{" + ", ".join(f'"{name}": {form_of(_type_at(whole, [name]))}' for name in fields) + "}"
    if get_origin(whole) in (tuple, list):
        return f"[{form_of(parts[0])}, ...]"
    if get_origin(whole) is dict:
        return f"{{NAME: {form_of(parts[1])}, ...}}"
    if get_origin(whole) is Literal or isinstance(whole, EnumType):
        return " | ".join(json.dumps(choice) for choice in parts or [member.value for member in whole])
    return "|".join(dict.fromkeys(form_of(part) for part in _arms(whole))) or WORDS.get(whole, "TEXT")


def bare(kind: Any) -> Any:
    """A type without what annotates it, and without the None beside it."""
    if get_origin(kind) is Annotated:
        return bare(get_args(kind)[0])
    arms = _arms(kind)
    return bare(arms[0]) if len(arms) == 1 else kind


def _arms(kind: Any) -> list[Any]:
    """The types of a union, but for None; none where it is no union."""
    is_union = get_origin(kind) in (Union, UnionType)
    return [arm for arm in get_args(kind) if arm is not type(None)] if is_union else []


def fields_of(kind: Any) -> Mapping[str, FieldInfo]:
    """The fields of a model; none where the type is another."""
    return getattr(bare(kind), "model_fields", {})


def _type_at(kind: Any, place: Sequence[str | int]) -> Any:
    """The type of a field, an entry or a value below a type, with what annotates it; Any where nothing is said."""
    for part in place:
        whole, field = bare(kind), fields_of(kind).get(str(part))
        if field is not None:
            kind = cast(Any, Annotated)[field.annotation, None, *field.metadata]
        else:
            kind = get_args(whole)[-1 if get_origin(whole) is dict else 0] if get_args(whole) else Any
    return kind


def label_of(place: Sequence[str | int]) -> str:
    """The field as pages label it: "Endpoint" for `endpoint_id`, "Splits 2: start" for `splits.1.start`."""
    named = ""
    for part in place:
        if isinstance(part, int):
            named += f" {part + 1}"
        else:
            named = f"{named}: {_word(part)}" if named else _word(part)
    return named[:1].upper() + named[1:]


def _word(name: str) -> str:
    return _(LABELS[name]) if name in LABELS else name.removesuffix("_id").replace("_", " ").strip()


def _name_label(kind: Any, place: Sequence[str | int]) -> str:
    shape = _shape_of(kind) if place[-1:] in (("name",), ("title",)) else None
    return _(shape.name_label) if shape and shape.name_label else ""


def _shape_of(kind: Any) -> Shape | None:
    """The shape among what annotates a type, or the one beside None."""
    if get_origin(kind) is not Annotated:
        return next((_shape_of(arm) for arm in _arms(kind)), None)
    patterns = [getattr(annotation, "pattern", None) for annotation in kind.__metadata__]
    shapes = [SHAPES[pattern] for pattern in patterns if pattern in SHAPES]
    return shapes[0] if shapes else _shape_of(get_args(kind)[0])


def _is_branch(part: str | int) -> bool:
    """Whether a part of a place names a branch of a union rather than a field: `str`, `function-before[...]`."""
    return isinstance(part, str) and (not part.isidentifier() or part in ("str", "int", "float", "bool"))


def _message_of(kind: str, *, label: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong and what to do, by pydantic's name for it."""
    if kind == "extra_forbidden":
        return _("There is no field {label} here").format(label=label), ""
    if kind == "string_pattern_mismatch":
        return _shape(label, context["pattern"])
    if kind in ("value_error", "assertion_error"):
        return f"{label}: {context['error']}", ""
    is_one = 1 in (context.get("min_length"), context.get("max_length"))
    rule = (RULES_OF_ONE.get(kind) if is_one else None) or RULES.get(kind, CANNOT_BE_READ)
    return _(rule).format(label=label, **{name: _figure(value) for name, value in context.items()}), ""


def _shape(label: str, pattern: str) -> tuple[str, str]:
    shape = SHAPES.get(pattern)
    if shape is None:
        return _("{label} is not written in the right form").format(label=label), ""
    message = _("{label} takes {allowed}").format(label=label, allowed=_(shape.allowed))
    return message, _("For example: {example}").format(example=shape.example)


def _figure(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("''", _("nothing"))


def _given(value: Any) -> str:
    """What was entered, short enough to be read: what is long or nested only by its kind."""
    if isinstance(value, str) and value:
        value = " ".join(value.split()) or value
        return f"\u201c{value[:LONGEST_GIVEN]}{'…' if len(value) > LONGEST_GIVEN else ''}\u201d"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)[:LONGEST_GIVEN]
    if isinstance(value, list | tuple | set):
        return _("a list of {n}").format(n=len(value))
    if isinstance(value, dict):
        return _("names with their values")
    return _("nothing") if value is None or value == "" else _("something else")
