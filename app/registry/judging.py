"""Judging a version on rows that it did not come with: chosen in a dialog, which proposes the columns and the label."""

from typing import Any

import streamlit as st

from app.registry import rows_of_project
from app.registry.rows_of_project import PLACES
from app.session import actor, may, portal
from app.ui import forms, frame, links
from app.ui.health import put_away_state
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.registry.values import ModelVersion
from core.tasks.task import task_of
from core.tasks.values import BINARY
from core.training.judging.values import JudgingProposal


def judge_button(version: ModelVersion, *, running: bool) -> None:
    """For those who may measure, where a metric judges what the version answers; not while it is `running` already."""
    is_judged = bool(task_of(version.signature.target).metrics)
    may_measure = may(Permission.EVIDENCE_WRITE, project=version.project) and not put_away_state(version.model_id)
    if not (is_judged and may_measure):
        return
    why = _("It is being judged. When that has ended, it can be judged on other rows.") if running else None
    if st.button(_("Judge on…"), icon=":material/rule:", key="judge_on", disabled=running, help=why):
        judge_on(version)


@forms.dialog(N_("Judge on other rows"), width="medium")
def judge_on(version: ModelVersion) -> None:
    """The rows, then what fills the inputs, then the job."""
    st.caption(_("The very file answers the rows; its figures stand beside those of training, with their intervals."))
    place = st.segmented_control(
        _("Rows of"), list(PLACES), format_func=lambda name: _(PLACES[name]), default="dataset", key="judge_place"
    )
    rows = rows_of_project.choose(
        version.project, place=place or "dataset", key="judge", leave_out=version.training_set_id
    )
    if not rows:
        return
    try:
        proposal = portal().judging.propose_judging(actor(), version_id=version.id, **rows)
    except Invalid as error:
        frame.refusal(error)
        return
    decided = {**rows, **_decided(version, proposal, is_dataset="snapshot_id" in rows)}
    if st.button(_("Judge"), type="primary", key="judge_now"):
        started: list[str] = []
        with forms.attempt() as done:
            started.append(portal().judging.judge_version(actor(), version_id=version.id, **decided).id)
        if done.succeeded:
            links.open_object(started[0])


def _decided(version: ModelVersion, proposal: JudgingProposal, *, is_dataset: bool) -> dict[str, Any]:
    """The label, and the columns where a person says so."""
    decided: dict[str, Any] = {}
    left, right = st.columns(2)
    if is_dataset:
        available = list(proposal.available)
        place = available.index(proposal.label) if proposal.label in available else 0
        decided["label"] = left.selectbox(_("Label"), available, index=place, key="judge_label")
    if version.signature.target.task == BINARY:
        help_text = _("Where labels are words: the one for yes. Leave it empty for 0 and 1.")
        decided["positive"] = right.text_input(_("Label for yes"), key="judge_positive", help=help_text) or ""
    if task_of(version.signature.target).has_groups and is_dataset:
        decided["group"] = _group(proposal)
    missing = [name for name, column in proposal.columns.items() if not column]
    head = _("Columns: {n} of {total} by name").format(
        n=len(proposal.columns) - len(missing), total=len(proposal.columns)
    )
    with st.expander(head, expanded=bool(missing)):
        decided["columns"] = _columns(proposal)
    return decided


def _group(proposal: JudgingProposal) -> str:
    """The column of the groups, which must be known before rows are ordered within them."""
    available = list(proposal.available)
    place = available.index(proposal.group) if proposal.group in available else None
    help_text = _("All rows of a group have the same value in it: a query, a session, a user.")
    return st.selectbox(_("Group"), available, index=place, key="judge_group", help=help_text) or ""


def _columns(proposal: JudgingProposal) -> dict[str, str]:
    """What fills each input; only what differs from the proposal, or is still to be said."""
    rows = [{"input": name, "column": column or None} for name, column in proposal.columns.items()]
    edited = st.data_editor(
        rows,
        key="judge_columns",
        hide_index=True,
        width="stretch",
        column_config={
            "input": st.column_config.TextColumn(_("Input"), disabled=True),
            "column": st.column_config.SelectboxColumn(_("Column"), options=list(proposal.available)),
        },
    )
    chosen = {str(row["input"]): str(row["column"] or "") for row in edited}
    return {name: column for name, column in chosen.items() if column and column != proposal.columns[name]}
