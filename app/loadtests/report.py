"""The report of a load test: validity first, then capacity and percentiles with their intervals, the response time over
the rate, and where the time went. An INVALID one shows no figure that could be cited."""

import streamlit as st

from app.loadtests.wording import ms, validity_line, verdict_line
from app.ui import frame, links, numbers
from app.ui.tables import reading
from core.foundation.text import _
from core.loadtests.values import Report


def verdict(report: Report) -> None:
    """The answer in words, before any figure."""
    st.markdown(validity_line(report))
    if report.validity != "VALID":
        for reason in report.reasons:
            st.markdown(f"- {links.escape(reason[:1].upper() + reason[1:])}")
        return
    color, icon = ("green", "check_circle") if report.holds_slo else ("red", "cancel")
    st.markdown(f":{color}[:material/{icon}:] **{links.escape(verdict_line(report))}**")


def _time(value: float | None) -> str:
    return f":gray[{numbers.fixed(value, 1)}]" if value is not None else "—"


def server_time(report: Report) -> None:
    """Where the server says that the time went, and why requests failed."""
    frame.section(_("In the server"), hint=_("ms"))
    server = report.server
    reading(
        {
            "": ["p50", "p99"],
            _("Waiting"): [_time(server.queue_p50_ms), _time(server.queue_p99_ms)],
            _("Computing"): [_time(server.compute_p50_ms), _time(server.compute_p99_ms)],
        }
    )
    if report.failures:
        frame.section(_("Failures"))
        frame.facts({links.escape(kind): numbers.number(count) for kind, count in report.failures.items()})


def generator(report: Report) -> None:
    """Whether the measuring side was well, and what a reader should know beside the figures."""
    frame.section(_("The generator"))
    frame.facts(
        {
            _("Its core"): numbers.percent(report.generator_cpu, 0) + _(", limit 80 %"),
            _("Sent late"): _("{ms} (p99)").format(ms=ms(report.lag_p99_ms)),
            _("In flight"): _("at most {n}").format(n=numbers.number(report.plan.in_flight)),
        }
    )
    for note in report.notes:
        st.caption(links.escape(note[:1].upper() + note[1:]) + ".")
