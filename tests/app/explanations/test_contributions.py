"""What pushed a prediction, in words and as steps."""

import math
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.explanations.contributions import sentence
from core.explanations.values import Contribution, Explanation


def explanation(unit: Any = "probability", **pushes: float) -> Explanation:
    parts = tuple(Contribution(name=name, value=1.5, contribution=push) for name, push in pushes.items())
    return Explanation(
        version_id="MV-1",
        method="additive",
        unit=unit,
        base=0.25,
        prediction=0.25 + sum(pushes.values()),
        rows=100,
        contributions=parts,
    )


def test_a_sentence_says_what_pushed_it_most() -> None:
    words = sentence(explanation(age=0.5, city=-0.1, income=0.01)).replace("\u202f", " ").replace("\xa0", " ")
    assert words == "**66 %** instead of 25 % in the mean: `age` pushes it up, `city` pushes it down."
    assert sentence(explanation("value", age=0.0)).endswith("in the mean.")


def test_log_odds_are_said_as_the_probability_that_they_are() -> None:
    words = sentence(explanation("log odds", age=0.75)).replace("\u202f", " ").replace("\xa0", " ")
    assert words.startswith(f"**{100 / (1 + math.exp(-1)):.1f} %** instead of")


@pytest.mark.parametrize("inputs", [2, 30])
def test_many_inputs_are_drawn_as_the_largest_and_the_rest(inputs: int) -> None:
    def script(inputs: int) -> None:
        from app.explanations.contributions import show
        from tests.app.explanations.test_contributions import explanation

        show(explanation("value", **{f"x{place}": 1.0 for place in range(inputs)}))

    test = AppTest.from_function(script, kwargs={"inputs": inputs}).run(timeout=30)
    assert not test.exception
    assert "against 100 other rows." in test.caption[0].value
