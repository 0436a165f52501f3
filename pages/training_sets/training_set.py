"""One training set: its splits, what was checked for leaks, what a model will be asked with, and its rows."""

import streamlit as st

from app.features.catalog import input_lines
from app.lake.profiles import preview_table
from app.session import actor, may, portal
from app.training_sets.importance import importance_of_inputs
from app.training_sets.leakage import leaks
from app.training_sets.menu import menu, next_step, sweep
from app.training_sets.report import (
    answers,
    facts_of,
    label,
    late_rows,
    manifest,
    offer_newer,
    splits_table,
)
from app.training_sets.review import accept_dialog
from app.ui import frame, links
from app.ui.fields.address import tabs
from app.ui.health import health_of, put_away_state
from app.ui.jobs import cause_card, job_progress
from app.ui.primary_action import primary_action, what_is_missing
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission


def show() -> None:
    wanted = links.wanted_id(Kind.TRAINING_SET)
    frame.live_page(
        lambda: portal().training_sets.get_training_set(actor(), training_set_id=wanted),
        _draw,
        runs=lambda training_set: training_set.state is TrainingSetState.BUILDING,
    )


def _draw(training_set: TrainingSet) -> None:
    crumbs = [(_("Training sets"), "training-sets")]
    health, is_in_use = health_of(training_set.id), not put_away_state(training_set.id)
    state, facts = "" if health else training_set.state, facts_of(training_set)
    with frame.header(training_set.title, state=state, facts=facts, crumbs=crumbs, here=training_set.id, health=health):
        action = next_step(training_set)
        if action.name == "start_training":
            sweep(training_set, missing=action.missing)
        if primary_action(action) and action.name == "accept_inputs":
            accept_dialog(training_set)
        if may(Permission.FEATURE_SQL, project=training_set.project):
            menu(training_set)
    what_is_missing(action)
    if training_set.state is TrainingSetState.BUILDING:
        job_progress(training_set.job_id)
    if training_set.cause:
        cause_card(training_set.cause, job_id=training_set.job_id)
    offer_newer(training_set, may_make=is_in_use and may(Permission.FEATURE_SQL, project=training_set.project))
    tabs(
        {
            N_("Splits"): lambda: _splits(training_set),
            N_("Answers"): lambda: answers(training_set),
            N_("Inputs"): lambda: _inputs(training_set),
            N_("Rows"): lambda: _rows(training_set),
            N_("SQL"): lambda: _query(training_set),
            N_("Manifest"): lambda: manifest(training_set),
            N_("Lineage"): lambda: frame.lineage(training_set.id),
        }
    )


def _query(training_set: TrainingSet) -> None:
    st.code(training_set.entity.sql, language="sql")
    for name, snapshot in training_set.entity.sources.items():
        links.link(snapshot, f"{name}: {snapshot}", icon=links.icon_of(snapshot))


def _splits(training_set: TrainingSet) -> None:
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        splits_table(training_set)
        leaks(training_set)
    with right:
        label(training_set)
    late_rows(training_set)


def _inputs(training_set: TrainingSet) -> None:
    if training_set.contract is None:
        st.caption(_("Known once the set is built."))
        return
    titles = (_("Input"), _("Kind"), _("Comes from"), _("Feature"))
    lines = input_lines(training_set.contract)
    columns = {title: [line[at] for line in lines] for at, title in enumerate(titles)}
    st.dataframe(columns, hide_index=True, row_height=34, height=min(620, 34 * len(lines) + 34))
    importance_of_inputs(training_set)


def _rows(training_set: TrainingSet) -> None:
    if not training_set.splits:
        st.caption(_("Known once the set is built."))
        return
    names = [split.name for split in training_set.splits]
    split = st.segmented_control(
        _("Split"), names, default=names[0], required=True, key="split", label_visibility="collapsed"
    )
    images = training_set.contract.images() if training_set.contract else ()
    preview_table(
        portal().training_sets.preview_training_set(actor(), training_set_id=training_set.id, split=split, limit=50),
        images=images,
    )


show()
