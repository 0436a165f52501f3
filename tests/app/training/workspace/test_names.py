"""Runs and figures are told apart by their names."""

from typing import Any

import pytest

from app.training.workspace.names import field_title, is_less_better, names_of
from core.training.recipe import all_recipes, card_of, recipe_called
from core.training.workspace.titles import run_title
from core.training.workspace.values import RunLine
from tests.app.next_action.objects import NOW

CARDS = {name: card_of(recipe) for name, recipe in all_recipes().items()}


def line(run_id: str, title: str, *, seed: int = 1, **params: Any) -> RunLine:
    about = {"project": "PROJ-1", "recipe": "tabular", "training_set_id": "TS-1", "sweep_id": "", "task": "binary"}
    job = {"state": "succeeded", "progress": None, "stage": "", "cause": "", "started_at": None, "ended_at": None}
    fields = {"id": run_id, "title": title, "seed": seed, "params": params, **about, **job}
    return RunLine.model_validate({**fields, "version_id": "", "requested_by": "P-1", "created_at": NOW})


def test_runs_of_the_same_title_say_what_differs() -> None:
    lines = [
        line("RUN-1", "Tabular", epochs=3, learning_rate=0.01),
        line("RUN-2", "Tabular", epochs=5, learning_rate=0.01),
        line("RUN-3", "Other"),
        line("RUN-4", "Twins", epochs=3),
        line("RUN-5", "Twins", epochs=3),
        line("RUN-6", "Seeds", seed=1),
        line("RUN-7", "Seeds", seed=2),
    ]
    assert names_of(lines, CARDS) == {
        "RUN-1": "Tabular · 3 epochs",
        "RUN-2": "Tabular · 5 epochs",
        "RUN-3": "Other",
        "RUN-4": "Twins · RUN-4",
        "RUN-5": "Twins · RUN-5",
        "RUN-6": "Seeds · seed 1",
        "RUN-7": "Seeds · seed 2",
    }


@pytest.mark.parametrize(
    ("recipe", "params", "title"),
    [
        ("gradient_boosting", {}, "Gradient boosting, Flights"),
        ("gradient_boosting", {"learning_rate": 0.2, "leaves": 31}, "Gradient boosting · learning rate 0.2, 31 leaves"),
        ("tabular", {"epochs": 3, "dropout": 0.25}, "Tabular · 3 epochs, dropout 0.25"),
    ],
)
def test_a_run_is_called_by_its_recipe_and_what_was_changed(recipe: str, params: dict[str, Any], title: str) -> None:
    known = recipe_called(recipe)
    given = {**known.Params().model_dump(mode="json"), **params}
    assert run_title(known, params=given, rows="Flights") == title


@pytest.mark.parametrize(
    ("field", "title", "less"),
    [
        ("metrics.validation_auc", "AUC", False),
        ("metrics.test_log_loss", "Log loss, test", True),
        ("metrics.train_loss", "Train loss", True),
        ("params.learning_rate", "Learning rate", False),
        ("params.unheard_of", "Unheard of", False),
        ("took", "Took", False),
    ],
)
def test_a_column_is_called_what_its_figures_are(field: str, title: str, less: bool) -> None:
    assert (field_title(field, CARDS), is_less_better(field)) == (title, less)
