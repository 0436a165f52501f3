"""Forms drawn from a schema: the parameters of a recipe or an action become fields, and a refusal is shown at the form
whose button caused it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st
from pydantic import ValidationError
from streamlit.delta_generator import DeltaGenerator

from app.ui import frame, links, numbers, redraws
from core.foundation.errors import Invalid, PortalError
from core.foundation.json_text import unambiguous
from core.foundation.text import _
from core.foundation.validation import invalid_of

# What may be longer has several lines.
LONGEST_LINE = 1_000
Schema = Mapping[str, Any]
P = ParamSpec("P")


class Attempt:
    """Whether what a button asked for was done."""

    def __init__(self) -> None:
        self.succeeded = False


@contextmanager
def attempt(places: Mapping[str, DeltaGenerator] | None = None) -> Iterator[Attempt]:
    """Does what a button asks for; a refusal is shown here, in its own words, and the rest of the page stands:
    `with forms.attempt() as done: portal().training.cancel_run(...)`. What is wrong with a field that has one of the
    `places` is said there, and only pointed to from here."""
    tried = Attempt()
    try:
        yield tried
        tried.succeeded = True
    except Invalid as error:
        frame.refusal(_at_field(error, places or {}))
    except ValidationError as error:
        frame.refusal(invalid_of(error))
    except PortalError as error:
        frame.refusal(error)


def _at_field(error: Invalid, places: Mapping[str, DeltaGenerator]) -> Invalid:
    """Shows the message below the field it is about, or below the nearest one around it, with its hint: the line, say.
    Returns what is left to say elsewhere."""
    around = [name for name in places if error.field == name or error.field.startswith(f"{name}.")]
    if not around:
        return error
    hint = f"  \n{links.escape(error.hint)}" if error.hint else ""
    places[max(around, key=len)].caption(f":red[:material/error: {links.escape(error.message)}]{hint}")
    return Invalid(_("This cannot be done yet"), hint=_("What is wrong is said at its field."))


def fields(
    schema: Schema,
    *,
    key: str,
    values: Mapping[str, Any] | None = None,
    columns: int = 2,
    only: Sequence[str] = (),
    places: dict[str, DeltaGenerator] | None = None,
) -> dict[str, Any]:
    """One field for each property of a JSON schema, filled with `values` or the defaults; returns what was entered.
    `places` records where below each field an error may be shown."""
    properties = {name: prop for name, prop in schema.get("properties", {}).items() if not only or name in only}
    cells = st.columns(columns, gap="medium") if columns > 1 and len(properties) > 1 else [st.container()]
    entered: dict[str, Any] = {}
    for number, (name, prop) in enumerate(properties.items()):
        with cells[number % len(cells)]:
            default = (values or {}).get(name, prop.get("default"))
            entered[name] = field(name, resolved(prop, schema), key=f"{key}_{name}", default=default)
            if places is not None:
                places[f"params.{name}"] = st.container()
    return entered


def resolved(prop: Schema, schema: Schema) -> Schema:
    """A property with its reference followed and its "or null" taken off."""
    if "$ref" in prop:
        return {**schema["$defs"][prop["$ref"].rpartition("/")[2]], **{k: v for k, v in prop.items() if k != "$ref"}}
    if "allOf" in prop:
        return resolved({**prop["allOf"][0], **{k: v for k, v in prop.items() if k != "allOf"}}, schema)
    choices = [choice for choice in prop.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        return resolved({**choices[0], **{k: v for k, v in prop.items() if k != "anyOf"}, "optional": True}, schema)
    return prop


def field(name: str, prop: Schema, *, key: str, default: Any = None) -> Any:
    """The widget of one property: a choice, a switch, a number with its limits, text, or JSON for what is nested."""
    label = links.escape(_(str(prop.get("title") or name.replace("_", " "))).capitalize())
    help_text = _(prop.get("description") or "") or None
    if "enum" in prop:
        options = list(prop["enum"])
        index = options.index(default) if default in options else 0
        return st.selectbox(label, options, index=index, key=key, help=help_text)
    kind = prop.get("type")
    if kind == "boolean":
        return st.toggle(label, value=bool(default), key=key, help=help_text)
    if kind in ("integer", "number"):
        return _number(label, prop, key=key, default=default)
    if kind == "string" and prop.get("maxLength", 0) > LONGEST_LINE:
        return st.text_area(label, value=str(default or ""), key=key, help=help_text)
    if kind == "string":
        return st.text_input(label, value=str(default or ""), key=key, help=help_text)
    return _nested(label, prop, key=key, default=default)


def _number(label: str, prop: Schema, *, key: str, default: Any) -> float | int | None:
    # The limits are the schema's: they are said in the help, and the service refuses what lies outside, in words.
    whole = prop.get("type") == "integer"
    convert = int if whole else float
    value = None if default is None else convert(default)
    return st.number_input(
        label,
        value=value,
        step=1 if whole else None,
        format="%d" if whole else "%g",
        key=key,
        help=" ".join(part for part in (_(str(prop.get("description") or "")), limits(prop)) if part) or None,
    )


def limits(prop: Schema) -> str:
    """The limits of a number in words."""
    low, high = prop.get("minimum", prop.get("exclusiveMinimum")), prop.get("maximum", prop.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return _("From {low} to {high}.").format(low=numbers.figure(low), high=numbers.figure(high))
    if low is not None:
        return _("At least {low}.").format(low=numbers.figure(low))
    return _("At most {high}.").format(high=numbers.figure(high)) if high is not None else ""


def _nested(label: str, prop: Schema, *, key: str, default: Any) -> Any:
    if prop.get("type") == "array" and prop.get("items", {}).get("type") in ("integer", "number", "string"):
        kind = prop["items"]["type"]
        help_text = " ".join(filter(None, (_(str(prop.get("description") or "")), _("Separate with commas."))))
        entered = st.text_input(label, value=", ".join(str(item) for item in default or ()), key=key, help=help_text)
        return tuple(_item(part.strip(), kind) for part in entered.split(",") if part.strip())
    text = st.text_area(label, value=json.dumps(default if default is not None else {}), key=key)
    return parsed(text, label)


def _item(text: str, kind: str) -> Any:
    if kind == "string":
        return text
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError as error:
        raise Invalid(_("{text} is no number").format(text=repr(text[:40]))) from error


def parsed(text: str, label: str) -> Any:
    """JSON that someone typed. Invalid says where it goes wrong."""
    try:
        return unambiguous(text)
    except ValueError as error:
        raise Invalid(_("{label} is not JSON: {why}").format(label=label, why=error)) from error


def choose_project(*, key: str) -> str:
    """The project something is made in: chosen where there are several, else the only one."""
    from app.session import projects

    offered = projects()
    if not offered:
        raise Invalid(_("You are in no project yet"), hint=_("Ask an administrator for a role in one."))
    if len(offered) == 1:
        return next(iter(offered))
    return str(
        st.selectbox(_("Project"), list(offered), format_func=lambda project: links.escape(offered[project]), key=key)
    )


def dialog(title: str, **options: Any) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """A dialog whose title is translated when it opens: `@forms.dialog(N_("New model"))`. Other arguments are those
    of Streamlit's own decorator."""

    def declare(body: Callable[P, None]) -> Callable[P, None]:
        @wraps(body)
        def opened(*args: P.args, **kwargs: P.kwargs) -> None:
            redraws.notice_dialog()
            st.dialog(_(title), on_dismiss="rerun", **options)(redraws.opening(body))(*args, **kwargs)

        return opened

    return declare
