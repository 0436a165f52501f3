"""What changes in production: only what differs, with figures and their intervals."""

from typing import Any

from core.loadtests.values import Capacity
from core.promotion.requests.production_changes import Move, changes
from core.promotion.values import Plan, Step
from core.registry.signature import Signature, TensorSpec
from tests.promotion.values_to_judge import (
    endpoint,
    evaluation,
    interval,
    load_report,
    load_test,
    quality,
    route_of,
    version,
)

NOW_SERVED = version(1, evaluations=(evaluation(metrics={"auc": interval(0.69), "log_loss": interval(0.49)}),))
TITLES = {
    "FEAT-1": "weather v1",
    "FEAT-2": "carrier_delay v1",
    "FEAT-3": "carrier_delay v2",
    "TS-1": "January to December",
}


def table(**what: Any) -> dict[str, tuple[str, str]]:
    after = what.pop("after", version(2))
    standard: dict[str, Any] = {
        "endpoint": endpoint(route_of(NOW_SERVED)),
        "plan": Plan(steps=(Step(weight=10, hold_seconds=60), Step(weight=100, hold_seconds=60))),
        "now": NOW_SERVED,
        "after": after,
        "rollback": NOW_SERVED,
        "evidence": (quality(after, NOW_SERVED), load_test(after, number=2)),
        "evidence_now": (load_test(NOW_SERVED, load_report(NOW_SERVED), number=3),),
        "titles": TITLES,
    }
    return {row.part: (row.now, row.after) for row in changes(Move(**{**standard, **what}))}


def test_the_model_the_traffic_and_the_way_back_are_always_shown() -> None:
    rows = table()
    assert rows["Model"] == ("late-arrival v1", "late-arrival v2")
    assert rows["Traffic"] == ("100 % late-arrival v1", "10 % for 1 min, then 100 % for 1 min")
    assert rows["Rollback target"] == ("–", "late-arrival v1")


def test_expected_metrics_come_from_the_evidence_with_their_difference() -> None:
    rows = table()
    assert rows["Expected AUC"] == (
        "0.6900 (0.6880 to 0.6920)",
        "0.7000 (0.6980 to 0.7020) · +0.0100 (+0.0080 to +0.0120)",
    )
    assert rows["Expected log loss"][1].endswith("−0.0100 (−0.0120 to −0.0080)")
    assert rows["Capacity"] == ("240 rps (210 to 300) at p99 within 50 ms",) * 2


def test_a_difference_against_another_version_is_not_shown_as_one_against_production() -> None:
    after = version(2)
    rows = table(after=after, evidence=(quality(after, version(7)),))
    assert rows["Expected AUC"][1] == "0.7000 (0.6980 to 0.7020)"


def test_only_feature_versions_that_differ_are_named() -> None:
    rows = table(after=version(2, feature_versions=("FEAT-1", "FEAT-3")))
    assert rows["Feature versions"] == ("carrier_delay v1 (2)", "carrier_delay v2 (2)")
    assert "Feature versions" not in table()
    assert "Training set" not in table()
    for other in ("TS-0", "TS-999"):
        assert "Training set" in table(after=version(2, training_set_id=other))


def test_inputs_and_size_that_differ_are_named() -> None:
    wider = Signature(inputs=(TensorSpec(name="carrier", datatype="BYTES"), TensorSpec(name="wind", datatype="FP64")))
    rows = table(after=version(2, signature=wider, bytes=260_000))
    assert rows["Inputs"] == ("(1)", "wind (2)")
    assert rows["Size"] == ("0.12 MB", "0.26 MB")


def test_a_first_version_replaces_nothing() -> None:
    rows = table(now=None, rollback=None, endpoint=endpoint(), evidence_now=())
    assert rows["Model"] == ("–", "late-arrival v2")
    assert rows["Traffic"][0] == "–"
    assert rows["Rollback target"][1] == "none: nothing serves now"
    assert rows["Feature versions"] == ("–", "weather v1, carrier_delay v1 (2)")
    assert rows["Expected AUC"] == ("–", "0.7000 (0.6980 to 0.7020)")


def test_damaged_figures_are_left_out_not_shown() -> None:
    after = version(2)
    unbounded = load_report(after, capacity=Capacity(rate=None, low=None, high=None, method=""))
    measured = quality(after, NOW_SERVED)
    odd = measured.model_copy(update={"content": {"deltas": {"auc": "high", "log_loss": None}}})
    rows = table(after=after, evidence=(odd, load_test(after, unbounded)), evidence_now=())
    assert rows["Expected AUC"][1] == "0.7000 (0.6980 to 0.7020)"
    assert rows["Capacity"] == ("–", "–")
