"""A load test second by second: what was offered and answered, how long answers took, and how the generator was. Live
while the test runs."""

import streamlit as st

from app.session import actor, portal
from app.ui import charts, frame, numbers
from app.ui.jobs import stage_line
from core.foundation.text import _
from core.loadtests.values import LoadTestView, SeriesPoint


def live_test(test: LoadTestView) -> None:
    """The progress and the charts of a test that goes on."""
    if test.job_id:
        job = portal().compute.get_job(actor(), job_id=test.job_id)
        st.progress(job.progress or 0.0, text=stage_line(job))
    series(test)


def series(test: LoadTestView) -> None:
    """The charts side by side."""
    points = portal().loadtests.series(actor(), test_id=test.id)
    with frame.section(_("Second by second"), hint=_now(points)):
        pass
    if not points:
        st.caption(_("The first second has not passed yet.") if not test.state.is_over else _("Nothing was sent."))
        return
    seconds = [point.second for point in points]
    left, right = st.columns(2, gap="medium")
    with left:
        charts.lines(
            {
                _("due"): (seconds, [point.offered for point in points]),
                _("answered"): (seconds, [point.achieved for point in points]),
                _("failed"): (seconds, [point.errors for point in points]),
            },
            key="series_rate",
            x=_("second"),
            y=_("requests a second"),
            alt=_("Requests due, answered and failed in each second"),
            dotted=(_("due"),),
        )
    with right:
        charts.lines(
            {
                "p99": (seconds, [point.p99_ms for point in points]),
                "p50": (seconds, [point.p50_ms for point in points]),
            },
            key="series_time",
            x=_("second"),
            y="ms",
            alt=_("Response time in each second, with the promised limit"),
            limit=(test.slo.p99_ms, _("promise {ms} ms").format(ms=numbers.figure(test.slo.p99_ms))),
        )


def _now(points: tuple[SeriesPoint, ...]) -> str:
    if not points:
        return ""
    last = points[-1]
    return _("{achieved} answered a second, {n} in flight, generator at {cpu} % of its core").format(
        achieved=numbers.fixed(last.achieved, 0), n=last.in_flight, cpu=numbers.fixed(last.cpu * 100, 0)
    )
