"""What a caller was told of a row, as people read it."""

from typing import Any

import pytest

from core.tasks.task import task_of
from core.tasks.values import OutputSpec, ShownAnswer, Target

CLASSES = ("crack", "ok")
OUTPUTS = (OutputSpec(name="embedding", names=("x", "y")), OutputSpec(name="topic", datatype="BYTES"))


@pytest.mark.parametrize(
    ("target", "answer", "shown"),
    [
        (Target(), {"probability": 0.25}, [ShownAnswer(title="Probability", value=0.25, is_share=True)]),
        (
            Target(task="multi_class", label="defect", classes=CLASSES),
            {"predicted": "ok", "probabilities": {"crack": 0.2, "ok": 0.8}},
            [ShownAnswer(title="defect", value="ok", shares={"ok": 0.8, "crack": 0.2})],
        ),
        (
            Target(task="multi_label", label="topics", classes=CLASSES),
            {"labels": [], "probabilities": {"crack": 0.2, "ok": 0.3}},
            [ShownAnswer(title="topics", value="none", shares={"ok": 0.3, "crack": 0.2})],
        ),
        (Target(task="regression", label="price"), {"value": 12.5}, [ShownAnswer(title="price", value=12.5)]),
        (
            Target(task="regression", label="price", interval=0.8),
            {"value": 12.5, "low": 10.0, "high": 15.0},
            [ShownAnswer(title="price", value=12.5, low=10.0, high=15.0)],
        ),
        (
            Target(task="ranking", label="clicks", group="query"),
            {"score": 1.5},
            [ShownAnswer(title="Score", value=1.5)],
        ),
        (
            Target(task="generic", outputs=OUTPUTS),
            {"embedding": [1.0, 2.0], "topic": "news"},
            [ShownAnswer(title="embedding", value="[1.0, 2.0]"), ShownAnswer(title="topic", value="news")],
        ),
    ],
)
def test_an_answer_is_shown_in_the_words_of_its_task(
    target: Target, answer: dict[str, Any], shown: list[ShownAnswer]
) -> None:
    assert list(task_of(target).shown({"row_id": "r1", **answer}, target=target)) == shown
    for before, after in zip(task_of(target).shown(answer, target=target), shown, strict=True):
        assert list(before.shares) == list(after.shares)
