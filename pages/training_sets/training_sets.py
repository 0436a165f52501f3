"""Training sets: rows to learn from, joined with what was known at each of them, split by time."""

import streamlit as st

from app.session import actor, may, portal
from app.training_sets.report import label_words
from app.ui import frame, links, status, times
from app.ui.tables import offset_of, pager, search, shown_of
from app.ui.wording import counted
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.text import _
from core.identity.permissions import Permission

SIZE = 20


def show() -> None:
    total = portal().features.list_training_sets(actor(), limit=1).total
    facts = [
        counted(total, _("training set"), _("training sets")),
        _("joined by what was known at each row's moment"),
    ]
    with frame.header(_("Training sets"), facts=facts if total else []):
        if may(Permission.FEATURE_SQL) and st.button(_("New training set"), icon=":material/add:", type="primary"):
            links.open_page("new-training-set")
    if not total:
        advice = _("A training set joins rows with features as they were known then, and splits them by time.")
        frame.empty(_("No training sets yet"), advice=advice, icon="table_view")
        return
    query, state = _filters()
    offset = offset_of("page", size=SIZE)
    listing = portal().features.list_training_sets(
        actor(), search=query, state=TrainingSetState(state) if state else "", offset=offset, limit=SIZE
    )
    if not listing.items:
        frame.empty(_("No training set matches"), advice=_("Clear the filters to see all."), icon="filter_alt_off")
        return
    with frame.rows("training_sets"):
        for item in listing.items:
            _row(item)
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _filters() -> tuple[str, str]:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        query = search(_("Search name or id"), key="q")
        state = st.pills(
            _("State"),
            [state.value for state in TrainingSetState],
            format_func=lambda state: status.look(state).word,
            key="state",
            bind="query-params",
            label_visibility="collapsed",
        )
    return query, state or ""


def _row(item: TrainingSet) -> None:
    rows = sum(split.rows for split in item.splits)
    splits = ", ".join(f"{split.name} {times.number(split.rows)}" for split in item.splits)
    inputs = item.contract.categories() + item.contract.numbers() if item.contract else ()
    views = counted(len(item.uses), _("view"), _("views"))
    told = counted(len(inputs), _("input"), _("inputs")) if inputs else ""
    parts = [item.id, splits or item.cause, views, told, "" if item.entity.can_teach else label_words(item)]
    n_rows = _("{n} rows")
    frame.row(
        item.id,
        title=item.name,
        target=item.id,
        state=item.state,
        value=f":gray[{n_rows.format(n=times.number(rows))}]" if rows else "",
        detail=" · ".join(links.escape(part) for part in parts if part),
        age=times.ago(item.created_at, now=frame.now()),
    )


show()
