"""Sweeps: searches for good parameters, each with its best and what that was worth when it was confirmed."""

import streamlit as st

from app.session import actor, may, portal
from app.sweeps.wording import best_words, count_words, interval_words, metric_words
from app.ui import frame, links, status, times
from app.ui.tables import offset_of, pager, shown_of
from app.ui.wording import counted
from core.foundation.text import _
from core.identity.permissions import Permission
from core.sweeps.values import Sweep, SweepState

SIZE = 20
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
        key="state",
        bind="query-params",
        label_visibility="collapsed",
    )
    _list(SweepState(state) if state else None)


def _list(state: SweepState | None) -> None:
    offset = offset_of("page", size=SIZE)
    listing = portal().sweeps.list_sweeps(actor(), state=state or "", offset=offset, limit=SIZE)
    if not listing.items:
        frame.empty(_("No sweep matches"), advice=_("Clear the filters to see all."), icon="filter_alt_off")
        return
    running = any(not item.state.is_over for item in listing.items)
    frame.live(lambda: _rows(state, offset), running=running)
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _rows(state: SweepState | None, offset: int) -> bool:
    items = portal().sweeps.list_sweeps(actor(), state=state or "", offset=offset, limit=SIZE).items
    with frame.rows("sweeps"):
        for item in items:
            _row(item)
    return any(not item.state.is_over for item in items)


def _row(item: Sweep) -> None:
    confirmed = item.confirmation.value
    value = f"{metric_words(item.metric)} {interval_words(confirmed)}" if confirmed else best_words(item)
    parts = [item.id, count_words(item), item.recipe, item.training_set_id, item.cause]
    frame.row(
        item.id,
        title=item.title,
        target=item.id,
        state=item.state,
        value=f":gray[{links.escape(value)}]" if value else "",
        detail=" · ".join(links.escape(part) for part in parts if part),
        age=times.ago(item.created_at, now=frame.now()),
    )


show()
