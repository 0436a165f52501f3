"""Endpoints: the names that callers use, what stands behind each, and whether traffic has settled."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.serving.traffic import traffic_stage, versions_line
from app.session import actor, may, portal
from app.ui import cells, forms, frame, links, numbers
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.fields.naming import name_fields, titled
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.tables import is_archived_chosen, no_match
from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.serving.values import Endpoint, Environment, ServiceLevel

MOST = 200
ENVIRONMENTS = (
    ("production", N_("Production"), N_("takes only what was approved")),
    ("staging", N_("Staging"), N_("where versions are measured")),
)


def show() -> None:
    endpoints = portal().endpoints.list_endpoints(actor(), limit=MOST).items
    moving = sum(traffic_stage(endpoint) == "switching" for endpoint in endpoints)
    facts = [
        counted(len(endpoints), _("endpoint"), _("endpoints")),
        _("{n} switching").format(n=moving) if moving else "",
    ]
    with frame.header(_("Endpoints"), facts=facts if endpoints else []):
        allowed = may(Permission.ENDPOINT_WRITE)
        if allowed and st.button(_("New endpoint"), type="primary", icon=":material/add:", key="new_endpoint"):
            _create()
    if not endpoints and not portal().endpoints.list_endpoints(actor(), archived=True, limit=1).total:
        frame.empty(
            _("No endpoints yet"),
            advice=_("An endpoint is a name that callers use. A staging one comes first: versions are measured there."),
            icon="cloud_off",
        )
        return
    archived = is_archived_chosen()
    frame.live(lambda: _lists(archived), running=bool(moving))


def _lists(archived: bool) -> bool:
    endpoints = portal().endpoints.list_endpoints(actor(), archived=archived, limit=MOST).items
    if not endpoints:
        no_match(_("No endpoint matches"), {"kept": ""})
    healths = healths_of(endpoint.id for endpoint in endpoints)
    for environment, title, hint in ENVIRONMENTS:
        ours = [endpoint for endpoint in endpoints if endpoint.environment == environment]
        if ours:
            _list(environment, (_(title), _(hint)), ours, healths)
    return any(traffic_stage(endpoint) == "switching" for endpoint in endpoints)


def _list(environment: str, head: tuple[str, str], endpoints: Sequence[Endpoint], healths: Healths) -> None:
    frame.section(head[0], hint=head[1])
    columns = (
        Column(_("Endpoint")),
        Column(_("Stage"), "word", 92),
        health_column(),
        Column(_("Serves now"), width=230),
        Column(_("Promised p99"), "number", 126, priority=2),
        Column(_("Changed"), "time", 104, priority=3),
    )
    rows(columns, [_row(endpoint, healths) for endpoint in endpoints], key=f"endpoints_{environment}", label=head[0])


def _row(endpoint: Endpoint, healths: Healths) -> Row:
    target = endpoint.routes[0].version_id if endpoint.routes else ""
    detail = " · ".join(filter(None, [endpoint.id, endpoint.description, endpoint.cause]))
    return Row(
        endpoint.id,
        (
            titled(endpoint.title, endpoint.name, target=endpoint.id, detail=detail),
            cells.word(traffic_stage(endpoint)),
            health_cell(healths.get(endpoint.id)),
            cells.text(versions_line(endpoint.routes), target=target),
            cells.number(endpoint.slo.p99_ms, f"{numbers.figure(endpoint.slo.p99_ms)} ms"),
            cells.time(endpoint.changed_at, now=frame.now()),
        ),
        target=endpoint.id,
    )


@forms.dialog(N_("New endpoint"))
def _create() -> None:
    project = forms.choose_project(key="endpoint_project")
    places: dict[str, DeltaGenerator] = {}
    names = name_fields(Kind.ENDPOINT, project=project, key="endpoint", example=_("Churn risk"), places=places)
    choices: tuple[Environment, ...] = ("staging", "production")
    environment = st.segmented_control(
        _("Environment"), choices, default=choices[0], required=True, key="endpoint_environment"
    )
    description = st.text_input(_("What it answers"), key="endpoint_description")
    left, right = st.columns(2)
    p99 = left.number_input(_("Promised p99 in ms"), value=50.0, format="%g", key="endpoint_p99")
    share = right.number_input(_("At most % failed"), value=0.1, format="%g", key="endpoint_errors")
    if st.button(_("Create"), type="primary", key="endpoint_create"):
        with forms.attempt(places) as done:
            endpoint = portal().endpoints.create_endpoint(
                actor(),
                project=project,
                environment=environment,
                description=description or "",
                slo=ServiceLevel(p99_ms=p99 or 0, error_rate=(share or 0) / 100),
                **names,
            )
        if done.succeeded:
            links.open_object(endpoint.id)


show()
