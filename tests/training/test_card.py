"""The model card that a version begins with."""

from core.tasks.values import Interval, LabelSpread, Target
from core.training.card import write_card
from core.training.recipe import recipe_called
from core.training.recipes.tabular import Tabular
from core.training.result import SplitResult
from tests.training.flights import contract

METRICS = {name: Interval(value=0.5, low=0.25, high=0.75) for name in ("auc", "log_loss", "ece")}
SPLIT = SplitResult(split="test", rows=54_065, positive_share=0.243, metrics=METRICS)


def card(title: str) -> list[str]:
    return write_card(title=title, recipe=Tabular, params={}, contract=contract(), splits=[SPLIT]).splitlines()


def test_a_title_is_shown_as_it_is_and_nothing_in_it_is_markdown() -> None:
    assert card("Tabular, late_arrivals_2013")[0] == r"# Tabular, late\_arrivals\_2013"
    assert card("[x](y) **b**\n# z")[0] == "# xy b z"


def test_figures_have_the_forms_of_pages() -> None:
    assert "| test | 54\u2009065 | 24.3 % |" in next(line for line in card("A") if line.startswith("| test"))


def test_figures_are_those_of_the_task_and_what_was_not_measured_is_a_dash() -> None:
    target = Target(task="regression", label="price")
    measured = {name: Interval(value=1.5, low=1, high=2) for name in ("mae", "r2")}
    without = SplitResult(split="test", rows=9, spread=LabelSpread(mean=3), metrics={"mae": measured["mae"]})
    first = SplitResult(split="train", rows=99, spread=LabelSpread(mean=3), metrics=measured)
    lines = write_card(
        title="A",
        recipe=recipe_called("gradient_boosting"),
        params={},
        contract=contract(),
        splits=[first, without],
        target=target,
    ).splitlines()
    figure = "1.5000 (1.0000 to 2.0000)"
    assert "| rows | number | MAE | R² |" in lines
    assert f"| train | 99 | {figure} | {figure} |" in lines
    assert f"| test | 9 | {figure} | - |" in lines
    assert not any("median" in line for line in lines)
