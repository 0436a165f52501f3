"""What changes an endpoint's traffic by hand: a version deployed to staging, a rollback in production, and serving
nothing. Each dialog repeats the object and the effect."""

import streamlit as st

from app.serving.traffic import version_title, versions_line
from app.session import actor, may, portal
from app.ui import forms, frame, links, status
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.values import RequestState
from core.registry.values import ModelVersion
from core.serving.values import Endpoint, Route

MOST = 200
NEWEST = 20
WHOLE = 100


@forms.dialog(N_("Deploy to staging"))
def deploy(endpoint: Endpoint) -> None:
    """A version alone on a staging endpoint."""
    listing = portal().registry.list_versions(actor(), project=endpoint.project, limit=MOST).items
    serving = {route.version_id for route in endpoint.routes}
    versions = [version for version in listing if version.state == "active" and version.id not in serving]
    if not versions:
        st.caption(_("There is no other version to deploy."))
        return
    wanted = links.id_in_address("version", Kind.MODEL_VERSION)
    first = next((at for at, version in enumerate(versions) if version.id == wanted), 0)
    version = st.selectbox(_("Version"), versions, index=first, format_func=_version_name, key="deploy_version")
    st.markdown(
        _("**{endpoint}** will send every request to **{version}** once its server is ready. {now}").format(
            endpoint=links.escape(endpoint.title),
            version=links.escape(_version_name(version)),
            now=_("Until then {what} answers.").format(what=links.escape(versions_line(endpoint.routes)))
            if endpoint.routes
            else "",
        )
    )
    if st.button(_("Deploy {version}").format(version=f"v{version.version}"), type="primary", key="deploy_now"):
        with forms.attempt() as done:
            portal().endpoints.deploy_to_staging(actor(), endpoint_id=endpoint.id, version_id=version.id)
        if done.succeeded:
            st.rerun()


def has_other_version(endpoint: Endpoint) -> bool:
    """Whether its project has an active version that it does not serve; among many there always is one."""
    listing = portal().registry.list_versions(actor(), project=endpoint.project, limit=NEWEST)
    serving = {route.version_id for route in endpoint.routes}
    return listing.total > NEWEST or any(
        version.state == "active" and version.id not in serving for version in listing.items
    )


def rollout_of(endpoint: Endpoint) -> str:
    """The id of the request whose rollout moves its traffic now, "" for none."""
    listing = portal().requests.list_requests(
        actor(), endpoint_id=endpoint.id, state=RequestState.APPLYING.value, limit=1
    )
    return listing.items[0].id if listing.items else ""


def _version_name(version: ModelVersion) -> str:
    return f"{version.title} ({version.id})"


def served_before(endpoint: Endpoint) -> list[Route]:
    """Versions that were released to this endpoint and have served there, the latest first, without what serves now
    alone."""
    listing = portal().endpoints.history(actor(), endpoint_id=endpoint.id, limit=MOST).items
    alone = {route.version_id for route in endpoint.routes if route.weight == WHOLE}
    served = [period for period in reversed(listing) if period.state == "served"]
    routes = {
        route.version_id: route
        for period in served
        for route in period.routes
        if route.promotion_id and route.weight == WHOLE
    }
    return [route for route in reversed(routes.values()) if route.version_id not in alone]


@forms.dialog(N_("Roll back"))
def roll_back(endpoint: Endpoint) -> None:
    """Production returns to bytes that were approved for it before, at once and without a new approval."""
    _return(endpoint, verb=_("Roll back to {version}"), done=_("Rolled back"))


@forms.dialog(N_("Bring back"))
def bring_back(endpoint: Endpoint) -> None:
    """The same where it serves nothing."""
    _return(endpoint, verb=_("Bring back {version}"), done=_("Brought back"))


def _return(endpoint: Endpoint, *, verb: str, done: str) -> None:
    routes = served_before(endpoint)
    names = {route.version_id: version_title(route) for route in routes}
    route = st.selectbox(
        _("Return to"),
        routes,
        format_func=lambda route: f"{names[route.version_id]} ({route.promotion_id})",
        key="back_to",
    )
    effect = (
        _("**{endpoint}** (production) stops serving **{now}** and sends every request to **{to}** at once.")
        if endpoint.routes
        else _("**{endpoint}** (production) sends every request to **{to}** at once.")
    )
    st.markdown(
        effect.format(
            endpoint=links.escape(endpoint.title),
            now=links.escape(versions_line(endpoint.routes)),
            to=links.escape(names[route.version_id]),
        )
    )
    st.caption(_("It was approved in {id}. No new approval is needed.").format(id=route.promotion_id))
    reason = st.text_area(_("Reason (kept in the audit log)"), key="back_reason")
    if st.button(verb.format(version=f"v{route.version}"), type="primary", key="back_now"):
        with forms.attempt() as attempt:
            service = portal().rollouts
            service.rollback(actor(), endpoint_id=endpoint.id, version_id=route.version_id, reason=reason or "")
        if attempt.succeeded:
            frame.say(done)
            st.rerun()


def may_serve_nothing(endpoint: Endpoint) -> bool:
    """Whether the visitor may take out what an endpoint serves."""
    needed = Permission.ROLLBACK if endpoint.environment == "production" else Permission.ENDPOINT_WRITE
    return bool(endpoint.routes) and may(needed, project=endpoint.project)


@forms.dialog(N_("Serve nothing"))
def serve_nothing(endpoint: Endpoint) -> None:
    """Everything is taken out of an endpoint, at once and without an approval."""
    is_production = endpoint.environment == "production"
    st.markdown(
        _(
            "**{endpoint}** ({environment}) stops serving **{now}** at once. Callers get a refusal with your reason."
        ).format(
            endpoint=links.escape(endpoint.title),
            environment=status.look(endpoint.environment).word.lower(),
            now=links.escape(versions_line(endpoint.routes)),
        )
    )
    st.caption(
        _("No approval is needed, and none to bring back what was released here.")
        if is_production
        else _("Deploying a version ends it.")
    )
    reason = st.text_area(_("Reason (kept in the audit log)"), key="nothing_reason")
    if st.button(_("Serve nothing"), type="primary", icon=":material/cloud_off:", key="nothing_now"):
        act = portal().rollouts.serve_nothing if is_production else portal().endpoints.clear_staging
        with forms.attempt() as attempt:
            act(actor(), endpoint_id=endpoint.id, reason=reason or "")
        if attempt.succeeded:
            frame.say(_("It serves nothing now"))
            st.rerun()
