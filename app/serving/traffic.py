"""What an endpoint serves: the answer in a sentence, each version with its share and its server, and what it served
before."""

from collections.abc import Sequence
from datetime import date, datetime

import streamlit as st

from app.next_action.serving import is_refused
from app.session import actor, portal
from app.ui import frame, links, status, times
from app.ui.fields.naming import head_of
from app.ui.tables import reading
from core.foundation.text import _
from core.serving.values import Endpoint, Route, Served, Server

MOST = 200
WHOLE = 100


def version_title(route: Route) -> str:
    return links.title_of(route.version_id, f"{route.model} v{route.version}")


def _model_title(route: Route) -> str:
    return head_of(version_title(route), version=route.version)


def versions_line(routes: Sequence[Route]) -> str:
    """ "v2 90 % · v3 10 %", as plain text."""
    if not routes:
        return _("nothing")
    if len(routes) == 1 and routes[0].weight == WHOLE:
        return version_title(routes[0])
    models = list(dict.fromkeys(_model_title(route) for route in routes))
    names = [f"v{route.version}" if len(models) == 1 else version_title(route) for route in routes]
    shares = " · ".join(
        f"{name} {route.weight}\u202f%".replace(" ", "\u00a0") for name, route in zip(names, routes, strict=True)
    )
    return f"{models[0]} {shares}" if len(models) == 1 else shares


def missing_features(endpoint: Endpoint) -> None:
    """What the endpoint looks up in vain, with a link to where it can be materialized."""
    for missing in portal().endpoints.missing_features(actor(), endpoint_id=endpoint.id):
        with st.container(horizontal=True, vertical_alignment="center", key=f"missing-{missing.version_id}"):
            st.warning(f"**{links.escape(missing.view)}** {links.escape(missing.reason)}.", icon=":material/cloud_off:")
            links.link(missing.version_id, _("Show the feature version"))


def traffic_stage(endpoint: Endpoint) -> str:
    """Where the endpoint is in its life; how well it is, its health says."""
    if not endpoint.routes and not endpoint.closed:
        return "empty"
    if not endpoint.settled and not is_refused(endpoint):
        return "unresponsive" if _is_silent(endpoint) else "switching"
    if not endpoint.routes:
        return "serves nothing"
    if len(endpoint.routes) > 1:
        return "canary"
    return "serving" if endpoint.routes[0].weight == WHOLE else "opening"


def _is_silent(endpoint: Endpoint) -> bool:
    """Whether callers are sent where they should be, and a server there does not answer."""
    wanted = {route.version_id: route.weight for route in endpoint.routes}
    silent = (server for server in endpoint.servers if server.state != "ready" and server.version_id in wanted)
    return endpoint.actual == wanted and any(silent)


def sentence(endpoint: Endpoint) -> str:
    """What the endpoint does now, as Markdown."""
    stage = "refused" if endpoint.routes and is_refused(endpoint) else traffic_stage(endpoint)
    wanted = links.escape(versions_line(endpoint.routes))
    since = _since(endpoint)
    if stage == "empty":
        return _(":gray[:material/cloud_off:] **It serves nothing yet.** Callers get a refusal that says so.")
    if stage == "refused":
        before = _("What served before still answers.")
        effect = _("Callers get an error where no other version answers.") if _is_silent(endpoint) else before
        return _(":red[:material/gpp_bad:] **{wanted} cannot be served.** {effect}").format(
            wanted=wanted, effect=effect
        )
    if stage == "unresponsive":
        return _(":red[:material/error:] **{wanted} does not answer now.** It is started again by itself.").format(
            wanted=wanted
        )
    if stage == "switching":
        before = _("What served before answers until then.")
        effect = before if endpoint.actual else _("Callers get a refusal until then.")
        return _(":blue[:material/sync:] **Switching to {wanted}.** {effect}").format(wanted=wanted, effect=effect)
    if stage == "serves nothing":
        return _(":orange[:material/cloud_off:] **It serves nothing** {why}. Callers are told so.").format(
            why=_closed_words(endpoint)
        )
    if stage == "opening":
        return _(
            ":violet[:material/alt_route:] **It opens: {wanted}** of callers {since}. The others are told so."
        ).format(wanted=wanted, since=since)
    if len(endpoint.routes) > 1:
        return _(":violet[:material/alt_route:] **Traffic is shared: {wanted}** {since}.").format(
            wanted=wanted, since=since
        )
    return _(":green[:material/check_circle:] **{wanted} answers every request** {since}.").format(
        wanted=wanted, since=since
    )


def _closed_words(endpoint: Endpoint) -> str:
    """Since when, by whom and why it serves nothing, as Markdown; empty while it serves."""
    if endpoint.closed is None:
        return ""
    return _("since {time} by {name} because: {reason}").format(
        time=_moment(endpoint.closed.since),
        name=links.escape(_who(endpoint.closed.by)),
        reason=links.escape(endpoint.closed.reason),
    )


def _since(endpoint: Endpoint) -> str:
    shown = times.ago(endpoint.changed_at, now=frame.now())
    if shown == _("just now"):
        return _("since a moment ago")
    recent = (frame.now() - endpoint.changed_at).total_seconds() < times.DAY
    return (
        _("for {time}").format(time=shown) if recent and shown != _("just now") else _("since {day}").format(day=shown)
    )


def traffic(endpoint: Endpoint) -> None:
    """The sentence, and a row for each version."""
    st.markdown(sentence(endpoint))
    if endpoint.cause:
        st.caption(f":red[{links.escape(endpoint.cause)}]")
    if endpoint.routes:
        with frame.rows("traffic"):
            for version_id in dict.fromkeys(
                [*(route.version_id for route in endpoint.routes), *endpoint.actual, *_servers(endpoint)]
            ):
                _row(endpoint, version_id)


def _servers(endpoint: Endpoint) -> dict[str, Server]:
    return {server.version_id: server for server in endpoint.servers if server.state != "stopped"}


def _row(endpoint: Endpoint, version_id: str) -> None:
    route = next((served for served in endpoint.routes if served.version_id == version_id), None)
    server = _servers(endpoint).get(version_id)
    wanted, actual = (route.weight if route else 0), endpoint.actual.get(version_id, 0)
    share = f"{actual}\u202f%" if wanted == actual else f"{actual}\u202f% → {wanted}\u202f%"
    name = version_title(route) if route else links.title_of(version_id)
    with frame.row(
        f"serves_{version_id}",
        title=name,
        target=version_id,
        value=_("**{share}** of the traffic").format(share=share),
        detail=_server_line(route, server),
        state=server.state if server else "waiting",
        label="" if server else _("No server yet"),
    ):
        if route and route.promotion_id:
            links.follow(route.promotion_id, route.promotion_id)


def _server_line(route: Route | None, server: Server | None) -> str:
    parts = [f"`{route.digest[:12]}`"] if route else []
    if server:
        age = times.since(server.started_at, now=frame.now())
        parts.append(_("server started {age}").format(age=age))
        parts += [f":red[{links.escape(server.cause)}]"] if server.cause else []
    return " · ".join(parts)


def history(endpoint_id: str) -> None:
    """What it served and when; a day narrows it."""
    with frame.section(_("What it served"), hint=_("the newest first")):
        day = st.date_input(_("On the day"), value=None, key="history_day", label_visibility="collapsed", width=150)
    history = portal().endpoints.history(actor(), endpoint_id=endpoint_id, limit=MOST).items
    chosen = (
        [period for period in history if isinstance(day, date) and _overlaps(period, day)] if day else list(history)
    )
    if isinstance(day, date):
        st.markdown(_on_the_day(day, chosen))
    if chosen:
        _table(chosen)
    elif not day:
        st.caption(_("Nothing yet."))


def _overlaps(period: Served, day: date) -> bool:
    end = frame.local(period.to_time).date() if period.to_time else day
    return period.state == "served" and frame.local(period.from_time).date() <= day <= end


def _on_the_day(day: date, chosen: Sequence[Served]) -> str:
    if not chosen:
        return _("**It served nothing on {day}.**").format(day=f"{day:%A, %d %B %Y}")
    served = ", ".join(dict.fromkeys(versions_line(period.routes) for period in reversed(chosen)))
    return _("**On {day} it served {what}.**").format(day=f"{day:%A, %d %B %Y}", what=links.escape(served))


def _table(periods: Sequence[Served]) -> None:
    links.titles_of(route.version_id for period in periods for route in period.routes)
    models = {_model_title(route) for period in periods for route in period.routes}
    reading(
        {
            _("From"): [_moment(period.from_time) for period in periods],
            _("For"): [
                times.span(period.from_time, period.to_time, now=frame.now()).replace(" ", "\u00a0")
                if period.state == "served"
                else "—"
                for period in periods
            ],
            _("Served"): [_served_cell(period, models) for period in periods],
            _("Why"): [links.escape(period.reason) for period in periods],
            _("By"): [links.escape(_who(period.changed_by)).replace(" ", "\u00a0") for period in periods],
        }
    )


def _moment(when: datetime) -> str:
    """To the second, on one line."""
    shown = frame.local(when)
    year = "" if shown.year == frame.now().year else f" {shown.year}"
    return f"{shown.day} {shown:%b}{year} {shown:%H:%M:%S}".replace(" ", "\u00a0")


def _served_cell(period: Served, models: set[str]) -> str:
    """The versions; without the model's name where there was only ever one."""
    shown = versions_line(period.routes)
    if len(models) == 1:
        shown = shown.removeprefix(f"{next(iter(models))} ")
    now_label = _("Now")
    labels = {"wanted": _("wanted, answers nobody yet"), "never": _("never served")}
    now = f" {status.inline('healthy', now_label)}" if period.to_time is None else ""
    unserved = f" :gray[{labels[period.state]}]" if period.state in labels else ""
    return links.escape(shown) + now + unserved


def _who(person_id: str) -> str:
    return "Causeway" if person_id == "worker" else frame.name_of(person_id)
