"""What each task makes of a network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from core.tasks.values import Target
from core.training.torch_recipes.calibration import Calibration, fit_temperature
from core.training.torch_recipes.data import Rows, TrainingData, load_data
from core.training.torch_recipes.heads import ScoreHead
from core.training.torch_recipes.schedule import Plan, plan_of
from core.training.torch_recipes.torch_recipe import TrainerParams
from tests.training.known_sets import known_set
from tests.training.runs import Heard, digest_of_weights, train_small


@pytest.fixture(scope="module")
def wine() -> TrainingData:
    tables, contract, target = known_set("wine")
    return load_data(tables, contract=contract, target=target)


@pytest.mark.parametrize("stopped_after", [1, 10])
def test_a_resumed_training_of_classes_ends_with_bit_identical_weights(
    wine: TrainingData, tmp_path: Path, stopped_after: int
) -> None:
    whole = train_small(wine, dropout=0.2, batch_size=32, epochs=4)
    first = train_small(
        wine,
        heard=Heard(stop_after_steps=stopped_after),
        checkpoints=tmp_path,
        dropout=0.2,
        batch_size=32,
        epochs=4,
    )
    torch.manual_seed(99)
    second = train_small(wine, checkpoints=tmp_path, dropout=0.2, batch_size=32, epochs=4)
    assert (first.stopped, first.steps) == (True, stopped_after)
    assert digest_of_weights(second) == digest_of_weights(whole) != digest_of_weights(first)
    assert second.calibration == whole.calibration


def test_the_leading_metric_of_the_task_decides_which_weights_are_kept(wine: TrainingData) -> None:
    heard = Heard()
    trained = train_small(wine, heard=heard, batch_size=32, epochs=12, learning_rate=0.05, schedule="constant")
    assert trained.metrics["validation_log_loss"] == min(heard.values("validation_log_loss"))
    assert len(heard.values("validation_macro_f1")) == len(heard.values("validation_log_loss"))


def test_a_temperature_is_that_of_the_least_log_loss() -> None:
    random = np.random.default_rng(5)
    logits = random.normal(size=(4_000, 5)) * 3
    noise = random.gumbel(size=logits.shape)
    labels = (0.4 * logits + noise).argmax(axis=1)
    rows = np.arange(len(labels))
    best = minimize_scalar(
        lambda slope: -log_softmax(slope * logits, axis=1)[rows, labels].mean(), bounds=(0.05, 3), method="bounded"
    )
    fitted = fit_temperature(logits, labels=labels, kind="temperature")
    assert (fitted.slope, fitted.shift) == (pytest.approx(best.x, abs=1e-4), 0.0)
    assert fitted.slope == pytest.approx(0.4, abs=0.03)
    assert fit_temperature(-logits, labels=labels, kind="temperature") == Calibration()
    assert fit_temperature(logits, labels=labels, kind="none") == Calibration()


def test_rows_compete_within_their_group_alone() -> None:
    head = ScoreHead(Target(task="ranking", label="label", group="query"))
    logits = torch.tensor([2.0, -1.0, 0.5, 70.0, 3.0, 1.0], requires_grad=True)
    labels = torch.tensor([1.0, 0.0, 3.0, 0.0, 0.0, 2.0])
    groups = torch.tensor([4, 4, 4, 9, 0, 0])
    loss = head.loss(logits, labels=labels, groups=groups)
    first, last = (torch.log_softmax(part.detach(), dim=0) for part in (logits[:3], logits[4:]))
    assert float(loss.detach()) == pytest.approx(float(-(first[0] / 4 + first[2] * 3 / 4 + last[1]) / 2), rel=1e-6)
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[3] == 0


def test_an_order_keeps_the_rows_of_a_group_beside_each_other() -> None:
    groups = torch.tensor([0, 1, 0, 2, 1, 2, 2])
    rows = Rows(torch.zeros(7, 0), torch.zeros(7, 0), torch.zeros(7), groups)
    orders = [rows.shuffled(seed) for seed in range(6)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(7))
        assert len(torch.unique_consecutive(groups[order])) == 3
    assert len({tuple(order.tolist()) for order in orders}) > 1


def test_few_rows_are_passed_more_often_and_many_as_often_as_ever() -> None:
    automatic, chosen = TrainerParams(), TrainerParams(epochs=2, batch_size=64)
    assert plan_of(244_646, automatic) == Plan(
        batch_size=2048, epoch_steps=119, steps=357, check_steps=60, patient_steps=178
    )
    assert plan_of(124, automatic) == Plan(batch_size=16, epoch_steps=7, steps=350, check_steps=14, patient_steps=175)
    assert plan_of(5, automatic) == Plan(batch_size=5, epoch_steps=1, steps=350, check_steps=14, patient_steps=175)
    assert plan_of(124, chosen) == Plan(batch_size=64, epoch_steps=1, steps=2, check_steps=1)
    assert [automatic.least_count(rows) for rows in (100, 1_000, 250_000)] == [3, 10, 30]
    assert TrainerParams(minimum_count=7).least_count(100) == 7
