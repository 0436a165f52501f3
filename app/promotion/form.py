"""The form that asks for a promotion: which version goes to which endpoint, how its traffic grows, and why."""

from collections.abc import Sequence

import streamlit as st

from app.promotion.rollouts import edit_plan, plan_from
from app.serving.traffic import versions_line
from app.session import actor, may, portal
from app.ui import forms, frame, links
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.values import Request
from core.registry.values import ModelVersion
from core.requirements.values import Requirement
from core.serving.values import Endpoint

MOST = 200


@forms.dialog(N_("Request a promotion"), width="medium")
def ask_promotion(version_id: str, endpoint_id: str) -> None:
    """`version_id` and `endpoint_id` are chosen at first, where they are given."""
    endpoints = [endpoint for endpoint in _production() if may(Permission.PROMOTE_REQUEST, project=endpoint.project)]
    versions = [
        version for version in portal().registry.list_versions(actor(), limit=MOST).items if version.state == "active"
    ]
    if not endpoints or not versions:
        st.caption(_("It takes a version and a production endpoint of the same project."))
        return
    left, right = st.columns(2, gap="small")
    with left:
        version = st.selectbox(
            _("Version"), versions, index=_at(versions, version_id), format_func=_version_name, key="ask_version"
        )
    with right:
        endpoint = st.selectbox(
            _("To the endpoint"), endpoints, index=_at(endpoints, endpoint_id), format_func=_name, key="ask_endpoint"
        )
    st.caption(_effect(endpoint))
    st.markdown(_("**How traffic moves**"))
    entered = edit_plan(None, key="ask_plan")
    left, right = st.columns(2, gap="small")
    with left:
        requirement = _requirement(version)
    with right:
        back = _rollback_target(version, versions, endpoint)
    note = st.text_area(_("Note for the reviewers"), key="ask_note", placeholder=_("Why this version, and why now?"))
    if st.button(_("Open the request"), type="primary", key="ask_now"):
        opened: list[Request] = []
        with forms.attempt() as done:
            opened.append(
                portal().requests.open_request(
                    actor(),
                    version_id=version.id,
                    endpoint_id=endpoint.id,
                    plan=plan_from(entered),
                    note=note or "",
                    requirement_id=requirement,
                    rollback_to=back,
                )
            )
        if done.succeeded:
            frame.say(_("{id} is in review").format(id=opened[0].id))
            links.open_object(opened[0].id)


def _production() -> list[Endpoint]:
    return list(portal().endpoints.list_endpoints(actor(), environment="production", limit=MOST).items)


def _at(choices: Sequence[ModelVersion | Endpoint], wanted: str) -> int:
    return next((at for at, choice in enumerate(choices) if choice.id == wanted), 0)


def _version_name(version: ModelVersion) -> str:
    return f"{version.title} ({version.id})"


def _name(endpoint: Endpoint) -> str:
    return endpoint.title


def _effect(endpoint: Endpoint) -> str:
    if not endpoint.routes:
        return _("It serves nothing: this version opens it step by step.")
    return _("It serves {now} now.").format(now=links.escape(versions_line(endpoint.routes)))


def _requirement(version: ModelVersion) -> str:
    """Its conditions are judged by the gates."""
    requirements = portal().requirements.list_requirements(actor(), limit=MOST).items
    ours = {requirement.id: requirement for requirement in requirements if requirement.project == version.project}
    choices = ["", *ours]
    index = choices.index(version.requirement_id) if version.requirement_id in choices else 0
    return str(
        st.selectbox(
            _("Requirement"),
            choices,
            index=index,
            format_func=lambda requirement_id: _title(ours.get(requirement_id)),
            key="ask_requirement",
        )
    )


def _title(requirement: Requirement | None) -> str:
    return f"{requirement.id} {requirement.title}" if requirement else _("None")


def _rollback_target(version: ModelVersion, versions: list[ModelVersion], endpoint: Endpoint) -> str:
    names = {
        other.id: _version_name(other)
        for other in versions
        if other.project == version.project and other.id != version.id
    }
    now = _("what serves now") if endpoint.routes else _("nothing, for nothing serves now")
    return str(
        st.selectbox(
            _("Rollback target"),
            ["", *names],
            format_func=lambda version_id: names.get(version_id, now),
            key="ask_rollback",
        )
    )
