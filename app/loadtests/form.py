"""The form that starts a load test, with the caps stated before anything is sent."""

import streamlit as st

from app.loadtests.wording import PROFILES, profile_name
from app.session import actor, may, portal
from app.ui import forms, links, numbers
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.loadtests.generator.length import fewest_seconds
from core.loadtests.plans import PRODUCTION_RATE, PRODUCTION_SECONDS, USUAL
from core.loadtests.values import HIGHEST_RATE, LONGEST_SECONDS, LoadTestView, Profile
from core.serving.values import Endpoint

MOST = 200


def testable() -> list[Endpoint]:
    """Endpoints that serve something and that the visitor may put load on."""
    endpoints = portal().endpoints.list_endpoints(actor(), limit=MOST).items
    return [
        endpoint for endpoint in endpoints if endpoint.routes and may(_permission(endpoint), project=endpoint.project)
    ]


def _permission(endpoint: Endpoint) -> Permission:
    return Permission.LOADTEST if endpoint.environment == "staging" else Permission.LOADTEST_PRODUCTION


@forms.dialog(N_("New load test"), width="medium")
def start_test(wanted: str) -> None:
    """Asks where, what course, how much and how long; `wanted` is the endpoint chosen at first."""
    endpoints = testable()
    if not endpoints:
        st.caption(_("There is no endpoint that serves something and that you may put load on."))
        return
    index = next((at for at, endpoint in enumerate(endpoints) if endpoint.id == wanted), 0)
    endpoint = st.selectbox(_("Endpoint"), endpoints, index=index, format_func=_endpoint_name, key="test_endpoint")
    profile = st.segmented_control(
        _("Profile"), list(Profile), default=Profile.STEP, required=True, format_func=profile_name, key="test_profile"
    )
    st.caption(_(PROFILES[profile][1]).capitalize())
    production = endpoint.environment == "production"
    top, longest = (PRODUCTION_RATE, PRODUCTION_SECONDS) if production else (HIGHEST_RATE, LONGEST_SECONDS)
    usual_rate, usual_seconds = USUAL[profile]
    left, right = st.columns(2, gap="small")
    key = f"{profile}_{endpoint.environment}"
    rate = left.number_input(
        _("Requests a second, at most {top}").format(top=numbers.number(top)),
        value=min(usual_rate, top),
        format="%g",
        key=f"test_rate_{key}",
    )
    seconds = right.number_input(
        _("Seconds, at most {longest}").format(longest=numbers.number(longest)),
        value=min(usual_seconds, longest),
        format="%g",
        key=f"test_seconds_{key}",
    )
    st.markdown(_effect(endpoint, rate, seconds))
    if 1 <= (rate or 0) <= top and (short := _too_short(profile, rate=rate or 1, seconds=seconds or 0)):
        st.markdown(f":orange[:material/warning:] {short}")
    label = _("Request the test") if production else _("Start the test")
    if st.button(label, type="primary", icon=":material/speed:", key="test_start"):
        started: list[LoadTestView] = []
        with forms.attempt() as done:
            started.append(_start(endpoint, profile, rate, seconds))
        if done.succeeded:
            links.open_object(started[0].id)


def _endpoint_name(endpoint: Endpoint) -> str:
    return f"{endpoint.title} ({endpoint.environment})"


def _effect(endpoint: Endpoint, rate: float | None, seconds: float | None) -> str:
    words = _("Sends up to **{rate} requests a second** at **{endpoint}** for {time}, real held-out rows as payload.")
    sentence = words.format(
        rate=numbers.number(rate), endpoint=links.escape(endpoint.title), time=numbers.duration(seconds)
    )
    if endpoint.environment == "production":
        return sentence + " " + _(":orange[It affects callers. It starts when a second person has confirmed it.]")
    return sentence + " " + _("No second exceeds the rate by more than 5 %.")


def _too_short(profile: Profile, *, rate: float, seconds: float) -> str:
    """What it takes for a 99th percentile, where that is more than is asked for; else nothing."""
    fewest = fewest_seconds(profile, rate=rate)
    if fewest is None:
        return _("At this rate it never sends enough requests for a 99th percentile. Take a higher one.")
    words = _("At this rate a 99th percentile takes at least {n} s.")
    return words.format(n=numbers.number(fewest)) if seconds < fewest else ""


def _start(endpoint: Endpoint, profile: Profile, rate: float | None, seconds: float | None) -> LoadTestView:
    service = portal().loadtests
    if endpoint.environment == "staging":
        return service.start_test(actor(), endpoint_id=endpoint.id, profile=profile, rate=rate, seconds=seconds)
    return service.start_production_test(actor(), endpoint_id=endpoint.id, profile=profile, rate=rate, seconds=seconds)
