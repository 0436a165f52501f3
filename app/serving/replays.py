"""Replays of real rows through an endpoint: what was sent, how good the answers were, and the form that starts one."""

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, numbers, status, times
from app.ui.jobs import job_progress
from app.ui.numbers import metric_in_words, metric_name
from app.ui.tables import reading
from core.compute.values import JobState
from core.features.training_sets.values import TrainingSet
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.serving.values import Endpoint, Replay
from core.tasks.metrics import P99_MS
from core.tasks.task import quality_metrics

MOST = 20
LATENCY = ("p50_ms", P99_MS)


def replays(endpoint: Endpoint) -> None:
    """The last ones as a table, the one that runs live, and on staging the form."""
    replays = portal().measurement.list_replays(actor(), endpoint_id=endpoint.id, limit=MOST).items
    with frame.section(_("Replays"), hint=_("held-out rows in time order, with their outcomes")):
        staging = endpoint.environment == "staging" and endpoint.routes
        if staging and may(Permission.PREDICT_TEST, project=endpoint.project) and st.button(_("Start a replay")):
            _start(endpoint)
    for replay in replays:
        if not JobState(replay.state).is_over:
            job_progress(replay.job_id)
    if not replays:
        advice = (
            _("A replay sends days of real rows and measures the answers.")
            if endpoint.environment == "staging"
            else _("Production is replayed by a service account, as a caller would: causeway serving start-replay.")
        )
        frame.empty(_("No replay yet"), advice=advice, icon="replay")
        return
    st.markdown(_summary(replays[0]))
    _table(replays)


def _summary(replay: Replay) -> str:
    """The newest in a sentence."""
    if not replay.metrics:
        return _("{icon} **The last replay has sent {sent} rows so far.**").format(
            icon=status.icon(replay.state), sent=numbers.number(replay.sent)
        )
    figures = [_("{n} failed").format(n=numbers.number(replay.failed))]
    figures += [_("p99 {ms} ms").format(ms=_figure(replay, P99_MS, 1))]
    figures += [f"{metric_in_words(name)} {_figure(replay, name, 4)}" for name in _judges((replay,))[:1]]
    return _("{icon} **The last replay sent {sent} rows: {figures}.**").format(
        icon=status.icon(replay.state), sent=numbers.number(replay.sent), figures=", ".join(figures)
    )


def _judges(replays: Sequence[Replay]) -> list[str]:
    """The metrics that were taken of any of them."""
    return [name for name in quality_metrics() if any(name in replay.metrics for replay in replays)]


def _figure(replay: Replay, name: str, digits: int) -> str:
    return numbers.fixed(replay.metrics.get(name), digits)


def _table(replays: tuple[Replay, ...]) -> None:
    columns = {
        _("Replay"): [f"{status.icon(replay.state)} {replay.id}" for replay in replays],
        _("When"): [times.ago(replay.started_at, now=frame.now()) for replay in replays],
        _("Rows"): [numbers.number(replay.sent) for replay in replays],
        _("Failed"): [numbers.number(replay.failed) for replay in replays],
        _("p50 / p99 ms"): [" / ".join(_figure(replay, name, 1) for name in LATENCY) for replay in replays],
        **{metric_name(name): [_figure(replay, name, 4) for replay in replays] for name in _judges(replays)},
        _("Answered by"): [
            ", ".join(f"{key} {numbers.number(n)}" for key, n in replay.by_version.items()) for replay in replays
        ],
    }
    reading(columns)


@forms.dialog(N_("Start a replay"))
def _start(endpoint: Endpoint) -> None:
    version = portal().registry.get_version(actor(), version_id=endpoint.routes[0].version_id)
    training_set = _training_set(version.training_set_id)
    held_out = training_set.splits[-1] if training_set and training_set.splits else None
    if held_out and not held_out.end:
        st.caption(_("The rows are not split by time: there are no days to replay. A load test sends the same rows."))
        return
    end = (held_out and held_out.end) or date.today()
    start = (held_out and held_out.start) or end - timedelta(days=1)
    if held_out and held_out.end:
        st.caption(_("Held-out rows run from {start} to {end}.").format(start=start, end=end))
    first = st.date_input(_("From"), value=end - timedelta(days=2), key="replay_start")
    last = st.date_input(_("To, excluded"), value=end, key="replay_end")
    speed = st.number_input(_("Speed-up"), value=14_400.0, format="%g", key="replay_speed")
    most = st.number_input(_("At most requests a second"), value=200.0, format="%g", key="replay_rps")
    if st.button(_("Start the replay"), type="primary", key="replay_now"):
        with forms.attempt() as done:
            portal().measurement.start_test_replay(
                actor(), endpoint_id=endpoint.id, start=first, end=last, speed=speed, most_rps=most
            )
        if done.succeeded:
            st.rerun()


def _training_set(training_set_id: str) -> TrainingSet | None:
    return (
        portal().training_sets.get_training_set(actor(), training_set_id=training_set_id) if training_set_id else None
    )


def _answered(replay: Replay) -> str:
    """How many requests each version answered."""
    return ", ".join(f"{version} {numbers.number(count)}" for version, count in replay.by_version.items())
