"""One version of a model: how good it is and what proves it, where it serves, where it comes from, and its bytes."""

from collections.abc import Sequence

import streamlit as st

from app.explanations.importance import why_it_predicts_so
from app.explanations.one_row import one_prediction
from app.next_action.registry import version_action
from app.next_action.values import nothing
from app.registry.dialogs import put_away
from app.registry.evaluations import answer, condition_line
from app.registry.evidence import evidence_rows
from app.registry.judging import judge_button
from app.registry.measuring import measured_now, measuring
from app.registry.naming import (
    Places,
    baseline_for,
    endpoints,
    places_on,
    registered_line,
    stage_of,
    title_of,
)
from app.registry.version import card, files, metrics, overview_pictures, serving_card
from app.serving.calling import call_version, how_to_call_version
from app.session import actor, portal
from app.ui import frame, links, times
from app.ui.components.assessments import promised_against_measured
from app.ui.fields.address import tabs
from app.ui.fields.naming import head_of
from app.ui.health import health_of, put_away_state
from app.ui.neighbors import neighbors
from app.ui.primary_action import primary_action, rights, what_is_missing
from core.compute.values import Job
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.registry.values import ModelVersion, judging
from core.serving.values import Endpoint
from core.tasks.task import task_of
from core.training.judging.kind import JUDGE


def show() -> None:
    version = portal().registry.get_version(actor(), version_id=links.wanted_id(Kind.MODEL_VERSION))
    serving = endpoints()
    known = places_on(serving)
    serving_at = [place.endpoint for place in known.get(version.id, ())]
    jobs = measured_now(version, serving_at)
    registered = _("Registered {age} {origin}").format(
        age=times.since(version.created_at, now=frame.now()), origin=registered_line(version)
    )
    by = _("by {name}").format(name=links.escape(frame.name_of(version.created_by)))
    crumbs = [(_("Models"), "models"), (head_of(version.title, version=version.version), version.model_id)]
    facts = [links.escape(registered), by, links.code(version.digest[:12])]
    stage = stage_of(version, known)
    health = health_of(version.id)
    here, whole = f"v{version.version}", version.model_id
    is_in_use = not put_away_state(whole)
    with frame.header(
        title_of(version), stage=stage, health=health, facts=facts, crumbs=crumbs, here=here, whole=whole
    ):
        _actions(version, known)
        judge_button(version, running=any(job.kind == JUDGE for job in jobs))
        newest = portal().requests.list_requests(actor(), version_id=version.id, limit=1).items
        action = nothing()
        if is_in_use:
            action = version_action(
                version, endpoints=serving, request=next(iter(newest), None), rights=rights(version.project)
            )
        primary_action(action)
        put_away(version)
    what_is_missing(action)
    tabs(
        {
            N_("Overview"): lambda: _overview(version, known, serving_at, jobs),
            N_("Lineage"): lambda: frame.lineage(version.id),
            N_("Metrics"): lambda: metrics(version),
            N_("How to call it"): lambda: how_to_call_version(version, serving_at),
            N_("Card"): lambda: card(version),
            N_("Files"): lambda: files(version),
            N_("Activity"): lambda: frame.activity(version.id, limit=20),
        }
    )


def _actions(version: ModelVersion, known: Places) -> None:
    other = baseline_for(version, known)
    if other is not None:
        label = _("Compare with v{n}").format(n=other.version)
        if st.button(label, icon=":material/compare_arrows:", key="compare"):
            links.open_page("compare", ids=f"{other.id},{version.id}", baseline=other.id)


def _overview(version: ModelVersion, known: Places, serving_at: Sequence[Endpoint], jobs: Sequence[Job]) -> None:
    measuring(version, serving_at, jobs=jobs)
    evaluation = judging(version.evaluations)
    if evaluation is not None:
        st.markdown(answer(evaluation, task=task_of(version.signature.target)))
        if line := condition_line(version.requirement_id, evaluation):
            st.markdown(line)
        overview_pictures(version)
    else:
        st.markdown(_(":gray[:material/help:] **Its quality was not measured:** judge it on rows with labels."))
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        promised_against_measured(version.id)
        evidence_rows(version, jobs=jobs)
        call_version(version, serving_at)
    with right:
        why_it_predicts_so(version)
        one_prediction(version)
        serving_card(version, known)
        around = (version.requirement_id, version.training_set_id, version.run_id, *version.feature_versions)
        neighbors(version.id, around)


show()
