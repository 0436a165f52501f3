"""The report of a load test: validity first, then capacity and percentiles with their intervals, the response time over
the rate, and where the time went. An INVALID one shows no figure that could be cited."""

import streamlit as st

from app.loadtests.wording import capacity_range, ms, p99_of, percentile_range, rps, validity_line, verdict_line
from app.ui import charts, frame, links, numbers
from app.ui.tables import reading
from core.foundation.text import _
from core.loadtests.values import RateRow, Report


def verdict(report: Report) -> None:
    """The answer in words, before any figure."""
    st.markdown(validity_line(report))
    if report.validity != "VALID":
        for reason in report.reasons:
            st.markdown(f"- {links.escape(reason[:1].upper() + reason[1:])}")
        return
    color, icon = ("green", "check_circle") if report.holds_slo else ("red", "cancel")
    st.markdown(f":{color}[:material/{icon}:] **{links.escape(verdict_line(report))}**")


def strip(report: Report) -> None:
    """The four figures, each with what it rests on."""
    p99, capacity = p99_of(report), report.capacity
    first = (_("Capacity"), rps(capacity.rate), capacity_range(capacity)) if capacity else None
    failed = _("{n} of {all}").format(n=sum(report.failures.values()), all=numbers.number(report.requests))
    figures = (
        first or (_("Highest rate"), rps(report.plan.rate), _("as requested")),
        (_("p99"), ms(p99.ms if p99 else None), percentile_range(p99) if p99 else "—"),
        (_("Failed"), numbers.percent(report.error_rate, 2), failed),
        (_("Requests"), numbers.number(report.requests), _("real held-out rows")),
    )
    for column, (label, value, basis) in zip(st.columns(4, gap="xsmall"), figures, strict=True):
        column.metric(label, value, basis, delta_color="off", delta_arrow="off", border=True)


def over_rate(report: Report) -> None:
    """Response time over the rate, with the promise as a line, and the same as a table."""
    frame.section(_("Response time over rate"), hint=_("from the moment a request was due"))
    rows = [row for row in report.rates if row.p50.ms is not None]
    known = [row for row in rows if row.p99.ms is not None]
    if len(rows) > 1:
        rates = [row.rate for row in known]
        low, high = [row.p99.low_ms or 0.0 for row in known], [row.p99.high_ms or 0.0 for row in known]
        tail = {"p99": (rates, [row.p99.ms for row in known])} if known else {}
        charts.lines(
            {**tail, "p50": ([row.rate for row in rows], [row.p50.ms for row in rows])},
            key="over_rate",
            x=_("requests a second"),
            y="ms",
            alt=_("p50 and p99 response time at each rate, with the promised limit"),
            colors={"p99": 0, "p50": 1},
            bands={"p99": (rates, low, high)},
            limit=(report.slo.p99_ms, _("promise {ms} ms").format(ms=numbers.figure(report.slo.p99_ms))),
            markers=True,
        )
    _rates(report.rates)


def _rates(rows: tuple[RateRow, ...]) -> None:
    shown = [row for row in rows if row.requests]
    reading(
        {
            _("Rate, rps"): [numbers.number(round(row.rate)) for row in shown],
            _("Requests"): [numbers.number(row.requests) for row in shown],
            _("p50, ms"): [_figure(row.p50.ms) for row in shown],
            _("p99, ms"): [f"{_figure(row.p99.ms)} :gray[{percentile_range(row.p99)}]" for row in shown],
            _("Slow or failed"): [numbers.percent(row.slow_share, 2) for row in shown],
            _("Promise"): [_promise_cell(row) for row in shown],
        }
    )


def _figure(value: float | None) -> str:
    return numbers.fixed(value, 1)


def _promise_cell(row: RateRow) -> str:
    return _(":green[:material/check: kept]") if row.holds else _(":red[:material/close: broken]")


def percentiles(report: Report) -> None:
    """Each percentile beside what a tool that counts from the moment of sending would say."""
    frame.section(_("Percentiles"))
    naive = {percentile.fraction: percentile.ms for percentile in report.naive_percentiles}
    reading(
        {
            "": [f"p{numbers.figure(percentile.fraction * 100)}" for percentile in report.percentiles],
            _("ms"): [_figure(percentile.ms) for percentile in report.percentiles],
            _("95 % interval"): [percentile_range(percentile) for percentile in report.percentiles],
            _("From sending"): [_naive(naive.get(percentile.fraction)) for percentile in report.percentiles],
        }
    )


def _naive(value: float | None) -> str:
    return f":gray[{numbers.fixed(value, 1)}]" if value is not None else "—"


def server_time(report: Report) -> None:
    """Where the server says that the time went, and why requests failed."""
    frame.section(_("In the server"), hint=_("ms"))
    server = report.server
    reading(
        {
            "": ["p50", "p99"],
            _("Waiting"): [_naive(server.queue_p50_ms), _naive(server.queue_p99_ms)],
            _("Computing"): [_naive(server.compute_p50_ms), _naive(server.compute_p99_ms)],
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
