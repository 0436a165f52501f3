"""What every page is made of: its header, sections, lists, empty states, live parts, and calm words when something is
refused. Pages catch nothing; the frame shows what goes wrong."""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.errors import FragmentHandledException

from app.session import actor, portal
from app.ui import links, redraws, status, times
from app.ui.health import health_line, health_mark, put_away_line, warning_of_sources
from core.foundation.errors import NotAllowed, NotFound, PortalError, Unavailable, new_error_id
from core.foundation.text import _
from core.health.values import Health

T = TypeVar("T")
log = logging.getLogger(__name__)
FLASH = "causeway_flash"
TAB = "causeway_tab"
PRODUCT = "Causeway"
NAMES = "causeway_names"
LIVE_SECONDS = 2.0


def now() -> datetime:
    """The present instant, for relative times."""
    return portal().foundation.clock.now().astimezone(UTC)


def local(when: datetime) -> datetime:
    """An instant in the visitor's own time zone, as the browser names it."""
    return when.astimezone(zone())


def zone() -> tzinfo:
    """The visitor's time zone; UTC when the browser names none that we know."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def name_of(person_id: str) -> str:
    """The name of a person or service account, as it was read earlier in this session; the id where there is none."""
    names: dict[str, str] = st.session_state.setdefault(NAMES, {})
    if person_id and person_id not in names:
        names.update({person.id: person.name for person in portal().identity.list_people(actor(), limit=200).items})
        names.setdefault(person_id, person_id)
    return names.get(person_id, person_id)


def header(
    title: str,
    *,
    stage: str = "",
    state: str = "",
    label: str = "",
    facts: Sequence[str] = (),
    crumbs: Sequence[tuple[str, str]] = (),
    here: str = "",
    whole: str = "",
    health: Health | None = None,
    tab: str = "",
) -> DeltaGenerator:
    """The head of a page; returns the place at its right edge for at most one primary button, one secondary, one menu.
    `facts` are Markdown, at most four; `crumbs` are (label, url or object id), after which `here` (or the title) names
    the page itself; `whole` is what it is a part of, where that may be put away. `stage` is where the object is in its
    life; beside it stands its `health` or, of what has none, its `state`. A browser's tab says the title, or `tab`."""
    name_tab(tab or title)
    with st.container(key="page_header", gap=None):
        if crumbs:
            _breadcrumb(crumbs, here or title)
        with st.container(
            key="page_top",
            horizontal=True,
            horizontal_alignment="distribute",
            vertical_alignment="center",
            wrap=False,
        ):
            with st.container(key="page_title", horizontal=True, vertical_alignment="center", gap="small"):
                st.title(links.escape(title), anchor=False, width="content")
                status.marks(stage, state=state, label=label)
                health_mark(health)
            actions = st.container(
                key="page_actions", horizontal=True, horizontal_alignment="right", gap="xsmall", width="content"
            )
        st.caption(" · ".join(fact for fact in facts if fact) or "\u00a0")
    put_away_line(whole or here)
    if not warning_of_sources(links.shown_id()):
        health_line(health)
    return actions


def name_tab(title: str) -> None:
    """What the browser's tab says: what the page is about, and the product. A page that is drawn again keeps it."""
    name = f"{title} \u00b7 {PRODUCT}"
    if st.session_state.get(TAB) != name:
        st.session_state[TAB] = name
        st.set_page_config(page_title=name)


def _breadcrumb(crumbs: Sequence[tuple[str, str]], title: str) -> None:
    with st.container(key="page_crumbs", horizontal=True, gap=None, vertical_alignment="center"):
        for label, target in crumbs:
            if links.has_page(target):
                links.link(target, label)
            else:
                links.page_link(target, links.escape(label))
        st.caption(links.escape(title), width="content")


def section(title: str, *, hint: str = "", key: str = "") -> DeltaGenerator:
    """The bar of a section: its name, a gray hint (a count, or what figures rest on); returns the place at its right
    edge for a control, below the words where both find no room."""
    with st.container(
        key=f"sec_{key or _slug(title)}",
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
    ):
        shown = f"{title} :gray[{hint}]" if hint else title
        st.header(shown, anchor=False, width="content")
        return st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", width="content")


def card(key: str, *, height: int | Literal["content", "stretch"] = "content", tight: bool = False) -> DeltaGenerator:
    """A bordered card for what belongs together: `with frame.card("decision"): ...`. Cards are never nested; in a
    `tight` one short lines stand close."""
    return st.container(key=f"card_{key}", border=True, gap="xsmall" if tight else "small", height=height)


def card_head(title: str, *, stage: str = "", state: str = "", health: Health | None = None, text: str = "") -> None:
    """The head of a detail card: name, marks, and one sentence. In a narrow card the marks stand below the name."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="xsmall"):
        st.header(links.escape(title), anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
            status.marks(stage, state=state, label="")
            health_mark(health)
    if text:
        st.caption(links.escape(text))


def rows(key: str) -> DeltaGenerator:
    """A bordered list; draw `row` inside it."""
    return st.container(key=f"list_{key}", border=True, gap=None)


def row(
    key: str,
    *,
    title: str,
    target: str = "",
    value: str = "",
    detail: str = "",
    state: str = "",
    label: str = "",
    icon: str = "",
    age: str = "",
) -> DeltaGenerator:
    """One row of a list: icon, linked title with value and badge, a gray line of why, age; returns the place for its
    one action. `title` is plain text; `value`, `detail` and `icon` are Markdown."""
    with st.container(
        key=f"row_{key}",
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        gap="small",
        wrap=False,
    ):
        if icon:
            st.markdown(icon, width=20)
        with st.container(gap=None, key=f"cell_{key}"):
            _row_title(key, title, target, value, state, label)
            if detail:
                st.caption(detail)
        if age:
            st.caption(age, width="content")
        return st.container(
            key=f"act_{key}", horizontal=True, vertical_alignment="center", width="content", gap="xsmall"
        )


def _row_title(key: str, title: str, target: str, value: str, state: str, label: str) -> None:
    with st.container(key=f"title_{key}", horizontal=True, vertical_alignment="center", gap="xsmall"):
        if target:
            links.link(target, title)
        else:
            st.markdown(f"**{links.escape(title)}**", width="content")
        if value:
            st.markdown(value, width="content")
        if state:
            status.badge(state, label)


def facts(pairs: Mapping[str, str]) -> None:
    """A table of facts without a header: label to Markdown."""
    st.table({"": list(pairs), " ": list(pairs.values())}, border="horizontal", hide_header=True, hide_index=True)


def empty(statement: str, *, advice: str = "", icon: str = "inbox", key: str = "") -> DeltaGenerator:
    """What stands where nothing is yet: a bold statement and one sentence of what to do; returns the place for the one
    button."""
    with st.container(key=f"empty_{key or _slug(statement)}", horizontal_alignment="center", border=True, gap="xsmall"):
        st.markdown(f":gray[:material/{icon}:]", width="content")
        st.markdown(f"**{statement}**", width="content")
        if advice:
            st.caption(advice, width="content")
        return st.container(horizontal=True, horizontal_alignment="center", width="content")


def more(choices: Iterable[str], *, key: str = "more") -> str | None:
    """The menu at the end of the header's actions; returns the label that was chosen."""
    return kebab(_("More actions"), choices, key=key)


def kebab(name: str, choices: Iterable[str], *, key: str) -> str | None:
    """A menu behind three dots; returns the label that was chosen. The style sheet draws the dots and hides the name,
    which those hear who do not see them."""
    with st.container(key=f"kebab_{key}", width="content"):
        return st.menu_button(name, list(choices), type="tertiary", key=key)


def say(message: str) -> None:
    """A short word about what was done, shown once the next page has been drawn."""
    st.session_state.setdefault(FLASH, []).append(message)


def show_said() -> None:
    for message in st.session_state.pop(FLASH, []):
        st.toast(message, icon=":material/check:")


@contextmanager
def guarded() -> Iterator[None]:
    """Shows what goes wrong inside, where it went wrong."""
    try:
        yield
    except FragmentHandledException:
        return
    except PortalError as error:
        refusal(error)
    except Exception as error:
        if redraws.met_another_run(error):
            st.rerun()
        failure(error)


def icon_of(error: PortalError) -> str:
    """The bare name of the icon of a refusal."""
    icons = {NotFound: "search_off", NotAllowed: "lock", Unavailable: "cloud_off"}
    return next((name for kind, name in icons.items() if isinstance(error, kind)), "info")


def refusal(error: PortalError) -> None:
    """An error in the portal's own words."""
    color = "red" if isinstance(error, Unavailable) else "orange"
    with st.container(key=f"refusal_{uuid.uuid4().hex[:8]}", border=True, gap="xsmall"):
        st.markdown(f":{color}[:material/{icon_of(error)}:] **{links.linked(error.message)}**")
        if error.hint:
            st.caption(links.escape(error.hint))


def failure(error: BaseException) -> str:
    """An error that nobody foresaw: logged under an id that people can pass on. Returns the id."""
    error_id = new_error_id()
    log.error("error %s", error_id, exc_info=error, extra={"error": error_id})
    with st.container(key=f"failure_{error_id}", border=True, gap="xsmall"):
        message = _("This part of the page could not be shown")
        st.markdown(f":red[:material/error:] **{message}**")
        st.caption(_("Nothing was changed by showing it. Reload the page; if it stays, pass on this number:"))
        st.code(error_id, language=None, width=260)
    return error_id


def live(body: Callable[[], bool | None], *, running: bool, every: float = LIVE_SECONDS) -> None:
    """Draws `body` again every few seconds while something runs. `body` returns whether it still does; when that has
    ended the whole page is drawn once more."""
    draws = count()

    def part() -> None:
        ended = False
        with guarded(), redraws.drawing(again=running and next(draws) > 0):
            ended = body() is False and running
        if ended:
            redraws.draw_page()

    redraws.part(part, every=every if running else None)


def live_page(read: Callable[[], T], draw: Callable[[T], object], *, runs: Callable[[T], bool]) -> None:
    """The page of an object: while `runs` says that it is under way the whole page is read and drawn again every few
    seconds, its header, actions, lineage and activity included."""
    first = read()
    fresh = [first]

    def body() -> bool:
        current = fresh.pop() if fresh else read()
        draw(current)
        return runs(current)

    live(body, running=runs(first))


def lineage(object_id: str, *, key: str = "lineage") -> None:
    """The section that shows what led to an object and what follows from it."""
    from app.ui.lineage.component import lineage as draw

    chain = portal().identity.lineage(actor(), object_id=object_id)
    neighbors = len(chain.things) - 1
    hint = _("pick a node to trace it") if neighbors else _("nothing led to it and nothing follows from it yet")
    section(_("Lineage"), hint=hint, key=key)
    if neighbors:
        draw(chain, key=key)


def activity(object_id: str = "", *, limit: int = 8, key: str = "activity") -> None:
    """What happened lately, to one object or in the visitor's projects, with times in a column of their own."""
    from app.ui.audit_sentences import is_on_timelines, sentence

    activity = portal().audit.activity(actor(), subject=object_id, limit=limit * 5)
    events = [event for event in activity if is_on_timelines(event)][:limit]
    with card(key, tight=True):
        if not events:
            st.caption(_("Nothing has happened yet."))
        for number, event in enumerate(events):
            with st.container(horizontal=True, gap="small", wrap=False, key=f"event_{key}_{number}"):
                st.caption(times.clock(local(event.time), now=local(now())), width=68)
                st.markdown(sentence(event))


def _slug(text: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in text.lower())[:40]
