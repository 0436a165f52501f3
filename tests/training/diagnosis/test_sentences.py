"""A run says in words what its figures are worth."""

from datetime import UTC, datetime
from typing import Any

import pytest

from core.compute.values import JobState
from core.registry.values import Evaluation
from core.tasks.values import Interval
from core.training.automatic.values import Entry, Leaderboard
from core.training.diagnosis.sentences import alarms_of, reason_in_words, remarks_of
from core.training.diagnosis.values import Comparison, Judgement, Jump
from core.training.values import Run

AT = datetime(2024, 5, 1, tzinfo=UTC)
GOOD = {"auc": Interval(value=0.744, low=0.739, high=0.749), "log_loss": Interval(value=0.4852, low=0.48, high=0.49)}
LINEAR = {"auc": Interval(value=0.7366, low=0.73, high=0.74), "log_loss": Interval(value=0.4915, low=0.48, high=0.5)}


def around(value: float, *, by: float = 0.002) -> Interval:
    return Interval(value=value, low=value - by, high=value + by)


def run_with(judgement: Judgement, *, state: JobState = JobState.SUCCEEDED, figures: Any = GOOD) -> Run:
    evaluation = Evaluation(holdout="", holdout_name="test", rows=9, metrics=figures, predictions="")
    empty = dict.fromkeys(
        ("project", "title", "training_set_id", "job_id", "sweep_id", "stage", "cause", "version_id", "mlflow_run"), ""
    )
    nothing = dict.fromkeys(("progress", "eta_seconds", "started_at", "ended_at"))
    evaluations = (evaluation,) if state is JobState.SUCCEEDED else ()
    about = {"recipe": "tabular", "params": {}, "seed": 1, "metrics": {}, "requested_by": "P-1", "created_at": AT}
    return Run(id="RUN-1", state=state, evaluations=evaluations, judgement=judgement, **about, **empty, **nothing)


def compared(against_baseline: float, *, against_constant: float = -0.07) -> Judgement:
    deltas = {"auc": around(-against_baseline), "log_loss": around(against_baseline)}
    worst = {"log_loss": around(against_constant)}
    comparison = Comparison(split="test", baseline=LINEAR, against_baseline=deltas, against_constant=worst)
    return Judgement(comparisons=(comparison,))


@pytest.mark.parametrize(
    ("delta", "first", "alarms"),
    [
        (-0.0063, "Better than the linear baseline on test: ", []),
        (0.0004, "The linear baseline is as good on test: ", []),
        (0.0063, "Worse than the linear baseline on test: ", ["worse than baseline"]),
    ],
)
def test_a_run_is_shown_against_the_baseline(delta: float, first: str, alarms: list[str]) -> None:
    run = run_with(compared(delta))
    (remark,) = remarks_of(run)
    assert remark.text.startswith(first + "AUC 0.7440 against 0.7366, ")
    assert "log loss 0.4852 against 0.4915, " in remark.text
    assert alarms_of(run) == alarms
    assert ("which may be chance (\u22120.0024 to 0.0016)" in remark.text) == (delta == 0.0004)
    assert ("better by 0.0063 (0.0043 to 0.0083)" in remark.text) == (delta < 0)
    assert ("worse by 0.0063 (0.0043 to 0.0083)" in remark.text) == (delta == 0.0063)


def test_one_that_is_no_better_than_the_constant_has_learned_nothing() -> None:
    even = {**GOOD, "auc": Interval(value=0.503, low=0.49, high=0.51)}
    judgement = compared(-0.0063, against_constant=0.001)
    assert alarms_of(run_with(judgement, figures=even)) == ["learned nothing"]
    # One that is right about the order has learned something, however wrong its shares are.
    assert alarms_of(run_with(judgement)) == []
    assert alarms_of(run_with(compared(-0.0063), figures=even)) == []


def test_one_that_ended_early_says_where_and_how() -> None:
    stopped = run_with(Judgement(last_step=1240), state=JobState.CANCELLED)
    assert remarks_of(stopped)[0].text == "Ended early: it was stopped after step 1\u2009240, and there is no model."
    failed = run_with(Judgement(), state=JobState.FAILED)
    assert remarks_of(failed)[0].text == "Ended early: it failed, and there is no model."
    assert alarms_of(stopped) == alarms_of(failed) == ["ended early"]


def test_what_alarms_comes_first() -> None:
    jump = Jump(name="train_loss", step=40, before=0.5, after=12.25)
    run = run_with(compared(-0.0063).model_copy(update={"jump": jump}))
    assert [remark.kind for remark in remarks_of(run)] == ["loss jumped", "baseline"]
    assert "at step 40: from about 0.5000 to 12.25" in remarks_of(run)[0].text


def test_a_leaderboard_says_who_won_and_why() -> None:
    entries = (Entry(recipe="gradient_boosting", figure=around(0.4065)), Entry(recipe="linear", figure=around(0.4145)))
    board = Leaderboard(metric="log_loss", rows=9, entries=entries, baseline="linear", distance=around(-0.008))
    alone = "The best of 2 on validation is gradient_boosting (log loss 0.4065)."
    better = " Against the linear baseline it is better by 0.0080 (0.0060 to 0.0100)."
    assert reason_in_words(board) == alone + better
    as_good = board.model_copy(update={"distance": around(-0.001), "gain": around(0.0)})
    assert "A blend is no better by more than chance. The linear baseline is as good there" in reason_in_words(as_good)
    itself = board.model_copy(update={"distance": None, "entries": entries[::-1]})
    assert reason_in_words(itself).endswith("It is the linear baseline itself.")
    weighed = tuple(entry.model_copy(update={"weight": 0.5}) for entry in entries)
    blend = {"is_blended": True, "entries": weighed, "gain": around(-0.0015, by=0.0005), "blend": around(0.405)}
    assert reason_in_words(board.model_copy(update=blend)).startswith(
        "A blend of 2 won: on validation it is better by 0.0015 (0.0010 to 0.0020) in log loss than the best alone,"
    )


def test_candidates_that_did_not_finish_are_counted() -> None:
    entries = (Entry(recipe="linear", figure=around(0.4)), Entry(recipe="tabular", cause="the time was over"))
    run = run_with(Judgement(leaderboard=Leaderboard(metric="log_loss", rows=9, entries=entries)))
    assert remarks_of(run)[-1].text == "1 of 2 candidates did not finish: the time was over."


def test_the_simpler_of_two_as_good_won_and_the_reason_says_so() -> None:
    entries = (Entry(recipe="tabular", figure=around(0.4065)), Entry(recipe="linear", figure=around(0.407)))
    board = Leaderboard(metric="log_loss", rows=90, entries=entries, winner=1, slope=0.614, parts=5, baseline="linear")
    assert reason_in_words(board) == (
        "linear (log loss 0.4070) won: tabular (log loss 0.4065) is no better by more than chance, and the simpler of"
        " two as good is taken. Its probabilities are calibrated, by a slope of 0.61. It is the linear baseline itself."
        " Few rows are held out, so 90 of training and validation judge, each by a fit that had not seen it."
    )
