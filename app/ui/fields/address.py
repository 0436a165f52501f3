"""Fields whose value stands in the address, so that what is seen can be sent, kept and come back to. There stands the
value and never its label, which is another one in every language; and the address decides what a field shows, so that
a link to the same page, a kept view and the way back show what they name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from app.ui import numbers
from core.foundation.text import _

BETWEEN = ","
# What tabs show, by their names.
Parts = dict[str, Callable[[], object]]


def put(name: str, value: str) -> None:
    """Writes into the address; nothing there is what it is without."""
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def text(key: str) -> dict[str, Any]:
    """The arguments of a field of text that stands in the address as `?key=`: `st.text_input(label, **text("q"))`."""
    return _field(key, st.query_params.get(key, ""), str)


def flag(key: str, *, usual: bool = False) -> dict[str, Any]:
    """Those of a toggle, for which something stands there where it is not as usual."""
    given = st.query_params.get(key, "").lower()
    shown = {"true": True, "1": True, "false": False, "0": False}.get(given, usual)
    return _field(key, shown, lambda value: "" if value is usual else str(value).lower())


def number(key: str, *, low: float, high: float) -> dict[str, Any]:
    """Those of a slider whose usual place is the lowest."""
    try:
        given = float(st.query_params.get(key, ""))
    except ValueError:
        given = low
    shown = given if low <= given <= high else low
    return _field(key, shown, lambda value: "" if value == low else numbers.entered(value))


def one_of(key: str, options: Mapping[str, str], *, usual: str | None = "") -> dict[str, Any]:
    """Those of a choice among `options`, labels by value, with `usual` where nothing stands there; None where nothing
    need be chosen."""
    given = _value(st.query_params.get(key, ""), options)
    shown = usual if given is None else given
    return _field(key, shown, lambda value: "" if value in (None, usual) else str(value))


def some_of(key: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Those of a choice of several."""
    given = [_value(part, options) for part in st.query_params.get(key, "").split(BETWEEN)]
    shown = [value for value in dict.fromkeys(given) if value]
    return _field(key, shown, lambda values: BETWEEN.join(values or ()))


def tabs(parts: Mapping[str, Callable[[], object]], *, key: str = "tab") -> None:
    """Tabs by their names, marked for translation. What a tab reads is read only while it is looked at."""
    for place, draw in zip(open_tabs(tuple(parts), key=key), parts.values(), strict=True):
        if place.open:
            with place:
                draw()


def open_tabs(names: Sequence[str], *, key: str, usual: str = "") -> Sequence[Any]:
    """The places of tabs. Which one is open stands in the address, unless it is the usual one, else the first."""
    slugs = {_slug(name): _(name) for name in names}
    values = {label: slug for slug, label in slugs.items()}
    first = _(usual or names[0])
    given = slugs.get(_slug(st.query_params.get(key, "")), first)
    return st.tabs(list(values), **_field(key, given, lambda label: "" if label == first else values.get(label, "")))


def _slug(name: str) -> str:
    """ "How to call it" as how_to_call_it."""
    return "".join(letter if letter.isalnum() else "_" for letter in name.casefold())


def _value(given: str, options: Mapping[str, str]) -> str | None:
    """The option that stands there. Older addresses have its label."""
    labels = {_(label).casefold(): value for value, label in options.items()}
    return given if given and given in options else labels.get(given.casefold()) if given else None


def _field(key: str, shown: Any, write: Callable[[Any], str]) -> dict[str, Any]:
    """A field that shows what the address says, and writes there what somebody enters. What means nothing there is
    taken away."""
    if key not in st.session_state or st.session_state[key] != shown:
        st.session_state[key] = shown
    if write(shown) != st.query_params.get(key, ""):
        put(key, write(shown))
    return {"key": key, "on_change": lambda: put(key, write(st.session_state[key]))}
