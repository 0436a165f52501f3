"""Sweeps: searches for good parameters, each with its best and what that was worth when it was confirmed."""

import streamlit as st

from app.session import actor, may, portal
from app.sweeps.wording import best_words, count_words, interval_words
from app.ui import cells, frame, links, status
from app.ui.cells import Column, Row
from app.ui.components.rows import rows, window
from app.ui.fields.address import one_of
from app.ui.numbers import metric_in_words
from app.ui.tables import no_match
from app.ui.wording import counted
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.sweeps.values import Sweep, SweepState

STATES = tuple(state.value for state in SweepState)


def show() -> None:
    total = portal().sweeps.list_sweeps(actor(), limit=1).total
    facts = [counted(total, _("sweep"), _("sweeps")), _("the best of each is trained again before it may be cited")]
    with frame.header(_("Sweeps"), facts=facts if total else []):
        allowed = may(Permission.JOBS_WRITE)
        if allowed and st.button(_("Start a sweep"), icon=":material/tune:", type="primary", key="start_sweep"):
            links.open_page("start-sweep")
    if not total:
        advice = _("A sweep tries parameters, keeps the best, and trains them again with fresh seeds.")
        with frame.empty(_("No sweeps yet"), advice=advice, icon="tune"):
            links.page_link("start-sweep", _("Start a sweep"), icon=":material/tune:")
        return
    state = st.pills(
        _("State"),
        STATES,
        format_func=lambda name: status.look(name).word,
        label_visibility="collapsed",
        **one_of("state", status.words(STATES), usual=None),
    )
    wanted = SweepState(state) if state else None
    frame.live(lambda: _list(wanted), running=_is_running(wanted))


def _read(state: SweepState | None) -> Listing[Sweep]:
    part = window("sweeps", state)
    return portal().sweeps.list_sweeps(actor(), state=state or "", offset=part.offset, limit=part.limit)


def _is_running(state: SweepState | None) -> bool:
    return any(not item.state.is_over for item in _read(state).items)


def _list(state: SweepState | None) -> bool:
    listing = _read(state)
    if not listing.items:
        no_match(_("No sweep matches"), {"state": None})
        return False
    columns = (
        Column(_("Sweep")),
        Column(_("Best"), width=270, priority=2),
        Column(_("State"), "state", 130),
        Column(_("Started"), "time", 100, priority=2),
    )
    lines = [_row(item) for item in listing.items]
    rows(columns, lines, key="sweeps", label=_("Sweeps"), total=listing.total)
    return any(not item.state.is_over for item in listing.items)


def _row(item: Sweep) -> Row:
    confirmed = item.confirmation.value
    value = f"{metric_in_words(item.metric)} {interval_words(confirmed)}" if confirmed else best_words(item)
    parts = [item.id, count_words(item), item.recipe, item.training_set_id, item.cause]
    return Row(
        item.id,
        (
            cells.text(item.title, target=item.id, detail=" · ".join(part for part in parts if part)),
            cells.text(value),
            cells.state(item.state),
            cells.time(item.created_at, now=frame.now()),
        ),
        target=item.id,
    )


show()
