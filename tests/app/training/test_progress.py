"""What can be looked at of a run as it learns depends on its task, and on what it reports."""

from typing import Any

import pytest

from app.training.progress import progress_line, views_of
from tests.app.next_action.objects import NOW, run


@pytest.mark.parametrize(
    ("task", "metrics", "titles", "losses"),
    [
        (
            "binary",
            {"validation_log_loss": 0.4, "validation_auc": 0.7},
            ["Loss", "AUC", "Rate", "Speed"],
            ["train_loss", "validation_log_loss", "validation_loss"],
        ),
        ("binary", {"validation_loss": 0.4}, ["Loss", "Rate", "Speed"], None),
        (
            "regression",
            {"validation_mae": 3.0},
            ["Loss", "Rate", "Speed"],
            ["train_loss", "validation_mae", "validation_loss"],
        ),
        (
            "multi_class",
            {"validation_log_loss": 0.4, "validation_accuracy": 0.9},
            ["Loss", "Accuracy", "Rate", "Speed"],
            None,
        ),
        ("generic", {}, ["Loss", "Rate", "Speed"], None),
    ],
)
def test_the_views_of_a_run_are_those_of_its_task(
    task: str, metrics: dict[str, Any], titles: list[str], losses: list[str] | None
) -> None:
    views = views_of(run("running", task=task, metrics=metrics))
    assert [view.title for view in views.values()] == titles
    assert losses is None or list(views["loss"].series) == losses


def test_how_good_it_is_so_far_is_said_in_the_metrics_of_its_task() -> None:
    running = run("running", task="regression", metrics={"validation_mae": 3.25}, progress=0.5, started_at=NOW)
    assert "validation mean absolute error 3.2500" in progress_line(running)


@pytest.mark.parametrize(
    ("metrics", "axis"), [({"validation_mae": 3.0}, "mean absolute error"), ({"validation_loss": 9.0}, "loss")]
)
def test_a_loss_that_is_not_the_metric_is_not_called_by_its_name(metrics: dict[str, Any], axis: str) -> None:
    assert views_of(run("running", task="regression", metrics=metrics))["loss"].axis == axis
