"""What inputs bring, where people choose them: on the page of a training set, and where features are joined."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from core.explanations.evidence import evidence_from
from core.explanations.values import ImportanceReport, InputImportance
from core.foundation.text import percent
from core.registry.values import ModelVersion
from core.tasks.values import Interval
from tests.compute.running import run_job_here
from tests.installed import installed, settings_in
from tests.pages.conftest import Furnished, furnish
from tests.pages.running import page, text_of
from tests.registry.onnx_files import calling
from tests.training.sets import start


@dataclass(frozen=True)
class Trained:
    """A portal with a set that a version was trained on, and what the page of the set was before and after."""

    furnished: Furnished
    version: ModelVersion
    shown: tuple[str, str, str]


def inputs_of(furnished: Furnished) -> str:
    shown = page(furnished.portal, furnished.people.viewer, "training-set", id=furnished.training_set, tab="Inputs")
    return text_of(shown)


def measured(furnished: Furnished, version: ModelVersion) -> None:
    entries = (
        InputImportance(
            name="carrier_late_share",
            importance=Interval(value=0.06, low=0.05, high=0.07),
            view=furnished.version,
            feature="late_share",
        ),
        InputImportance(name="distance", importance=Interval(value=0.02, low=0.01, high=0.03)),
    )
    report = ImportanceReport(
        task="binary",
        metric="log_loss",
        training_set=furnished.training_set,
        holdout=version.evaluations[0].holdout,
        holdout_name="test",
        rows=48,
        rows_in_all=48,
        repeats=3,
        seed=1,
        inputs=entries,
    )
    evidence = evidence_from(report, version=version, training_set="", job_id="JOB-1", by="P-2")
    with calling(furnished.portal, furnished.people.engineer) as call:
        furnished.portal.registry.add_evidence(call, evidence)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    with installed(settings_in(tmp_path_factory.mktemp("importance") / "home")) as (portal, people):
        furnished = furnish(portal, people)
        untrained = inputs_of(furnished)
        run = start(portal, people, furnished.training_set, recipe="linear", params={})
        job = run_job_here(portal, run.job_id)
        assert job.state == "succeeded", job.cause
        version = portal.training.register_version(people.engineer, run_id=run.id, model="late-arrival")
        unmeasured = inputs_of(furnished)
        measured(furnished, version)
        yield Trained(furnished, version, (untrained, unmeasured, inputs_of(furnished)))


def test_a_set_shows_what_its_inputs_bring_to_the_best_version_trained_on_it(trained: Trained) -> None:
    untrained, unmeasured, shown = trained.shown
    address = f"](version?id={trained.version.id})"
    assert "train a model and register its run" in untrained
    assert f"It is being measured for [{trained.version.title}{address}" in unmeasured
    assert f"Of [{trained.version.title}{address}, the best version trained on it." in shown
    assert f"Rests on carrier_late_share ({percent(0.75)})" in shown
