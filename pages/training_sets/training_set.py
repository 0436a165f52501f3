"""One training set: its splits, what was checked for leaks, what a model will be asked with, and its rows."""

import streamlit as st

from app.features.catalog import input_lines
from app.lake.profiles import preview_table
from app.next_action.training import training_set_action
from app.session import actor, may, portal
from app.training_sets.report import answers, label, late_rows, leaks, manifest, offer_newer, splits_table
from app.ui import frame, links, numbers, times
from app.ui.jobs import cause_card, job_progress
from app.ui.primary_action import primary_action, rights, what_is_missing
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission


def show() -> None:
    wanted = links.wanted_id(Kind.TRAINING_SET)
    frame.live_page(
        lambda: portal().training_sets.get_training_set(actor(), training_set_id=wanted),
        _draw,
        runs=lambda found: found.state is TrainingSetState.BUILDING,
    )


def _draw(found: TrainingSet) -> None:
    crumbs = [(_("Training sets"), "training-sets")]
    with frame.header(found.name, state=found.state, facts=_facts(found), crumbs=crumbs, here=found.id):
        action = training_set_action(found, now=frame.now(), rights=rights(found.project))
        if action.name and st.button(
            _("Start a sweep"), icon=":material/tune:", disabled=bool(action.missing), help=action.missing or None
        ):
            links.open_page("start-sweep", training_set=found.id)
        primary_action(action)
        if may(Permission.FEATURE_SQL, project=found.project) and frame.more([_("Make one like it")]):
            links.open_page("new-training-set", like=found.id)
    what_is_missing(action)
    if found.state is TrainingSetState.BUILDING:
        job_progress(found.job_id)
    if found.cause:
        cause_card(found.cause, job_id=found.job_id)
    offer_newer(found, may_make=may(Permission.FEATURE_SQL, project=found.project))
    frame.tabs(
        {
            _("Splits"): lambda: _splits(found),
            _("Answers"): lambda: answers(found),
            _("Inputs"): lambda: _inputs(found),
            _("Rows"): lambda: _rows(found),
            _("SQL"): lambda: _query(found),
            _("Manifest"): lambda: manifest(found),
            _("Lineage"): lambda: frame.lineage(found.id),
        }
    )


def _query(found: TrainingSet) -> None:
    st.code(found.entity.sql, language="sql")
    for name, snapshot in found.entity.sources.items():
        links.link(snapshot, f"{name}: {snapshot}", icon=links.icon_of(snapshot))


def _facts(found: TrainingSet) -> list[str]:
    known = _("values count from when they were known") if found.known_at else _("values count from their event time")
    by = links.escape(frame.name_of(found.created_by))
    rows = found.manifest.rows if found.manifest else 0
    return [
        _("{n} rows").format(n=numbers.number(rows)),
        known,
        _("by {name}, {age}").format(name=by, age=times.ago(found.created_at, now=frame.now())),
        f"`{found.digest[:12]}`" if found.digest else "",
    ]


def _splits(found: TrainingSet) -> None:
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        frame.section(_("Splits"), hint=_("by the moment of prediction; the end is excluded"))
        splits_table(found)
        leaks(found)
    with right:
        label(found)
    late_rows(found)


def _inputs(found: TrainingSet) -> None:
    if found.contract is None:
        st.caption(_("Known once the set is built."))
        return
    titles = (_("Input"), _("Kind"), _("Comes from"), _("Feature"))
    lines = input_lines(found.contract)
    columns = {title: [line[at] for line in lines] for at, title in enumerate(titles)}
    st.dataframe(columns, hide_index=True, row_height=34, height=min(620, 34 * len(lines) + 34))


def _rows(found: TrainingSet) -> None:
    if not found.splits:
        st.caption(_("Known once the set is built."))
        return
    names = [split.name for split in found.splits]
    split = st.segmented_control(
        _("Split"), names, default=names[0], required=True, key="split", label_visibility="collapsed"
    )
    preview_table(portal().training_sets.preview_training_set(actor(), training_set_id=found.id, split=split, limit=50))


show()
