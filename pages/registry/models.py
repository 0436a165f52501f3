"""Models: each with the version that counts, how good it is, and where it serves."""

import streamlit as st

from app.registry.dialogs import new_model
from app.registry.naming import PRODUCTION, Places, places, quality_of, serving_line, stage_of
from app.session import actor, may, portal
from app.ui import cells, frame, links
from app.ui.cells import Cell, Column, Row
from app.ui.components.rows import rows, window
from app.ui.fields.naming import titled
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.tables import is_archived_chosen, no_match, search
from app.ui.wording import counted
from core.foundation.text import _
from core.identity.permissions import Permission
from core.registry.values import Model, ModelVersion

# So many versions are compared at once.
COMPARED = 4


def show() -> None:
    total, known = portal().registry.list_models(actor(), limit=1).total, places()
    facts = [counted(total, _("model"), _("models")), serving_line(known)] if total else []
    with frame.header(_("Models"), facts=facts):
        _actions()
    if not total and not portal().registry.list_models(actor(), archived=True, limit=1).total:
        advice = _("A finished run registers its model as a version; a file trained elsewhere can be uploaded.")
        with frame.empty(_("No models yet"), advice=advice, icon="deployed_code"):
            links.page_link("runs", _("Choose a run"), icon=":material/model_training:")
        return
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        query, archived = search(_("Search name"), key="q")[:100], is_archived_chosen()
    part = window("models", query, archived)
    listing = portal().registry.list_models(
        actor(), query=query, archived=archived, offset=part.offset, limit=part.limit
    )
    if not listing.items:
        no_match(_("No model matches"), {"q": "", "kept": ""})
        return
    columns = (
        Column(_("Model")),
        Column(_("Version"), width=86),
        Column(_("Stage"), "word", 96),
        health_column(),
        Column(_("Quality"), width=132, priority=2),
        Column(_("Serves"), width=190, priority=3),
        Column(_("Registered"), "time", 104, priority=2),
        Column("", "action", 104),
    )
    healths = healths_of(model.id for model in listing.items)
    rows(
        columns,
        [_row(model, known, healths) for model in listing.items],
        key="models",
        label=_("Models"),
        total=listing.total,
    )


def _actions() -> None:
    if not may(Permission.MODELS_WRITE):
        return
    if st.button(_("Upload a model"), icon=":material/upload:", key="upload"):
        links.open_page("upload-model")
    if st.button(_("New model"), icon=":material/add:", type="primary", key="new_model"):
        new_model()


def _row(model: Model, known: Places, healths: Healths) -> Row:
    newest = portal().registry.list_versions(actor(), model_id=model.id, limit=COMPARED).items if model.versions else ()
    first = _counting(model, newest, known)
    serving = known.get(first.id, ()) if first else ()
    detail = " · ".join(filter(None, [model.description, counted(model.versions, _("version"), _("versions"))]))
    return Row(
        model.id,
        (
            titled(model.title, model.name, target=model.id, detail=detail),
            cells.text(f"v{first.version}" if first else "—", target=first.id if first else ""),
            cells.word(stage_of(first, known) if first else "empty"),
            health_cell(healths.get(model.id)),
            quality_of(first),
            cells.text(", ".join(place.words for place in serving), target=serving[0].endpoint.id if serving else ""),
            cells.time(first.created_at if first else model.created_at, now=frame.now()),
            _compare(first, newest),
        ),
        target=model.id,
    )


def _compare(first: ModelVersion | None, newest: tuple[ModelVersion, ...]) -> Cell:
    if first is None or len(newest) < 2:
        return cells.text("")
    ids = ",".join(version.id for version in newest)
    return cells.action(_("Compare"), f"compare?ids={ids}&baseline={first.id}")


def _counting(model: Model, newest: tuple[ModelVersion, ...], known: Places) -> ModelVersion | None:
    """The version in production, else in staging, else the newest. Which of all its versions serve is known from the
    endpoints, so that those behind the newest need not be read."""
    endpoints = [places[0].endpoint for places in known.values()]
    routes = [(endpoint, route) for endpoint in endpoints for route in endpoint.routes]
    serving = [
        (endpoint.environment != PRODUCTION, -route.version, route.version_id)
        for endpoint, route in routes
        if (endpoint.project, route.model) == (model.project, model.name)
    ]
    if not serving:
        return newest[0] if newest else None
    _stage, _number, version_id = min(serving)
    by_id = {version.id: version for version in newest}
    return by_id.get(version_id) or portal().registry.get_version(actor(), version_id=version_id)


show()
