"""What each kind of evidence says of its report, and which figures of it may be cited."""

from typing import Any

import pytest

from core.loadtests.values import Capacity, Plan, Profile
from core.promotion.evidence_kinds.content import Cell, Figure, Intervals, Lines, Section
from core.promotion.evidence_kinds.evidence_kind import EvidenceKind
from core.promotion.evidence_kinds.table import evidence_kinds, kind_title
from core.registry.values import Evidence, Finding
from core.serving.values import ParityCause, ParityReport, ParityRow
from core.tasks.values import Interval
from tests.promotion.values_to_judge import (
    HOLDOUT,
    conversion,
    evidence,
    inputs,
    interval,
    load_report,
    load_test,
    parity,
    percentile,
    quality,
    safety,
    version,
)

CANDIDATE, PRODUCTION = version(2), version(1)
KINDS = list(evidence_kinds().values())


def content_of(item: Evidence) -> tuple[Section, ...]:
    return evidence_kinds()[item.kind].content(item)


def figures_of(item: Evidence) -> dict[str, Figure]:
    return dict(evidence_kinds()[item.kind].figures(item))


def facts_of(section: Section) -> dict[str, Any]:
    return {fact.label: fact.cell.value for fact in section.facts}


def column_of(section: Section, title: str, table: int = 0) -> list[Cell]:
    at = section.tables[table].columns.index(title)
    return [row[at] for row in section.tables[table].rows]


def differing(mismatches: int = 3) -> Evidence:
    report = ParityReport(
        rows=500,
        cells=5_000,
        mismatches=mismatches,
        rows_with_mismatch=2,
        largest_prediction_gap=0.02,
        by_input={"delay": 2, "prediction": 1},
        causes=(ParityCause(cause="ttl", rows=2),),
        worst=(ParityRow(row_id="F1", name="delay", offline=3.5, served=None, cause="ttl"),),
        version_digest=CANDIDATE.digest,
        holdout=HOLDOUT,
    )
    return evidence("parity", CANDIDATE, report)


def test_a_release_asks_for_the_kinds_in_this_order() -> None:
    titles = [
        "Offline quality",
        "Parity",
        "Load test",
        "Artifact safety",
        "Conversion",
        "Inputs alone",
        "Why it predicts so",
    ]
    assert [kind.title for kind in KINDS] == titles
    assert [kind.confirmation for kind in KINDS if kind.confirmation] == ["I have read the load-test report"]
    assert (kind_title("load_test"), kind_title("gone_long_ago")) == ("Load test", "Gone long ago")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_is_complete(kind: EvidenceKind) -> None:
    assert kind.help()
    assert kind.missing
    assert kind.gate is None or kind.gate.name == kind.name
    assert bool(kind.measured_by) + kind.on_endpoint + kind.comes_with_a_run + kind.comes_with_a_file == 1


def test_rows_have_a_cell_for_each_column() -> None:
    items = [quality(CANDIDATE), quality(CANDIDATE, PRODUCTION), differing(), load_test(CANDIDATE)]
    tables = [table for item in items for section in content_of(item) for table in section.tables]
    assert len(tables) == 7
    for table in tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}


def test_quality_alone_has_nothing_to_compare() -> None:
    (figures,) = content_of(quality(CANDIDATE))
    assert figures.tables[0].columns == ("Metric", "This version")
    assert [cell.value for cell in column_of(figures, "Metric")] == sorted(
        CANDIDATE.evaluations[0].metrics, key=["auc", "log_loss", "brier", "ece"].index
    )
    auc = CANDIDATE.evaluations[0].metrics["auc"]
    shown = column_of(figures, "This version")[0]
    assert (shown.value, shown.low, shown.high) == (auc.value, auc.low, auc.high)


def test_quality_tells_better_worse_and_unsure_apart_by_what_is_good_for_the_metric() -> None:
    deltas = {"auc": interval(-0.01), "log_loss": interval(-0.01)}
    worse_and_better = content_of(quality(CANDIDATE, PRODUCTION, deltas=deltas))
    assert [cell.tone for cell in column_of(worse_and_better[0], "Difference")][:2] == ["bad", "good"]
    unsure = content_of(quality(CANDIDATE, PRODUCTION, deltas={"auc": interval(0.001, 0.002)}))
    assert column_of(unsure[0], "Difference")[0].tone == "unsure"
    (gains,) = worse_and_better[1].series
    assert isinstance(gains, Intervals)
    assert gains.zero
    assert {label.value: value for label, value in gains.rows} == {
        "auc": deltas["auc"],
        "log_loss": Interval(value=0.01, low=-deltas["log_loss"].high, high=-deltas["log_loss"].low),
    }


def test_only_quality_names_a_baseline() -> None:
    kinds = evidence_kinds()
    assert kinds["quality"].baseline(quality(CANDIDATE, PRODUCTION)) == PRODUCTION.id
    assert kinds["quality"].baseline(quality(CANDIDATE)) == ""
    assert kinds["parity"].baseline(parity(CANDIDATE)) == ""


def test_parity_counts_and_shows_what_differs() -> None:
    (cells,) = content_of(parity(CANDIDATE))
    assert list(facts_of(cells).values()) == [500, 5_000, 0, 0.0]
    _cells, counts, worst = content_of(differing())
    assert [cell.value for cell in column_of(counts, "Cause")] == ["Expired (TTL)"]
    assert [cell.value for cell in column_of(counts, "Cells", table=1)] == [2, 1]
    assert [cell.value for cell in worst.tables[0].rows[0]] == ["F1", "delay", 3.5, "missing", "Expired (TTL)"]


def test_a_scan_lists_what_it_found_and_the_operators_most_used_first() -> None:
    clean, operators = content_of(safety(CANDIDATE))
    assert clean.statement is not None
    assert clean.statement.tone == "good"
    assert facts_of(operators) == {"Gemm": 2, "Relu": 1}
    findings = (
        Finding(code="external", refuses=True, message="Points outside"),
        Finding(code="odd", refuses=False, message="Is unusual"),
    )
    refused, _operators = content_of(safety(CANDIDATE, *findings))
    assert refused.statement is None
    assert [cell.tone for cell in column_of(refused, "Finding")] == ["bad", "unsure"]
    assert [cell.value for cell in column_of(refused, "Code")] == ["external", "odd"]


def test_inputs_alone_are_shown_with_who_accepted_them() -> None:
    (clean,) = content_of(inputs(CANDIDATE))
    assert clean.statement is not None
    assert (clean.statement.value, clean.statement.tone) == ("No input predicts the label alone.", "good")
    named, accepted = content_of(inputs(CANDIDATE, {"perimeter": 0.975}, reason="Measured before the diagnosis"))
    assert [cell.value for cell in column_of(named, "Input")] == ["perimeter"]
    assert accepted.statement is not None
    assert accepted.statement.value == "Measured before the diagnosis"


def test_a_conversion_shows_how_far_the_file_is_from_its_source() -> None:
    figures, worst = content_of(conversion(CANDIDATE))
    assert facts_of(figures) == {
        "Rows": 24,
        "Largest difference": 8e-8,
        "Rows beyond the tolerance": 0.0,
        "Tolerance, absolute": 1e-4,
        "Tolerance, relative": 1e-4,
    }
    assert figures.hint is not None
    assert figures.hint.cells["source"].value == "sklearn 1.9.1 Pipeline"
    assert [cell.value for cell in worst.tables[0].rows[0]] == [17, "probability", 0.25, "no number", None]


def test_a_load_test_shows_capacity_rates_and_percentiles() -> None:
    report, rates, percentiles = content_of(load_test(CANDIDATE))
    assert facts_of(report) == {"Capacity": 240, "p99": 400.0, "Failed": 0.0, "Requests": 12_000}
    (lines,) = rates.series
    assert isinstance(lines, Lines)
    assert [(line.name, line.x) for line in lines.lines] == [("p99", (100, 200, 300)), ("p50", (100, 200, 300))]
    assert lines.limit is not None
    assert lines.limit[0] == 50
    assert [cell.tone for cell in column_of(rates, "Promise")] == ["good", "good", "bad"]
    assert [cell.value for cell in percentiles.tables[0].rows[0]] == ["p99", 400.0, None]


def test_an_invalid_load_test_shows_why_and_no_figure() -> None:
    item = load_test(CANDIDATE, load_report(CANDIDATE, validity="INVALID", reasons=("its core was busy",)))
    (section,) = content_of(item)
    assert (section.facts, section.series) == ((), ())
    assert [cell.value for cell in column_of(section, "Why")] == ["Its core was busy"]
    assert figures_of(item) == {}


def test_figures_that_may_be_cited_carry_their_interval_and_conditions() -> None:
    figures = figures_of(load_test(CANDIDATE))
    assert figures["capacity_rps"] == Figure(value=240, low=210, high=300)
    assert (figures["p99_ms"].value, figures["p99_ms"].low, figures["error_rate"].value) == (400.0, 380.0, 0.0)
    harder = Plan(profile=Profile.CAPACITY, rate=900, seconds=60, in_flight=100, rate_cap=1000)
    others = figures_of(load_test(CANDIDATE, load_report(CANDIDATE, plan=harder)))
    assert others["p99_ms"].conditions != figures["p99_ms"].conditions
    longer = harder.model_copy(update={"rate": 300.0, "seconds": 600.0})
    same = figures_of(load_test(CANDIDATE, load_report(CANDIDATE, plan=longer)))
    assert same["p99_ms"].conditions == figures["p99_ms"].conditions
    assert figures_of(differing()) == {"parity_mismatches": Figure(value=3)}
    assert figures_of(quality(CANDIDATE)) == {}


def test_what_was_not_measured_is_not_cited() -> None:
    broken = Capacity(rate=None, low=None, high=None, method="isotonic")
    for capacity in (None, broken):
        report = load_report(CANDIDATE, capacity=capacity, percentiles=(percentile(None),))
        assert list(figures_of(load_test(CANDIDATE, report))) == ["error_rate"]
