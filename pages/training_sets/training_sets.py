"""Training sets: rows to learn from, joined with what was known at each of them, split by time."""

import streamlit as st

from app.session import actor, may, portal
from app.training_sets.report import label_words
from app.ui import cells, frame, links, numbers, status
from app.ui.cells import Column, Row
from app.ui.components.rows import rows, window
from app.ui.fields.address import one_of
from app.ui.fields.naming import titled
from app.ui.health import Healths, health_cell, healths_of
from app.ui.tables import is_archived_chosen, no_match, search
from app.ui.wording import counted
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.text import _
from core.identity.permissions import Permission

STATES = tuple(state.value for state in TrainingSetState)


def show() -> None:
    total = portal().training_sets.list_training_sets(actor(), limit=1).total
    facts = [
        counted(total, _("training set"), _("training sets")),
        _("joined by what was known at each row's moment"),
    ]
    with frame.header(_("Training sets"), facts=facts if total else []):
        if may(Permission.FEATURE_SQL) and st.button(_("New training set"), icon=":material/add:", type="primary"):
            links.open_page("new-training-set")
    if not total and not portal().training_sets.list_training_sets(actor(), archived=True, limit=1).total:
        advice = _("A training set joins rows with features as they were known then, and splits them by time.")
        frame.empty(_("No training sets yet"), advice=advice, icon="table_view")
        return
    query, state, archived = _filters()
    part = window("training_sets", query, state, archived)
    listing = portal().training_sets.list_training_sets(
        actor(),
        search=query,
        state=TrainingSetState(state) if state else "",
        archived=archived,
        offset=part.offset,
        limit=part.limit,
    )
    if not listing.items:
        no_match(_("No training set matches"), {"q": "", "state": None, "kept": ""})
        return
    columns = (
        Column(_("Training set")),
        Column(_("Rows"), "number", 120),
        Column(_("State"), "state", 140),
        Column(_("Made"), "time", 100, priority=2),
    )
    healths = healths_of(item.id for item in listing.items)
    lines = [_row(item, healths) for item in listing.items]
    rows(columns, lines, key="training_sets", label=_("Training sets"), total=listing.total)


def _filters() -> tuple[str, str, bool]:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        query = search(_("Search name or id"), key="q")
        state = st.pills(
            _("State"),
            STATES,
            format_func=lambda state: status.look(state).word,
            label_visibility="collapsed",
            **one_of("state", status.words(STATES), usual=None),
        )
        archived = is_archived_chosen()
    return query, state or "", archived


def _row(item: TrainingSet, healths: Healths) -> Row:
    count = sum(split.rows for split in item.splits)
    splits = ", ".join(f"{split.name} {numbers.number(split.rows)}" for split in item.splits)
    inputs = item.contract.inputs() if item.contract else ()
    views = counted(len(item.uses), _("view"), _("views"))
    input_count = counted(len(inputs), _("input"), _("inputs")) if inputs else ""
    parts = [item.id, splits or item.cause, views, input_count, "" if item.entity.can_teach else label_words(item)]
    return Row(
        item.id,
        (
            titled(item.title, item.name, target=item.id, detail=" · ".join(part for part in parts if part)),
            cells.number(count or None),
            health_cell(healths[item.id]) if item.id in healths else cells.state(item.state),
            cells.time(item.created_at, now=frame.now()),
        ),
        target=item.id,
    )


show()
