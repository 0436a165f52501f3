"""The optimizer computes what its paper says, goes on where it was, and needs no compiler."""

import sys

import pytest
import torch

from core.training.torch_recipes.adamw import AdamW
from core.training.torch_recipes.data import TrainingData
from tests.training.runs import train_small

RATES, DECAY = (0.1, 0.05, 0.2), 0.3


def learn(optimizer: AdamW, parameter: torch.nn.Parameter, *, steps: range) -> None:
    for step in steps:
        optimizer.forget_gradients()
        (parameter**3).sum().backward()
        optimizer.step(RATES[step])


def start() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5]))


def test_it_computes_what_the_paper_says() -> None:
    """Loshchilov and Hutter, Decoupled Weight Decay Regularization, algorithm 2, in double precision."""
    parameter = start()
    learn(AdamW([parameter], weight_decay=DECAY), parameter, steps=range(3))
    weights, average, square = start().detach().double(), torch.zeros(3).double(), torch.zeros(3).double()
    for step, rate in enumerate(RATES, start=1):
        gradient = 3 * weights**2
        weights = weights * (1 - rate * DECAY)
        average, square = 0.9 * average + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        mean, variance = average / (1 - 0.9**step), square / (1 - 0.999**step)
        weights = weights - rate * mean / (variance.sqrt() + 1e-8)
    assert torch.allclose(parameter.detach().double(), weights, atol=1e-6)


def test_it_goes_on_where_it_was() -> None:
    whole, parts = start(), start()
    learn(AdamW([whole], weight_decay=DECAY), whole, steps=range(3))
    first, second = (AdamW([parts], weight_decay=DECAY) for _part in range(2))
    learn(first, parts, steps=range(2))
    second.restore(first.state())
    learn(second, parts, steps=range(2, 3))
    assert torch.equal(parts, whole)


def test_a_training_loads_no_compiler(flight_data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch._dynamo", None)
    assert train_small(flight_data, epochs=1).steps > 0
