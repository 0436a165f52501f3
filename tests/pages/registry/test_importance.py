"""What inputs matter, wherever versions are judged: on the page of one, and of several beside each other."""

import pytest

from core.explanations.evidence import evidence_from
from core.explanations.values import ImportanceReport, InputImportance
from core.portal import Portal
from core.registry.values import ModelVersion
from core.tasks.values import Interval
from tests.conftest import People
from tests.pages.running import page, text_of
from tests.promotion.stage import Stage
from tests.registry.onnx_files import calling


@pytest.fixture
def stage(portal: Portal, people: People) -> Stage:
    return Stage(portal, people)


def measured(stage: Stage, version: ModelVersion, **shares: float) -> None:
    """Evidence in which the inputs bring so much."""
    entries = (
        InputImportance(name=name, importance=Interval(value=share, low=share / 2, high=2 * share))
        for name, share in shares.items()
    )
    report = ImportanceReport(
        task="binary",
        metric="log_loss",
        training_set="TS-1",
        holdout=version.evaluations[0].holdout,
        holdout_name="test",
        rows=4_000,
        rows_in_all=9_000,
        repeats=3,
        seed=1,
        inputs=tuple(entries),
    )
    evidence = evidence_from(report, version=version, training_set="", job_id="JOB-1", by="P-2")
    with calling(stage.portal, stage.people.engineer) as call:
        stage.portal.registry.add_evidence(call, evidence)


def test_a_version_says_what_it_rests_on(stage: Stage) -> None:
    version = stage.version()
    before = text_of(page(stage.portal, stage.people.viewer, "version", id=version.id))
    assert "Not measured yet: how much worse it is" in before
    measured(stage, version, age=0.06, city=0.03, income=0.01)
    shown = text_of(page(stage.portal, stage.people.viewer, "version", id=version.id))
    assert "Rests on age (60" in shown
    assert "rows of test" in shown


def test_versions_are_compared_by_what_they_rest_on(stage: Stage) -> None:
    first, second = stage.version(), stage.version(0.7)
    measured(stage, first, age=0.06, city=0.04)
    measured(stage, second, city=0.09, age=0.01)
    shown = text_of(page(stage.portal, stage.people.viewer, "compare", ids=f"{first.id},{second.id}"))
    assert "Why they predict so" in shown
    assert "no. 1 \u2191\u202f1" in shown
    assert "no. 2 \u2193\u202f1" in shown
