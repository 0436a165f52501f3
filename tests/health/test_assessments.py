"""What was promised, what was measured and what the goal asks for: judged in one place, and red wherever it is."""

from typing import Any

import pytest
from sqlmodel import col, delete

from core.foundation.errors import Invalid
from core.foundation.objects import ObjectRow
from core.health.assessment import Assessment, Figures, Reading, assess
from core.portal import Portal
from core.registry.tables import VersionRow
from core.requirements.values import Comparison, Criterion
from core.serving.tables import EndpointRow, ReplayRow
from tests.health.installation import (
    CANDIDATE,
    DATASET,
    GOAL,
    MODEL,
    PRODUCTION,
    SERVING,
    STAGING,
    change,
    healths,
    states,
)
from tests.pages.running import page
from tests.promotion.values_to_judge import NOW
from tests.upgrade.home import PEOPLE

AT_MOST, AT_LEAST = Comparison.AT_MOST, Comparison.AT_LEAST


def condition(metric: str, limit: float, comparison: Comparison = AT_MOST) -> Criterion:
    return Criterion(metric=metric, comparison=comparison, limit=limit)


LOSS, FAST = condition("log_loss", 0.55), condition("p99_ms", 50.0)
PROMISED = {"value": 0.5478, "low": 0.5400, "high": 0.5556}


def judged(metric: str, **fields: Any) -> Assessment:
    known: dict[str, Any] = {"title": "late v2", "endpoint_id": "EP-1", "endpoint": "late", "registered_at": NOW}
    return assess(Figures(version_id="MV-2", metric=metric, **known, **fields))


def reading(value: float, half: float | None = None) -> Reading:
    return Reading(value=value) if half is None else Reading(value=value, low=value - half, high=value + half)


@pytest.mark.parametrize(
    ("shown", "state", "verdict"),
    [
        (
            judged("log_loss", goal=LOSS, promised=reading(0.5478), measured=reading(0.5555)),
            "goal_missed",
            "missed",
        ),
        (
            judged("log_loss", goal=LOSS, promised=reading(0.5600), measured=reading(0.5400)),
            "goal_missed",
            "missed",
        ),
        (judged("log_loss", goal=LOSS, promised=reading(0.5478), measured=reading(0.5500)), "healthy", "kept"),
        (judged("log_loss", goal=LOSS, promised=reading(0.5478)), "healthy", "no data"),
        (judged("log_loss", goal=LOSS), "", "no data"),
        (judged("p99_ms", level=FAST, measured=reading(50.1)), "promise_broken", "missed"),
        (judged("p99_ms", level=FAST, measured=reading(50.0)), "healthy", "kept"),
        (judged("p99_ms", level=FAST, promised=reading(80.0)), "", "no data"),
        # Under another load; only figures of rows are held against each other.
        (judged("p99_ms", promised=reading(5.0, 0.1), measured=reading(9.0, 0.1)), "", "no data"),
        (judged("auc", promised=reading(0.70, 0.01), measured=reading(0.65, 0.03)), "promise_broken", "missed"),
        (judged("auc", promised=reading(0.70, 0.01), measured=reading(0.67, 0.03)), "healthy", "kept"),
        (judged("auc", promised=reading(0.70, 0.01), measured=reading(0.75, 0.01)), "healthy", "kept"),
        (judged("log_loss", promised=reading(0.5, 0.01), measured=reading(0.6, 0.01)), "promise_broken", "missed"),
        (judged("log_loss", promised=reading(0.5, 0.01), measured=reading(0.6)), "", "no data"),
    ],
)
def test_the_worst_of_goal_level_and_promise_counts(shown: Assessment, state: str, verdict: str) -> None:
    assert (shown.health.state, shown.verdict) == (state, verdict)


def test_a_broken_promise_says_what_was_promised() -> None:
    late = judged("p99_ms", level=FAST, measured=reading(62.5)).health
    assert late.reason == "late v2 does not keep its promise on late: p99 latency is 62.5, at most 50 was promised"
    worse = judged("auc", promised=reading(0.7, 0.01), measured=reading(0.6, 0.01)).health
    assert worse.reason.endswith("AUC is 0.6, 0.7 (0.69 to 0.71) was promised")


def promise(portal: Portal, **figures: dict[str, float]) -> None:
    """What the evaluation of the version says that serves, and the goal that it answers to."""
    version = portal.registry.get_version(PEOPLE.viewer, version_id=SERVING)
    known = [evaluation.model_dump() for evaluation in version.evaluations]
    change(
        portal, VersionRow, SERVING, evaluations=[item | {"metrics": figures} for item in known], requirement_id=GOAL
    )
    with portal.foundation.database.write() as session:
        session.exec(delete(ReplayRow).where(col(ReplayRow.endpoint_id).in_((STAGING, PRODUCTION))))


def ask(portal: Portal, *criteria: Criterion) -> None:
    portal.requirements.edit_requirement(
        PEOPLE.engineer, requirement_id=GOAL, title="Warn", goal="", business_metric="", criteria=criteria
    )


def replay(portal: Portal, number: int, **fields: Any) -> None:
    """A replay through production as its job leaves it."""
    known = {"sent": 1_000, "failed": 0, "by_version": {SERVING: 1_000}, "metrics": {"p99_ms": 4.0}}
    with portal.foundation.database.write() as session:
        now = portal.foundation.clock.now()
        row = {"id": f"JOB-9{number:02d}", "endpoint_id": PRODUCTION, "project": "PROJ-1", "created_at": now}
        session.add(ReplayRow(**row | known | fields))


def test_a_replay_that_misses_the_goal_is_red_on_the_endpoint_the_requirement_and_in_the_inbox(
    whole_on: Portal,
) -> None:
    promise(whole_on, log_loss=PROMISED)
    ask(whole_on, LOSS)
    everything = (PRODUCTION, STAGING, SERVING, MODEL, GOAL)
    assert states(whole_on, *everything) == dict.fromkeys(everything, "healthy")
    replay(whole_on, 1, metrics={"p99_ms": 4.0, "log_loss": 0.5555})
    judged = states(whole_on, *everything)
    assert judged == dict.fromkeys(everything, "goal_missed") | {STAGING: "healthy"}
    goal = healths(whole_on, GOAL)[GOAL]
    assert goal.cause_id == PRODUCTION
    assert goal.reason == (
        "late-arrival v1 misses the goal on late-arrival: log loss is 0.5555, at most 0.55 is asked for"
    )
    problems = {actor: whole_on.health.own_problems(getattr(PEOPLE, actor)) for actor in ("sre", "engineer")}
    assert [problem.health.object_id for problem in problems["sre"]] == [PRODUCTION]
    assert [problem.health.object_id for problem in problems["engineer"]] == [MODEL]
    change(whole_on, ObjectRow, GOAL, owner=PEOPLE.approver.person_id)
    assert [problem.health.object_id for problem in whole_on.health.own_problems(PEOPLE.approver)] == [GOAL]
    change(whole_on, ObjectRow, GOAL, state="dropped")
    assert whole_on.health.own_problems(PEOPLE.approver) == ()
    # The next replay keeps the goal again.
    replay(whole_on, 2, metrics={"p99_ms": 4.0, "log_loss": 0.5400})
    assert states(whole_on, *everything) == dict.fromkeys(everything, "healthy")


def test_promised_and_measured_stand_side_by_side(whole: Portal) -> None:
    promise(whole, log_loss=PROMISED)
    ask(whole, LOSS)
    figures = {SERVING: {"log_loss": {"value": 0.5555, "low": 0.55, "high": 0.56}}}
    replay(whole, 1, metrics={"p99_ms": 4.0}, failed=3, figures=figures)
    shown = whole.health.assessments(PEOPLE.viewer, object_id=PRODUCTION)
    values = {
        item.metric: tuple(reading and reading.value for reading in (item.promised, item.measured)) for item in shown
    }
    assert values == {"log_loss": (0.5478, 0.5555), "p99_ms": (None, 4.0), "error_rate": (None, 0.003)}
    assert {item.metric: item.verdict for item in shown} == {
        "log_loss": "missed",
        "p99_ms": "kept",
        "error_rate": "missed",
    }
    measured = shown[0].measured
    assert measured is not None
    assert (measured.low, measured.high, measured.source) == (0.55, 0.56, "JOB-901")
    everywhere = whole.health.assessments(PEOPLE.viewer, object_id=SERVING)
    assert [item.endpoint_id for item in everywhere] == [PRODUCTION] * 3 + [STAGING] * 3
    assert [item.version_id for item in whole.health.assessments(PEOPLE.viewer, object_id=GOAL)] == [SERVING] * 6
    # It answers to no requirement and serves nowhere.
    assert whole.health.assessments(PEOPLE.viewer, object_id=CANDIDATE) == ()
    with pytest.raises(Invalid, match="promises nothing"):
        whole.health.assessments(PEOPLE.viewer, object_id=DATASET)


def test_limits_stay_on_their_line_and_what_measured_all_is_named_once(whole: Portal) -> None:
    promise(whole, log_loss=PROMISED)
    ask(whole, LOSS)
    replay(whole, 1, metrics={"p99_ms": 4.0, "log_loss": 0.54}, failed=3)
    shown = page(whole, PEOPLE.viewer, "endpoint", id=PRODUCTION)
    table = shown.table[0].value
    assert list(table.columns) == ["What", "Limit", "Promised", "Measured", "Verdict"]
    assert list(table["Limit"]) == [
        limit.replace(" ", "\u00a0") for limit in ("at most 0.55", "at most 50 ms", "at most 0.001")
    ]
    assert [text.value for text in shown.caption if text.value.startswith("Measured by ")] == [
        "Measured by [JOB-901](job?id=JOB-901), just now"
    ]


def test_what_several_versions_answered_together_is_no_versions_figure(whole: Portal) -> None:
    promise(whole, log_loss=PROMISED)
    ask(whole, LOSS)
    both = {SERVING: 500, CANDIDATE: 500}
    replay(whole, 1, by_version=both, metrics={"p99_ms": 4.0, "log_loss": 0.9})
    assert states(whole, PRODUCTION) == {PRODUCTION: "healthy"}
    own = {SERVING: {"log_loss": {"value": 0.5600, "low": 0.55, "high": 0.57}}}
    replay(whole, 2, by_version=both, metrics={"p99_ms": 4.0, "log_loss": 0.4}, figures=own)
    assert states(whole, PRODUCTION) == {PRODUCTION: "goal_missed"}


def test_a_replay_without_an_outcome_yet_hides_none_that_has_one(whole: Portal) -> None:
    promise(whole, log_loss=PROMISED)
    ask(whole, LOSS)
    replay(whole, 1, metrics={"p99_ms": 4.0, "log_loss": 0.5555})
    replay(whole, 2, metrics={})
    assert states(whole, PRODUCTION) == {PRODUCTION: "goal_missed"}


def test_a_slow_endpoint_breaks_its_promise_without_any_goal(whole: Portal) -> None:
    promise(whole)
    ask(whole, LOSS)
    slo = {"p99_ms": 50.0, "error_rate": 0.001}
    change(whole, EndpointRow, PRODUCTION, slo=slo)
    replay(whole, 1, metrics={"p99_ms": 50.5})
    assert states(whole, PRODUCTION, GOAL) == {PRODUCTION: "promise_broken", GOAL: "promise_broken"}
