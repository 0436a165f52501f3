"""A search space that cannot be searched is refused by its field; one that is unwise is searched and told so."""

from typing import Any

import pytest

from core.foundation.errors import Invalid
from core.sweeps.space import check_space, lint_result, lint_space
from core.sweeps.values import Dimension, Importance, Importances, Trial
from core.training.recipes.tabular import Tabular

LEARNING_RATE = Dimension(type="float", low=1e-4, high=1e-1, log=True)


def floats(low: float | None, high: float | None, **more: Any) -> Dimension:
    return Dimension(type="float", low=low, high=high, **more)


def whole(low: float | None, high: float | None, **more: Any) -> Dimension:
    return Dimension(type="int", low=low, high=high, **more)


def choices(*values: Any, **more: Any) -> Dimension:
    return Dimension(type="choice", choices=values, **more)


@pytest.mark.parametrize(
    ("name", "dimension", "field"),
    [
        ("learning_rate", floats(0.1, 0.01), "space.learning_rate.low"),
        ("learning_rate", floats(0, 0.1, log=True), "space.learning_rate.low"),
        ("learning_rate", floats(-1e-3, 0.1, log=True), "space.learning_rate.low"),
        ("learning_rate", floats(None, 0.1), "space.learning_rate.low"),
        ("learning_rate", floats(0.1, None), "space.learning_rate.high"),
        ("learning_rate", floats(1e-3, 5.0), "space.learning_rate.high"),
        ("learning_rate", floats(1e-4, 0.1, log=True, step=0.01), "space.learning_rate.step"),
        ("dropout", floats(0.0, 0.5, step=0.0), "space.dropout.step"),
        ("dropout", floats(0.0, 0.5, step=-0.1), "space.dropout.step"),
        ("dropout", floats(0.0, 0.5, step=0.7), "space.dropout.step"),
        ("dropout", choices(), "space.dropout.choices"),
        ("dropout", choices(0.1, 0.1), "space.dropout.choices"),
        ("dropout", choices("0.1", "0.2"), "space.dropout.choices"),
        ("dropout", choices(0.1, True), "space.dropout.choices"),
        ("dropout", choices(0.1, 0.2, log=True), "space.dropout.type"),
        ("dropout", floats(0.0, 0.5, choices=(0.1,)), "space.dropout.choices"),
        ("hidden_width", whole(16.5, 64), "space.hidden_width.low"),
        ("hidden_width", whole(16, 64, step=1.5), "space.hidden_width.step"),
        ("hidden_width", whole(1, 64), "space.hidden_width.low"),
        ("hidden_width", floats(16, 64), "space.hidden_width.low"),
        ("schedule", choices("one_cycle", "sawtooth"), "space.schedule.choices"),
        ("temperature", floats(0, 1), "space.temperature"),
        ("__class__", floats(0, 1), "space.__class__"),
    ],
)
def test_a_dimension_that_cannot_be_searched_is_refused_by_its_field(
    name: str, dimension: Dimension, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check_space({name: dimension}, recipe=Tabular, base_params={})
    assert refused.value.field == field
    assert refused.value.hint


def test_names_that_differ_only_in_case_or_spaces_are_one_name_twice() -> None:
    with pytest.raises(Invalid, match="twice"):
        check_space({"dropout": floats(0, 0.5), " Dropout": floats(0, 0.5)}, recipe=Tabular, base_params={})


def test_fixed_parameters_are_those_of_the_recipe() -> None:
    with pytest.raises(Invalid) as refused:
        check_space({"dropout": floats(0, 0.5)}, recipe=Tabular, base_params={"epochs": -1})
    assert refused.value.field == "params.epochs"


def test_a_good_space_is_accepted_in_all_its_kinds() -> None:
    space = {
        "learning_rate": LEARNING_RATE,
        "dropout": floats(0.0, 0.5, step=0.1),
        "hidden_width": whole(16, 256, log=True),
        "hidden_layers": whole(1, 3),
        "schedule": choices("one_cycle", "cosine"),
        "batch_size": choices(256, 1024),
    }
    check_space(space, recipe=Tabular, base_params={"epochs": 2})
    assert lint_space(space, trials=50) == ()


def test_a_range_over_decades_without_log_is_told() -> None:
    (warning,) = lint_space({"learning_rate": floats(1e-5, 1e-1)}, trials=50)
    assert warning.startswith("learning_rate: spans 4.0 decades without log")
    assert lint_space({"learning_rate": floats(0.01, 0.1), "dropout": floats(0, 0.5)}, trials=50) == ()


def test_a_dimension_with_one_value_and_too_few_trials_are_told() -> None:
    warnings = lint_space({"dropout": floats(0.1, 0.1), "schedule": choices("cosine")}, trials=4)
    assert [text.split(":")[0] for text in warnings[:2]] == ["dropout", "schedule"]
    assert warnings[2] == "4 trials are few for 2 parameters; 10 or more would say more"


def best(**params: Any) -> Trial:
    return Trial(number=0, state="complete", params=params, value=0.5, steps=(), started_at=None, ended_at=None)


def importances(trials: int = 12, **shares: float) -> Importances:
    importance_shares = tuple(Importance(parameter=name, share=share) for name, share in shares.items())
    return Importances(method="PED-ANOVA", trials=trials, trusted=False, shares=importance_shares)


def test_a_best_trial_on_the_border_and_a_dead_parameter_are_told() -> None:
    space = {"learning_rate": LEARNING_RATE, "dropout": floats(0.0, 0.5), "hidden_width": whole(16, 64)}
    measured = importances(learning_rate=0.9, dropout=0.095, hidden_width=0.005)
    warnings = lint_result(space, best=best(learning_rate=0.099, dropout=0.0, hidden_width=32), importances=measured)
    assert [text.split(" (")[0] for text in warnings] == [
        "learning_rate: the best trial lies on the upper border; a higher range may be better",
        "dropout: the best trial lies on the lower border; a lower range may be better",
        "hidden_width: explains less than 1 % of the differences",
    ]


def test_the_border_of_a_logarithmic_range_is_judged_on_its_own_scale() -> None:
    """0.001 is a third of the way up from 1e-4 to 0.1, and in plain numbers within a hundredth of the lower end."""
    few = importances(4, learning_rate=0.9)

    def warnings(rate: float) -> tuple[str, ...]:
        return lint_result({"learning_rate": LEARNING_RATE}, best=best(learning_rate=rate), importances=few)

    assert warnings(0.001) == ()
    assert [text.split(";")[0] for text in warnings(0.000102)] == [
        "learning_rate: the best trial lies on the lower border"
    ]
    assert [text.split(";")[0] for text in warnings(0.095)] == [
        "learning_rate: the best trial lies on the upper border"
    ]


def test_few_trials_say_nothing_about_a_dead_parameter() -> None:
    space = {"learning_rate": LEARNING_RATE}
    assert lint_result(space, best=best(learning_rate=0.01), importances=importances(4, learning_rate=0.0)) == ()
