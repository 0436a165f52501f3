"""A study is a pure function of its trials: it can be built anew at any moment and goes on as it would have."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

from core.sweeps.optuna_study import Study, distribution_of, journal_of
from core.sweeps.values import Dimension, StudySpec, Trial

SPACE = {
    "x": Dimension(type="float", low=1e-3, high=1.0, log=True),
    "n": Dimension(type="int", low=1, high=9, step=2),
    "kind": Dimension(type="choice", choices=("a", "b", True, 1)),
}


def spec(**fields: Any) -> StudySpec:
    return StudySpec(
        **{"space": SPACE, "direction": "minimize", "sampler": "tpe", "pruner": "median", "seed": 3, **fields}
    )


def trial(number: int, state: str = "complete", value: float | None = None, **fields: Any) -> Trial:
    steps = tuple(fields.pop("steps", ()))
    known = {"number": number, "state": state, "value": value, "steps": steps, "started_at": None, "ended_at": None}
    return Trial(**{**known, "params": {"x": 0.1, "n": 3, "kind": "a"}, **fields})


def goodness(params: dict[str, Any]) -> float:
    """Best at x = 0.03; nothing else matters."""
    return float(abs(params["x"] - 0.03))


def searched(chosen: StudySpec, trials: int) -> list[Trial]:
    study, done = Study(chosen), []
    for number in range(trials):
        params = study.propose()
        done.append(trial(number, value=goodness(params), params=params))
        study.learn(done[-1])
    return done


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_a_study_that_is_built_anew_goes_on_as_it_would_have(sampler: str) -> None:
    whole = searched(spec(sampler=sampler), 12)
    for cut in (0, 1, 5, 11):
        assert Study(spec(sampler=sampler), whole[:cut]).propose() == whole[cut].params


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_proposals_lie_in_the_space_and_do_not_repeat(sampler: str) -> None:
    params = [proposal.params for proposal in searched(spec(sampler=sampler), 30)]
    assert all(1e-3 <= values["x"] <= 1.0 for values in params)
    assert all(values["n"] in (1, 3, 5, 7, 9) for values in params)
    assert all(type(values["n"]) is int for values in params)
    assert all(values["kind"] in ("a", "b", True, 1) for values in params)
    assert len({values["x"] for values in params}) == 30


SCALES = {
    "log": Dimension(type="float", low=1e-4, high=1.0, log=True),
    "step": Dimension(type="float", low=0.0, high=1.0, step=0.25),
    "whole_log": Dimension(type="int", low=1, high=10_000, log=True),
    "whole_step": Dimension(type="int", low=0, high=90, step=30),
}


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_every_sampler_keeps_to_the_scale_and_the_step_of_a_dimension(sampler: str) -> None:
    """On a logarithmic range half of the first proposals lie below its middle, which is a hundredth of its end."""
    study, params = Study(spec(sampler=sampler, space=SCALES)), []
    for number in range(40):
        params.append(study.propose())
        study.learn(trial(number, "failed", params=params[-1]))
    below = [sum(values[name] <= middle for values in params) for name, middle in (("log", 1e-2), ("whole_log", 100))]
    assert all(10 <= count <= 30 for count in below)
    assert {values["step"] for values in params} == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert {values["whole_step"] for values in params} == {0, 30, 60, 90}


def test_quasi_random_points_fill_the_space_evenly() -> None:
    params = [proposal.params for proposal in searched(spec(sampler="qmc"), 32)]
    decades = [sum(10**-k < values["x"] <= 10 ** (1 - k) for values in params) for k in (1, 2, 3)]
    assert min(decades) >= 9
    assert {values["n"] for values in params} == {1, 3, 5, 7, 9}


def test_a_search_by_tpe_does_better_than_chance() -> None:
    def least(sampler: str) -> float:
        return sum(
            min(proposal.value or 9 for proposal in searched(spec(sampler=sampler, seed=seed), 40)) for seed in range(5)
        )

    assert least("tpe") < least("random")


def test_other_seeds_propose_other_parameters() -> None:
    assert Study(spec(seed=1)).propose() != Study(spec(seed=2)).propose()


def test_a_trial_worse_than_the_median_is_pruned_and_a_better_one_is_not() -> None:
    rivals = [trial(n, value=0.3, steps=[(1, 0.5), (2, 0.4), (3, 0.3)]) for n in range(5)]
    study = Study(spec(), rivals)
    study.learn(trial(5, "running", steps=[(1, 0.9)]))
    assert not study.should_prune(5)  # The first check is too early to judge by.
    study.learn(trial(5, "running", steps=[(1, 0.9), (2, 0.8)]))
    assert study.should_prune(5)
    study.learn(trial(6, "running", steps=[(1, 0.4), (2, 0.2)]))
    assert not study.should_prune(6)


def test_upwards_is_better_where_the_metric_says_so() -> None:
    rivals = [trial(n, value=0.7, steps=[(1, 0.6), (2, 0.7)]) for n in range(5)]
    study = Study(spec(direction="maximize"), rivals)
    study.learn(trial(5, "running", steps=[(1, 0.9), (2, 0.8)]))
    assert not study.should_prune(5)
    study.learn(trial(6, "running", steps=[(1, 0.5), (2, 0.55)]))
    assert study.should_prune(6)


def test_without_a_pruner_nothing_is_pruned() -> None:
    rivals = [trial(n, value=0.3, steps=[(1, 0.5), (2, 0.3)]) for n in range(9)]
    study = Study(spec(pruner="none"), rivals)
    study.learn(trial(9, "running", steps=[(1, 9.0), (2, 9.0)]))
    assert not study.should_prune(9)


def test_a_hyperband_of_many_trials_prunes_some() -> None:
    study, pruned = Study(spec(pruner="hyperband")), 0
    for number in range(30):
        bad = number % 3
        steps = [(step, bad + 1 / step) for step in range(1, 10)]
        study.learn(trial(number, "running", steps=steps[:5]))
        stop = study.should_prune(number)
        pruned += stop
        study.learn(trial(number, "pruned" if stop else "complete", value=None if stop else float(bad), steps=steps))
    assert 0 < pruned < 30


def test_saying_the_same_twice_is_saying_it_once() -> None:
    study = Study(spec())
    learned = trial(0, "running", steps=[(1, 0.5)])
    study.learn(learned)
    study.learn(learned)
    study.learn(trial(0, value=0.4, steps=[(1, 0.5)]))
    study.learn(trial(0, value=0.4, steps=[(1, 0.5)]))
    assert study.next_number == 1
    assert not study.should_prune(0)


def test_failed_and_waiting_trials_keep_their_numbers() -> None:
    study = Study(spec(), [trial(0, "failed"), trial(1, "waiting", retry_of=0), trial(2, value=0.1)])
    assert study.next_number == 3


def test_the_parameter_that_matters_is_the_important_one() -> None:
    importances = Study(spec(sampler="random"), searched(spec(sampler="random"), 60)).importances()
    assert importances.shares[0].parameter == "x"
    assert (importances.trials, importances.trusted, importances.method) == (60, True, "PED-ANOVA")
    assert sum(importance.share for importance in importances.shares) == pytest.approx(1)


def test_few_trials_or_equal_ones_have_no_importances() -> None:
    assert Study(spec(), searched(spec(), 4)).importances().shares == ()
    equal = [trial(n, value=0.5, params=proposal.params) for n, proposal in enumerate(searched(spec(), 8))]
    importances = Study(spec(), equal).importances()
    assert (importances.trials, importances.trusted, importances.shares) == (8, False, ())


def test_the_exported_study_is_the_one_that_optuna_loads(tmp_path: Path) -> None:
    began, ended = datetime(2026, 1, 5, 9, tzinfo=UTC), datetime(2026, 1, 5, 10, tzinfo=UTC)
    over = {"started_at": began, "ended_at": ended}
    trials = [
        trial(0, value=0.4, params={"x": 0.5, "n": 9, "kind": True}, steps=[(1, 0.6), (2, 0.4)], **over),
        trial(1, "pruned", value=0.9, params={"x": 0.001, "n": 1, "kind": 1}, steps=[(1, 0.9)], **over),
        trial(2, "failed", cause="signal 9", job_id="JOB-1", **over),
        trial(3, "running", retry_of=2, started_at=began, ended_at=None),
        trial(4, "waiting", started_at=None, ended_at=None),
    ]
    path = tmp_path / "study.log"
    facts = {"title": "Widths", "base_params": {"epochs": 3}}
    path.write_bytes(journal_of(spec(direction="maximize"), trials, name="SWEEP-1", facts=facts, created_at=began))
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(path)))
    study = optuna.load_study(study_name="SWEEP-1", storage=storage)
    states = optuna.trial.TrialState
    assert [frozen.state for frozen in study.trials] == [
        states.COMPLETE,
        states.PRUNED,
        states.FAIL,
        states.RUNNING,
        states.WAITING,
    ]
    for frozen, known in zip(study.trials[:4], trials, strict=False):
        assert frozen.params == known.params
        assert frozen.distributions == {name: distribution_of(dimension) for name, dimension in SPACE.items()}
        assert frozen.intermediate_values == dict(known.steps)
    assert [frozen.value for frozen in study.trials] == [0.4, 0.9, None, None, None]
    assert study.trials[4].system_attrs == {"fixed_params": trials[4].params}
    assert (study.best_trial.number, study.direction.name, study.user_attrs) == (0, "MAXIMIZE", facts)
    assert study.trials[0].duration == timedelta(hours=1)
    assert study.trials[2].user_attrs == {"cause": "signal 9", "job": "JOB-1"}
    assert study.trials[3].user_attrs == {"retry_of": 2}


@pytest.mark.filterwarnings("ignore:The distribution is specified")
def test_proposals_stay_on_the_steps_of_a_range_that_they_do_not_divide() -> None:
    space = {"n": Dimension(type="int", low=1, high=10, step=4), "x": Dimension(type="float", low=0, high=1, step=0.3)}
    study, params = Study(spec(space=space, sampler="qmc")), []
    for number in range(20):
        params.append(study.propose())
        study.learn(trial(number, value=0.5, params=params[-1]))
    assert {values["n"] for values in params} == {1, 5, 9}
    assert {round(values["x"], 9) for values in params} == {0.0, 0.3, 0.6, 0.9}
