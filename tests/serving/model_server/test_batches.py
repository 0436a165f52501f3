"""What arrived in one turn of the loop is one call of the model, and nobody answers for another."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from core.serving.model_server.answers import Answer
from core.serving.model_server.batches import MANY_ROWS, MOST_ROWS, Batches, Computed, Work
from core.serving.model_server.layout import Arrays
from core.serving.model_server.session import ServedModel, load_model
from tests.serving.model_server.tensor_models import echo, model_of, spec_for


class Turn:
    """A loop whose turn ends when it is told to."""

    def __init__(self, folder: Path, model: bytes) -> None:
        self.model, self.calls, self.answers = load_model(spec_for(folder, model)), list[int](), dict[str, Any]()
        self._later: list[Any] = []
        self.batches = Batches(
            Counting(self.model, self.calls), is_known=lambda _arrays: True, call_soon=self._later.append
        )

    def ask(self, name: str, *values: float) -> None:
        arrays = (np.array([values], dtype=np.float64),)
        self.batches.add(Work(len(values), arrays, 0, _body_of, lambda answer: self.answers.update({name: answer})))

    def end(self) -> None:
        later, self._later[:] = list(self._later), []
        for call in later:
            call()

    def bodies(self) -> dict[str, bytes]:
        return {name: answer.body for name, answer in self.answers.items()}


class Counting:
    """The model, and how many rows each of its calls had."""

    def __init__(self, model: ServedModel, calls: list[int]) -> None:
        self._model, self._calls = model, calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def run(self, arrays: Arrays, *, rows: int) -> Arrays:
        self._calls.append(rows)
        return self._model.run(arrays, rows=rows)


def _body_of(computed: Computed) -> Answer:
    return Answer(200, repr(computed.outputs[0].tolist()).encode(), computed.spent_ns, computed.waited_ns)


def test_requests_of_one_turn_are_one_call_and_each_gets_its_own_rows(tmp_path: Path) -> None:
    turn = Turn(tmp_path, echo("FP64"))
    turn.ask("a", 1)
    turn.ask("b", 2, 3)
    assert turn.calls == []
    turn.end()
    turn.ask("c", 4)
    turn.end()
    assert turn.calls == [3, 1]
    assert turn.bodies() == {"a": b"[1.0]", "b": b"[2.0, 3.0]", "c": b"[4.0]"}
    assert all(answer.waited_ns > 0 for answer in turn.answers.values())


def test_a_full_batch_runs_at_once_and_a_large_request_by_itself(tmp_path: Path) -> None:
    turn = Turn(tmp_path, echo("FP64"))
    for at in range(MOST_ROWS + 1):
        turn.ask(str(at), at)
    assert turn.calls == [MOST_ROWS]
    turn.ask("large", *range(MANY_ROWS))
    assert turn.calls == [MOST_ROWS, MANY_ROWS]
    turn.end()
    assert turn.calls == [MOST_ROWS, MANY_ROWS, 1]
    assert turn.answers["64"].body == b"[64.0]"


def failing_above_ten() -> bytes:
    """Infinite for more than a thousand, so that there is no usable answer."""
    return model_of({"x": ("FP64", [])}, {"y": ("FP64", [])}, helper.make_node("Exp", ["x"], ["y"]))


def test_a_request_that_makes_the_model_fail_fails_alone(tmp_path: Path) -> None:
    turn = Turn(tmp_path, failing_above_ten())
    for name, value in (("a", 0), ("b", 1_000), ("c", 0)):
        turn.ask(name, value)
    turn.end()
    assert {name: answer.status for name, answer in turn.answers.items()} == {"a": 200, "b": 503, "c": 200}
    assert turn.answers["c"].body == b"[1.0]"


def compared_rows() -> bytes:
    """Gives how far each row is from the mean of its call."""
    model = onnx.load_from_string(echo("FP64"))
    del model.graph.node[:]
    model.graph.node.extend(
        [helper.make_node("ReduceMean", ["x"], ["mean"], keepdims=1), helper.make_node("Sub", ["x", "mean"], ["y"])]
    )
    return bytes(model.SerializeToString())


def test_a_model_that_compares_the_rows_of_a_call_never_gets_those_of_two_callers(tmp_path: Path) -> None:
    turn = Turn(tmp_path, compared_rows())
    turn.ask("a", 1, 3)
    turn.ask("b", 10)
    assert not turn.model.joins_requests
    assert turn.bodies() == {"a": b"[-1.0, 1.0]", "b": b"[0.0]"}


def test_a_model_that_needs_its_numbers_is_tried_with_zeros(tmp_path: Path) -> None:
    """Not every file from elsewhere answers what is missing."""
    assert load_model(spec_for(tmp_path, failing_above_ten())).joins_requests


@pytest.mark.parametrize("vanishing", [0, 1, 2])
def test_whoever_is_gone_costs_nobody_else_an_answer(tmp_path: Path, vanishing: int) -> None:
    turn = Turn(tmp_path, echo("FP64"))
    for at in range(3):
        turn.ask(str(at), at)

    def broken(_computed: Computed) -> Answer:
        raise ValueError

    waiting = turn.batches._waiting
    waiting[vanishing] = waiting[vanishing]._replace(finish=broken)
    turn.end()
    statuses = [turn.answers[str(at)].status for at in range(3)]
    assert statuses == [503 if at == vanishing else 200 for at in range(3)]
