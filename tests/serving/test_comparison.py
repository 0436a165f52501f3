"""What counts as the same cell, and which cause a mismatch is given."""

from typing import Any

import numpy as np
import pytest

from core.features.values import FeatureContract, RequestField, ServedView
from core.serving.measurement.comparison import (
    CODE,
    KEY,
    LATE,
    MISSING,
    ROUNDING,
    TTL,
    UNKNOWN,
    Comparison,
    OfflineRow,
    ServedRow,
    Times,
    agree,
)
from core.serving.measurement.parity_evidence import verdict_on
from core.tasks.predictions import Outputs
from core.tasks.values import Target, Verdict

VIEW = ServedView(
    version_id="FEAT-1",
    view="weather",
    digest="d",
    rows_digest="",
    keys=(("origin", "origin"),),
    outputs=(("wind", "w_wind", "number"), ("sky", "w_sky", "category")),
    ttl_us=0,
    delay_us=0,
)
CONTRACT = FeatureContract(
    event_time="t",
    row_id="id",
    request=(RequestField(name="origin", kind="category", is_model_input=True),),
    views=(VIEW,),
)
OFFLINE = {"origin": "EWR", "w_wind": 12.5, "w_sky": "clear"}
PRESENT = {"status": "present", "event_us": 100, "created_us": None}


def probability(value: float) -> Outputs:
    return {"probability": np.array([value])}


def compared(
    served: dict[str, Any],
    *,
    offline: dict[str, Any] = OFFLINE,
    lookup: dict[str, Any] = PRESENT,
    answer: Times | None = (100, None),
    digest: str = "version",
    gap: float = 0.0,
) -> Comparison:
    comparison = Comparison(CONTRACT, "version", Target())
    row = ServedRow(digest=digest, outputs=probability(0.5 + gap), features={**offline, **served}, lookups=[lookup])
    comparison.add(OfflineRow("r-1", probability(0.5), offline), row, answers=lambda: [answer])
    return comparison


@pytest.mark.parametrize(
    ("offline", "served"),
    [
        (None, None),
        ("", None),
        (None, ""),
        ("EWR", "EWR"),
        (0.0, -0.0),
        (1.0, 1.0 + 1e-6),
        (1e6, 1e6 + 9.0),
        (0.0, 9e-7),
    ],
)
def test_cells_that_agree(offline: Any, served: Any) -> None:
    assert agree(offline, served)


@pytest.mark.parametrize(
    ("offline", "served"),
    [
        (None, 0.0),
        (0.0, None),
        ("", "x"),
        ("EWR", "ewr"),
        ("EWR ", "EWR"),
        (1.0, 1.0 + 3e-5),
        ("1", 1.0),
        (1e6, 1e6 + 11),
    ],
)
def test_cells_that_differ(offline: Any, served: Any) -> None:
    assert not agree(offline, served)


@pytest.mark.parametrize(
    ("served", "given", "cause"),
    [
        ({"w_wind": 20.0}, {"lookup": {**PRESENT, "event_us": 90}}, LATE),
        ({"w_wind": 20.0}, {"answer": None}, LATE),
        ({"w_wind": None}, {"lookup": {**PRESENT, "status": "expired"}}, TTL),
        ({"w_wind": None}, {"lookup": {"status": "not_found", "event_us": None, "created_us": None}}, KEY),
        ({"w_wind": None}, {}, MISSING),
        ({"w_sky": "unknown"}, {"offline": {**OFFLINE, "w_sky": None}}, MISSING),
        ({"w_wind": 12.5004}, {}, ROUNDING),
        ({"w_sky": "Clear "}, {}, ROUNDING),
        ({"w_wind": 20.0}, {}, UNKNOWN),
        ({"origin": "JFK"}, {}, UNKNOWN),
        ({"w_wind": 20.0}, {"digest": "another"}, CODE),
    ],
)
def test_a_mismatch_is_given_the_cause_that_its_signs_point_to(
    served: dict[str, Any], given: dict[str, Any], cause: str
) -> None:
    report = compared(served, **given).report(holdout="h")
    assert (report.mismatches, report.causes[0].cause, report.worst[0].name) == (1, cause, next(iter(served)))


@pytest.mark.parametrize(("gap", "cause"), [(1e-4, ROUNDING), (0.2, UNKNOWN)])
def test_a_prediction_that_differs_over_the_same_inputs_is_a_mismatch_too(gap: float, cause: str) -> None:
    report = compared({}, gap=gap).report(holdout="h")
    assert (report.mismatches, report.by_input, report.causes[0].cause) == (1, {"prediction": 1}, cause)
    assert report.largest_prediction_gap == pytest.approx(gap)


def test_a_prediction_that_differs_because_an_input_does_has_its_cause() -> None:
    report = compared({"w_wind": None}, gap=0.3).report(holdout="h")
    assert (report.mismatches, report.rows_with_mismatch, [cause.cause for cause in report.causes]) == (2, 1, [MISSING])
    assert report.worst[0].name == "prediction"


def test_a_prediction_that_is_no_number_is_a_mismatch() -> None:
    assert compared({}, gap=float("nan")).mismatches


def test_silence_is_never_a_pass() -> None:
    empty = Comparison(CONTRACT, "version", Target()).report(holdout="h")
    assert verdict_on(empty) is Verdict.NO_DATA
    assert verdict_on(compared({}).report(holdout="h")) is Verdict.PASS
    assert verdict_on(compared({"w_wind": 1.0}).report(holdout="h")) is Verdict.FAIL
