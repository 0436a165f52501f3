"""One model: which of its versions serves where, how good they are, and the way to compare them."""

import streamlit as st

from app.registry.dialogs import model_menu
from app.registry.naming import PRODUCTION, Places, places, stage_of
from app.registry.version_list import quality, version_list
from app.session import actor, may, portal
from app.ui import frame, links
from app.ui.components.rows import window
from app.ui.fields.naming import identifier
from app.ui.health import health_of, put_away_state
from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.registry.values import ModelVersion


def show() -> None:
    model = portal().registry.get_model(actor(), model_id=links.wanted_id(Kind.MODEL))
    part = window("versions", model.id)
    listing = portal().registry.list_versions(actor(), model_id=model.id, offset=part.offset, limit=part.limit)
    known = places()
    by = _("Owner: {name}").format(name=links.escape(frame.name_of(model.owner)))
    name = identifier(model.title, model.name)
    facts = [name, links.escape(model.description), counted(model.versions, _("version"), _("versions")), by]
    crumbs, health, state = [(_("Models"), "models")], health_of(model.id), put_away_state(model.id)
    with frame.header(model.title, facts=facts, crumbs=crumbs, here=model.id, health=health):
        allowed = listing.items and not state and may(Permission.PROMOTE_REQUEST, project=model.project)
        if allowed and st.button(_("Request promotion"), type="primary", icon=":material/approval:", key="request"):
            links.open_page("promotions", version=listing.items[0].id)
        model_menu(model)
    if not listing.items:
        _no_version(is_in_use=not state)
        return
    st.markdown(_sentence(listing.items, known))
    version_list(listing, known)
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        quality(listing.items)
    with right:
        _serving(listing.items, known)
        frame.section(_("Activity"), hint=_("of v{n}").format(n=listing.items[0].version))
        frame.activity(listing.items[0].id)


def _no_version(*, is_in_use: bool) -> None:
    advice = _("Register a finished run under this name, or upload an ONNX file.") if is_in_use else ""
    with frame.empty(_("No version yet"), advice=advice, icon="deployed_code"):
        if is_in_use:
            links.page_link("runs", _("Choose a run"), icon=":material/model_training:")


def _sentence(versions: tuple[ModelVersion, ...], known: Places) -> str:
    """What serves, and whether something newer waits, as Markdown."""
    serving = [version for version in versions if stage_of(version, known) == PRODUCTION]
    newest = versions[0]
    if not serving:
        return _(":gray[:material/cloud_off:] **No version is in production.** The newest is v{n}.").format(
            n=newest.version
        )
    names = _(" and ").join(f"v{version.version}" for version in serving)
    released = [place for version in serving for place in known[version.id] if place.endpoint.environment == PRODUCTION]
    where = ", ".join(links.escape(place.words) for place in released)
    lead = _(":green[:material/rocket_launch:] **{names} in production**, {where}.").format(names=names, where=where)
    if newest in serving:
        return _("{lead} It is the newest.").format(lead=lead)
    return _("{lead} The newest, v{n}, is not.").format(lead=lead, n=newest.version)


def _serving(versions: tuple[ModelVersion, ...], known: Places) -> None:
    frame.section(_("Serving"))
    with frame.rows("serving"):
        served = [(version, place) for version in versions for place in known.get(version.id, ())]
        if not served:
            st.caption(_("\u2003Not serving yet."))
        for version, place in served:
            frame.row(
                f"{version.id}_{place.endpoint.id}",
                title=place.endpoint.title,
                target=place.endpoint.id,
                value=f":gray[v{version.version} · {place.weight}\u202f%]",
                state=place.endpoint.environment,
            )


show()
