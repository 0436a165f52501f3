"""Which task a column is proposed for, with the reason."""

from typing import Any

import pytest

from core.tasks.kinds.binary import BinaryTask
from core.tasks.proposals import proposed_tasks
from core.tasks.values import Target
from tests.tasks.columns import column


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([0, 1, 1, 0], ["binary", "multi_class"]),
        ([0.0, 1.0, None, 0.0], ["binary", "multi_class"]),
        ([True, False] * 3, ["binary", "multi_class"]),
        (["true", "False", "true", "False"], ["binary", "multi_class"]),
        (["pear", "fig"] * 3, ["multi_class"]),
        ([3, 4, 5, 6, 7, 8] * 5, ["multi_class", "regression"]),
        ([1.0, 2.0, 3.0] * 5, ["multi_class", "regression"]),
        ([1.5, 2.0, 3.0] * 5, ["regression"]),
        (list(range(100)), ["regression"]),
        ([f"name {row}" for row in range(100)], []),
        ([None, None], []),
        ([1, 1, 1], []),
    ],
)
def test_the_task_that_fits_best_stands_first(values: list[Any], names: list[str]) -> None:
    proposed = [proposal.task for proposal in proposed_tasks(column(values))]
    assert [name for name in proposed if name != "ranking"] == names


def test_each_proposal_has_its_reason() -> None:
    assert proposed_tasks(column([True, False]))[0].reason == "every value is yes or no"
    assert [proposal.reason for proposal in proposed_tasks(column([3, 4, 5] * 4))][:2] == [
        "3 different whole numbers, few enough to be classes",
        "3 different numbers",
    ]
    assert proposed_tasks(column(["a", "b"] * 3))[0].reason == "2 different names"


@pytest.mark.parametrize(
    "values",
    [
        [0, 1, 1],
        [0.0, 1.0, 1.0],
        ["0", "1", "1"],
        ["0.0", "1.0", "1.0"],
        [False, True, True],
        ["false", "TRUE", "true"],
    ],
)
def test_true_and_false_are_one_and_zero_where_the_label_is_yes_or_no(values: list[Any]) -> None:
    assert BinaryTask.labels_of(column(values), target=Target()).tolist() == [0.0, 1.0, 1.0]
