"""Another task is one file, which a package of its own may bring; and what nothing judges is a task too."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.tasks.kinds.generic import GenericTask
from core.tasks.proposals import proposed_tasks
from core.tasks.task import all_metrics, all_tasks, quality_metrics, task_called
from core.tasks.values import OutputSpec, Target
from tests.tasks.columns import column, predictions

TASK = """
from core.tasks.kinds.regression import RegressionTask
from core.tasks.measures.intervals import mean_interval
from core.tasks.measures.scales import POSITIVE
from core.tasks.metrics import Metric

class WaitingTask(RegressionTask):
    '''How long something takes.'''
    name = "waiting"
    title = "A time to wait"
    metrics = (Metric("lateness", "Lateness", "lateness", "down", unit=" s", scale=POSITIVE),)
    leading = ("lateness",)
    precedence = 5

    @classmethod
    def fits(cls, column):
        return str(column.type).startswith("duration")

    @classmethod
    def evaluate(cls, predictions):
        late = (predictions.labels - predictions.outputs["value"]).clip(min=0)
        return {"lateness": mean_interval(late, scale=POSITIVE)}
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a task, as pip would leave it."""
    about = tmp_path / "site" / "waiting-1.0.dist-info"
    about.mkdir(parents=True)
    (about.parent / "toy_task.py").write_text(TASK)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: waiting\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[causeway.tasks]\nwaiting = toy_task:WaitingTask\n")
    monkeypatch.syspath_prepend(str(about.parent))
    forget()
    yield
    monkeypatch.undo()
    forget()


def forget() -> None:
    for known in (all_metrics, quality_metrics):
        known.cache_clear()


def test_another_task_is_one_file(toy: None) -> None:
    from app.ui.numbers import metric_value

    target = Target(task="waiting")
    judged = predictions([3.0, 5.0], outputs={"value": np.array([2.0, 6.0])}, target=target)
    assert task_called("waiting").evaluate(judged)["lateness"].value == 0.5
    assert metric_value("lateness", 0.5).endswith(" s")
    assert [proposal.task for proposal in proposed_tasks(column([1, 2], "duration[s]"))] == ["waiting"]


def test_every_task_says_which_of_its_metrics_says_most() -> None:
    for name, task in all_tasks().items():
        names = [metric.name for metric in task.metrics]
        assert sorted(task.leading) == sorted(names), name
        assert [metric for metric in (*task.margins, *task.followed) if metric not in names] == [], name
        assert task.help(), name


def test_a_metric_that_two_tasks_have_is_the_same_in_each() -> None:
    assert {"log_loss", "ece", "macro_f1"} <= set(quality_metrics())
    assert list(all_tasks()) == ["binary", "generic", "multi_class", "multi_label", "ranking", "regression"]


def test_what_no_metric_judges_is_answered_and_compared() -> None:
    specs = (OutputSpec(name="embedding"), OutputSpec(name="word", datatype="BYTES"))
    target = Target(task="generic", outputs=specs)
    outputs = {"embedding": np.array([[1.0, 2.0], [3.0, 4.0]]), "word": np.array(["a", "b"], dtype=object)}
    rows = predictions([1, 2], outputs=outputs, target=target)
    assert GenericTask.evaluate(rows) == GenericTask.compare(rows, after=rows) == {}
    assert GenericTask.outputs(target) == specs
    answers = GenericTask.answers(outputs, target=target)
    assert answers[0] == {"embedding": [1.0, 2.0], "word": "a"}
    again = GenericTask.outputs_of(answers, target=target)
    assert GenericTask.gaps(outputs, second=again).tolist() == [0.0, 0.0]
    other = {"embedding": np.array([[1.0, 4.0], [3.0, 4.0]]), "word": np.array(["a", "c"], dtype=object)}
    assert GenericTask.gaps(outputs, second=other).tolist() == [0.5, np.inf]
    assert GenericTask.gaps(outputs, second={"word": outputs["word"]}).tolist() == [np.inf, np.inf]


def test_a_target_says_only_what_it_has() -> None:
    assert Target().model_dump(mode="json") == {"task": "binary"}
    assert Target(task="regression", interval=0.9).model_dump(mode="json") == {"task": "regression", "interval": 0.9}
    target = GenericTask.target_of(column([1]), label="none")
    assert target.model_dump(mode="json") == {"task": "generic", "label": "none"}
