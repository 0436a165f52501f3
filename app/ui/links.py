"""From a short id to its page and its title, and names made safe for Markdown. Every object's name on a page is such a
link."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app import navigation
from app.session import actor, portal, unless_changed
from app.ui import redraws
from app.ui.numbers import NARROW
from core.foundation.errors import NotFound
from core.foundation.ids import Kind, is_id, kind_of
from core.foundation.text import THIN, _

URLS: dict[Kind, str] = {
    Kind.REQUIREMENT: "requirement",
    Kind.DATASET: "dataset",
    Kind.SNAPSHOT: "dataset",
    Kind.IMPORT: "import",
    Kind.FEATURE_VIEW: "feature-view",
    Kind.FEATURE_VERSION: "feature-view",
    Kind.MATERIALIZATION: "materialization",
    Kind.FEATURE_PARITY: "feature-parity",
    Kind.TRAINING_SET: "training-set",
    Kind.JOB: "job",
    Kind.RUN: "run",
    Kind.QUERY: "query",
    Kind.SWEEP: "sweep",
    Kind.MODEL: "model",
    Kind.MODEL_VERSION: "version",
    Kind.EVIDENCE: "evidence",
    Kind.ENDPOINT: "endpoint",
    Kind.LOAD_TEST: "load-test",
    Kind.PROMOTION: "promotion",
    Kind.POLICY: "promotions",
    Kind.PERSON: "people",
    Kind.SERVICE_ACCOUNT: "people",
}
TARGET_KEY, SHOWN_KEY, ADDRESS_KEY = "causeway_open", "causeway_shown", "causeway_address"
# What of an address says which object a page shows; the rest is how.
NAMING = ("id", "version")
ID = re.compile(r"\b[A-Z]+-[0-9]+\b")
# Those within a number are none: they are kept, and break no line.
SPACES = re.compile(r"[^\S\u2009\u202f]+")
SPECIAL = re.compile(r"([\\\[\]`*_$:<>#~|!])")


def escape(text: str) -> str:
    """A name as Markdown shows it literally: no directive, link, formula or HTML in it comes alive."""
    return SPECIAL.sub(r"\\\1", SPACES.sub(" ", text.strip())).replace(THIN, NARROW)


def linked(text: str) -> str:
    """The same, with each id in it as a link."""
    return ID.sub(lambda match: _as_link(match[0]), escape(text))


def _as_link(object_id: str) -> str:
    return f"[{object_id}]({address_of(object_id)})" if has_page(object_id) else object_id


def code(text: str) -> str:
    """A name of a machine's as code. Nothing comes alive in code, so nothing is escaped in it."""
    return "`" + (" ".join(text.split()).replace("`", "\u2019") or " ") + "`"


def escape_lines(text: str) -> str:
    """A longer text as Markdown shows it literally, its lines and paragraphs kept."""
    return "\n\n".join("  \n".join(escape(line) for line in part.splitlines()) for part in text.split("\n\n"))


def has_page(object_id: str) -> bool:
    return is_id(object_id) and kind_of(object_id) in URLS


def url_of(object_id: str) -> str:
    """The page's url, without its query. NotFound when the id is none of ours or its kind has no page."""
    kind = kind_of(object_id)
    if kind not in URLS:
        raise NotFound(f"{object_id} has no page of its own")
    return URLS[kind]


def icon_of(object_id: str) -> str:
    return navigation.cards()[url_of(object_id)].icon if has_page(object_id) else ":material/circle:"


def link(object_id: str, label: str = "", *, icon: str | None = None, help: str | None = None) -> None:
    """A link to an object's page; plain text where it has none. Without `icon` it has none."""
    shown = escape(label or object_id)
    if not has_page(object_id):
        st.markdown(shown)
        return
    page = navigation.page(url_of(object_id))
    st.page_link(page, label=shown, icon=icon or "", help=help, query_params={"id": object_id})


def page_link(url: str, label: str, *, icon: str | None = None, **query: str) -> None:
    """A link to one of our pages with its query: `page_link("compare", _("Compare"), ids="MV-1,MV-2")`."""
    st.page_link(navigation.page(url), label=label, icon=icon or "", query_params=query or None)


def follow(target: str, label: str, **query: str) -> None:
    """A link that leads on to a report: the arrow stands behind its word. `target` is an object's id, or one of our
    pages with its query."""
    is_object = has_page(target)
    page = navigation.page(url_of(target) if is_object else target)
    params = {"id": target} if is_object else query
    arrow = ":material/arrow_outward:"
    st.page_link(page, label=escape(label), icon=arrow, icon_position="right", query_params=params or None)


def open_page(url: str, **query: str) -> None:
    """Goes to one of our pages now."""
    redraws.leave_page()
    st.switch_page(navigation.page(url), query_params=query)


def open_object(object_id: str) -> None:
    """Goes to an object's page now: `open_object(run.id)` after it was started."""
    open_page(url_of(object_id), id=object_id)


def address_of(target: str) -> str:
    """Where an object's id, or one of our pages with its query, is found from any of our pages; "" when it is none."""
    if has_page(target):
        return f"{url_of(target)}?id={target}"
    return target if target.partition("?")[0] in navigation.cards() else ""


def titles_of(object_ids: Iterable[str]) -> dict[str, str]:
    """What those of them are called now that the visitor may see; what names another object in passing may have been
    written down when that had another title. All are read at once, and once in a session until something changes."""
    known: dict[str, str] = unless_changed("titles", dict)
    wanted = {object_id for object_id in object_ids if object_id}
    if missing := tuple(sorted(wanted - known.keys())):
        known.update(portal().identity.titles(actor(), object_ids=missing))
    return {object_id: known[object_id] for object_id in wanted & known.keys()}


def title_of(object_id: str, known_as: str = "") -> str:
    """The title of one, or what it is known as where there is none."""
    return titles_of((object_id,)).get(object_id) or known_as or object_id


def request_open(target: str) -> None:
    """Opens an object's id, or one of our pages with its query, as the next thing that is drawn: what a component
    calls back may not leave the page itself."""
    st.session_state[TARGET_KEY] = target


def open_requested() -> None:
    """Goes where a component asked to go, if one did."""
    open_target(st.session_state.pop(TARGET_KEY, ""))


def open_target(target: str) -> None:
    """Goes to an object by its id, or to one of our pages with its query; stays where `target` is neither."""
    if has_page(target):
        open_object(target)
    elif address_of(target):
        url, _mark, query = target.partition("?")
        open_page(url, **dict(parse_qsl(query)))


def id_in_address(key: str, *kinds: Kind) -> str:
    """The id of what `?key=` names: by its id, or by an identifier or title that only one of these kinds has; "" where
    the address does not say. NotFound where no name or several fit."""
    return id_of(st.query_params.get(key, ""), *kinds)


def id_of(name: str, *kinds: Kind) -> str:
    """The same of a text."""
    return name if not name or is_id(name) else portal().identity.find_object(actor(), name=name, kinds=kinds).id


def keep_address() -> None:
    """Writes the object that the page shows into the browser's address. A link from one object to another on the same
    page does not do so by itself, and a reload would bring the first one back."""
    context = get_script_run_ctx()
    address = (context.page_script_hash if context else "", *(st.query_params.get(name, "") for name in NAMING))
    before = st.session_state.get(ADDRESS_KEY, address)
    st.session_state[ADDRESS_KEY] = address
    if before[0] == address[0] and before != address and "id" in st.query_params:
        st.query_params["id"] = st.query_params["id"]


def shown_id() -> str:
    """The id of the object that this page shows, whatever its address calls it; "" where it shows none."""
    name, object_id = st.session_state.get(SHOWN_KEY, ("", ""))
    return str(object_id) if name == st.query_params.get("id", "") else ""


def wanted_id(*kinds: Kind) -> str:
    """The id of what `?id=` of this page names, checked to be of one of the kinds. An object of another kind opens on
    its own page; NotFound where there is none."""
    wanted = id_in_address("id", *kinds)
    if not wanted:
        raise NotFound(
            _("This address names no object"), hint=_("It ends with an id or a name, for instance ?id=RUN-12.")
        )
    st.session_state[SHOWN_KEY] = (st.query_params["id"], wanted)
    kind = kind_of(wanted)
    if kind in kinds:
        return wanted
    if URLS.get(kind, "") not in {"", *(URLS[shown] for shown in kinds)}:
        open_object(wanted)
    raise NotFound(_("This page shows no object called {id}").format(id=repr(wanted[:40])))
