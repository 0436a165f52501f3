"""How fast a version answers, and how many requests it carries."""

from collections.abc import Mapping

from core.foundation.text import N_, _
from core.loadtests.values import LOAD_TEST, Capacity, Percentile, RateRow, Report
from core.promotion.evidence_kinds.content import Cell, Fact, Figure, Line, Lines, Section, Sentence, Table
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.gates.load_test import LoadTestGate
from core.registry.values import Evidence


class LoadTestEvidence(EvidenceKind):
    """Response times and capacity under a load that is not slowed down by slow answers. An INVALID test shows no figure
    that could be cited."""

    name = LOAD_TEST
    title = LoadTestGate.title
    order = 30
    missing = N_("How fast it answers, and how many requests it carries")
    gate = LoadTestGate
    on_endpoint = True
    confirmation = N_("I have read the load-test report")

    def content(self, evidence: Evidence) -> tuple[Section, ...]:
        report = Report.model_validate(evidence.content)
        if report.validity != "VALID":
            return (_invalid(report),)
        return (main_figures(report), over_rate(report), percentiles(report))

    def figures(self, evidence: Evidence) -> Mapping[str, Figure]:
        report = Report.model_validate(evidence.content)
        if report.validity != "VALID":
            return {}
        p99, capacity, load = _p99(report), report.capacity, _conditions(report)
        figures = {"error_rate": Figure(value=report.error_rate, conditions=load)}
        if p99 and p99.ms is not None:
            figures["p99_ms"] = Figure(value=p99.ms, low=p99.low_ms, high=p99.high_ms, conditions=load)
        if capacity and capacity.rate is not None:
            figures["capacity_rps"] = Figure(value=capacity.rate, low=capacity.low, high=capacity.high)
        return figures


def main_figures(report: Report) -> Section:
    """The four figures, each with what it rests on."""
    p99, capacity, kept_up = _p99(report), report.capacity, Sentence(text=_("the generator kept up"))
    highest = Cell(value=report.plan.rate, form="rate")
    failed = {
        "n": Cell(value=sum(report.failures.values()), form="number"),
        "all": Cell(value=report.requests, form="number"),
    }
    return Section(
        title=_("Report"),
        hint=kept_up,
        facts=(
            Fact(label=_("Capacity"), cell=_rate(capacity))
            if capacity
            else Fact(label=_("Highest rate"), cell=highest, basis=Sentence(text=_("as requested"))),
            Fact(label=_("p99"), cell=_time(p99)),
            Fact(
                label=_("Failed"),
                cell=Cell(value=report.error_rate, form="percent"),
                basis=Sentence(text=_("{n} of {all}"), cells=failed),
            ),
            Fact(
                label=_("Requests"),
                cell=Cell(value=report.requests, form="number"),
                basis=Sentence(text=_("real held-out rows")),
            ),
        ),
    )


def over_rate(report: Report) -> Section:
    """Response time over the rate, with the promise as a line, and the same as a table."""
    rows = [row for row in report.rates if row.p50.ms is not None]
    promised = Cell(value=report.slo.p99_ms, form="number")
    promise = Sentence(text=_("promise {ms} ms"), cells={"ms": promised})
    lines = Lines(
        lines=(*_tail(rows), Line(name="p50", x=_rates(rows), y=tuple(row.p50.ms or 0.0 for row in rows))),
        x=_("requests a second"),
        y="ms",
        alt=_("p50 and p99 response time at each rate, with the promised limit"),
        limit=(report.slo.p99_ms, promise),
    )
    return Section(
        title=_("Response time over rate"),
        hint=Sentence(text=_("from the moment a request was due")),
        series=(lines,) if len(rows) > 1 else (),
        tables=(_rate_table(report),),
    )


def percentiles(report: Report) -> Section:
    """Each percentile beside what a tool that counts from the moment of sending would say."""
    naive = {percentile.fraction: percentile.ms for percentile in report.naive_percentiles}
    rows = tuple(
        (
            Cell(value=f"p{percentile.fraction * 100:g}"),
            _time(percentile),
            Cell(value=naive.get(percentile.fraction), form="milliseconds"),
        )
        for percentile in report.percentiles
    )
    columns = ("", _("Response time"), _("From sending"))
    alt = _("Percentiles with their 95 % intervals")
    return Section(title=_("Percentiles"), tables=(Table(columns=columns, rows=rows, alt=alt),))


def _invalid(report: Report) -> Section:
    reasons = tuple((Cell(value=reason[:1].upper() + reason[1:]),) for reason in report.reasons)
    return Section(
        title=_("Report"),
        statement=Cell(value=_("Invalid: no figure of this test may be cited."), tone="bad"),
        tables=(Table(columns=(_("Why"),), rows=reasons, alt=_("Why the test is invalid")),),
    )


def _tail(rows: list[RateRow]) -> tuple[Line, ...]:
    known = [row for row in rows if row.p99.ms is not None]
    if not known:
        return ()
    return (
        Line(
            name="p99",
            x=_rates(known),
            y=tuple(row.p99.ms or 0.0 for row in known),
            low=tuple(row.p99.low_ms or 0.0 for row in known),
            high=tuple(row.p99.high_ms or 0.0 for row in known),
        ),
    )


def _rates(rows: list[RateRow]) -> tuple[float, ...]:
    return tuple(row.rate for row in rows)


def _rate_table(report: Report) -> Table:
    columns = (_("Rate"), _("Requests"), _("p50"), _("p99"), _("Slow or failed"), _("Promise"))
    rows = tuple(_rate_row(row) for row in report.rates if row.requests)
    return Table(columns=columns, rows=rows, alt=_("Response time and failures at each rate"))


def _rate_row(row: RateRow) -> tuple[Cell, ...]:
    return (
        Cell(value=row.rate, form="rate"),
        Cell(value=row.requests, form="number"),
        Cell(value=row.p50.ms, form="milliseconds"),
        _time(row.p99),
        Cell(value=row.slow_share, form="percent"),
        Cell(value=_("kept"), tone="good") if row.holds else Cell(value=_("broken"), tone="bad"),
    )


def _time(percentile: Percentile | None) -> Cell:
    if percentile is None:
        return Cell(value=None, form="milliseconds")
    return Cell(value=percentile.ms, form="milliseconds", low=percentile.low_ms, high=percentile.high_ms)


def _rate(capacity: Capacity) -> Cell:
    return Cell(value=capacity.rate, form="rate", low=capacity.low, high=capacity.high)


def _p99(report: Report) -> Percentile | None:
    return next((percentile for percentile in report.percentiles if percentile.fraction == 0.99), None)


def _conditions(report: Report) -> str:
    """What decides how hard a test was."""
    plan = report.plan
    return f"{plan.profile.value} {plan.rate:g} {plan.in_flight} {plan.spacing}"
