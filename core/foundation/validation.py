"""What pydantic refuses, in the words of the person who entered it: the field as pages label it, what is allowed, what
was given, an example. No pattern, class or internal name reaches anyone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import StringConstraints, ValidationError

from core.foundation.errors import Invalid
from core.foundation.text import N_, _


@dataclass(frozen=True)
class Shape:
    """What a pattern means: the rest of "{field} takes ...", a text that fits it, and how pages label a field that
    actions call `name`."""

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
}
UNTOLD_INPUTS = ("missing", "extra_forbidden")


def shaped(pattern: str, *, allowed: str, example: str, name_label: str = "") -> StringConstraints:
    """Text that fits a pattern, with what the pattern means: "lower-case letters ...", and an example. `name_label` is
    what pages call a `name` of this shape, where that is another word."""
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


def invalid_of(error: ValidationError, *, prefix: Sequence[str] = (), known: Sequence[str] = ()) -> Invalid:
    """The first thing that is wrong. `field` is its place in dots, below `prefix`; `known` are the names there are,
    listed where a name is none of them."""
    first = error.errors(include_url=False)[0]
    place = (*prefix, *(part for part in first["loc"] if not _is_branch(part)))
    label = _name_label(first, place) or label_of(place) or _("The input")
    message, hint = _message_of(first["type"], label=label, context=first.get("ctx", {}), known=known)
    if first["type"] not in UNTOLD_INPUTS:
        message = _("{message}; {given} was given").format(message=message, given=_given(first["input"]))
    return Invalid(message, hint=hint, field=".".join(str(part) for part in place))


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


def _name_label(error: Mapping[str, Any], place: Sequence[str | int]) -> str:
    shape = SHAPES.get(error.get("ctx", {}).get("pattern", ""))
    return _(shape.name_label) if shape and place[-1:] == ("name",) else ""


def _is_branch(part: str | int) -> bool:
    """Whether a part of a place names a branch of a union rather than a field: `str`, `function-before[...]`."""
    return isinstance(part, str) and (not part.isidentifier() or part in ("str", "int", "float", "bool"))


def _message_of(kind: str, *, label: str, context: Mapping[str, Any], known: Sequence[str]) -> tuple[str, str]:
    """What is wrong and what to do, by pydantic's name for it."""
    if kind == "extra_forbidden":
        hint = _("There are: {names}.").format(names=", ".join(_word(name) for name in known)) if known else ""
        return _("There is no field {label} here").format(label=label), hint
    if kind == "string_pattern_mismatch":
        return _shape(label, context["pattern"])
    if kind in ("value_error", "assertion_error"):
        return f"{label}: {context['error']}", ""
    if kind in RULES:
        return _(RULES[kind]).format(label=label, **{name: _figure(value) for name, value in context.items()}), ""
    return _("{label} is not of the right kind").format(label=label), ""


def _shape(label: str, pattern: str) -> tuple[str, str]:
    shape = SHAPES.get(pattern)
    if shape is None:
        return _("{label} is not written in the right form").format(label=label), ""
    message = _("{label} takes {allowed}").format(label=label, allowed=_(shape.allowed))
    return message, _("For example: {example}").format(example=shape.example)


def _figure(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


def _given(value: Any) -> str:
    """What was entered, short enough to be read: what is long or nested only by its kind."""
    if isinstance(value, str) and value:
        return f"\u201c{value[:LONGEST_GIVEN]}{'…' if len(value) > LONGEST_GIVEN else ''}\u201d"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)[:LONGEST_GIVEN]
    if isinstance(value, list | tuple | set):
        return _("a list of {n}").format(n=len(value))
    return _("nothing") if value is None or value == "" else _("something else")
