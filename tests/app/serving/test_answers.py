"""A tried row is answered as a person would say it."""

import pytest
from streamlit.testing.v1 import AppTest

from app.serving.answers import interval_of, words_of
from core.tasks.values import ShownAnswer


@pytest.mark.parametrize(
    ("answer", "promised", "words", "interval"),
    [
        (ShownAnswer(title="Probability", value=0.25, is_share=True), None, "25 %", ""),
        (ShownAnswer(title="defect", value="crack"), None, "crack", ""),
        (ShownAnswer(title="price", value=312.44), None, "312.4", ""),
        (
            ShownAnswer(title="price", value=312.44, low=290.0, high=340.5),
            0.8,
            "312.4",
            "80 % of the time between 290 and 340.5",
        ),
        (ShownAnswer(title="price", value=1.5, low=1.0, high=2.0), None, "1.5000", "between 1 and 2"),
    ],
)
def test_each_answer_has_its_words(answer: ShownAnswer, promised: float | None, words: str, interval: str) -> None:
    assert words_of(answer).replace("\u00a0", " ").replace("\u202f", " ") == words
    assert interval_of(answer, promised=promised).replace("\u00a0", " ").replace("\u202f", " ") == interval


def test_the_most_probable_classes_are_bars_and_a_name_stays_text() -> None:
    def script() -> None:
        from app.serving.answers import show_answer
        from core.tasks.values import Target

        classes = ("crack", "<b>ok</b>", *(f"c{n}" for n in range(10)))
        shares = {"crack": 0.2, "<b>ok</b>": 0.7, **{f"c{n}": 0.01 for n in range(10)}}
        answer = {"predicted": "<b>ok</b>", "probabilities": shares}
        show_answer(answer, target=Target(task="multi_class", label="de*fect*", classes=classes))

    import json

    test = AppTest.from_function(script).run()
    assert not test.exception
    assert (test.metric[0].label, test.metric[0].value) == ("de\\*fect\\*", "<b>ok</b>")
    (chart,) = (json.loads(item.proto.spec) for item in test.get("plotly_chart"))
    assert chart["data"][0]["y"][-2:] == ["crack", "&lt;b&gt;ok&lt;/b&gt;"]
    assert len(chart["data"][0]["y"]) == 8
