"""The trainer learns, stops when it should, and always does the same."""

import io
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.compute.process import JobFailed
from core.tasks.measures.probabilities import log_loss
from core.training.recipes.tabular import Tabular
from core.training.torch_recipes.checkpoints import newest_checkpoint, save_checkpoint
from core.training.torch_recipes.data import TrainingData
from core.training.torch_recipes.schedule import learning_rate
from core.training.torch_recipes.torch_recipe import PerceptronParams
from core.training.torch_recipes.trainer import Training
from tests.flushes import flushes
from tests.training.runs import Heard, digest_of_weights, train_small


def test_it_learns_from_real_flights(flight_data: TrainingData) -> None:
    heard = Heard()
    trained = train_small(flight_data, heard=heard, epochs=6, learning_rate=1e-2)
    assert trained.metrics["validation_auc"] > 0.78
    losses = heard.values("validation_log_loss")
    assert min(losses) == trained.metrics["validation_log_loss"] < losses[0]
    assert not trained.stopped


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(flight_data: TrainingData) -> None:
    digests = [digest_of_weights(train_small(flight_data, seed=seed)) for seed in (3, 3, 4)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("stopped_after", [1, 13, 20])
def test_a_resumed_training_ends_with_bit_identical_weights(
    flight_data: TrainingData, tmp_path: Path, stopped_after: int
) -> None:
    whole = train_small(flight_data, dropout=0.2, unknown_share=0.1)
    first = train_small(
        flight_data,
        heard=Heard(stop_after_steps=stopped_after),
        checkpoints=tmp_path,
        dropout=0.2,
        unknown_share=0.1,
    )
    torch.manual_seed(99)
    second = train_small(flight_data, checkpoints=tmp_path, dropout=0.2, unknown_share=0.1)
    assert first.stopped
    assert first.steps == stopped_after
    assert digest_of_weights(second) == digest_of_weights(whole) != digest_of_weights(first)
    assert second.calibration == whole.calibration


def test_a_checkpoint_of_another_training_is_refused(flight_data: TrainingData, tmp_path: Path) -> None:
    train_small(flight_data, heard=Heard(stop_after_steps=3), checkpoints=tmp_path)
    with pytest.raises(JobFailed, match="belongs to another training"):
        train_small(flight_data, checkpoints=tmp_path, learning_rate=0.5)


def test_a_damaged_checkpoint_is_passed_over_and_only_two_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        newest = save_checkpoint(tmp_path, step=step, state={"step": step})
    assert len(list(tmp_path.iterdir())) == 2
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 1
    newest.write_bytes(bytes(data))
    assert newest_checkpoint(tmp_path) == {"step": 2}


def test_a_torn_write_leaves_the_checkpoint_before_it(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, step=1, state={"step": 1})
    buffer = io.BytesIO()
    torch.save({"step": 2}, buffer)
    (tmp_path / "incoming").write_bytes(buffer.getvalue()[:100])
    assert newest_checkpoint(tmp_path) == {"step": 1}


def test_a_checkpoint_and_its_name_are_on_disk_before_an_older_one_is_dropped(tmp_path: Path) -> None:
    with flushes(tmp_path) as flushed:
        save_checkpoint(tmp_path, step=1, state={"step": 1})
    assert flushed == ["incoming", "."]


def test_the_network_has_the_weights_of_the_best_check_and_not_the_last(flight_data: TrainingData) -> None:
    heard = Heard()
    trained = train_small(flight_data, heard=heard, epochs=200, patience=3, learning_rate=0.05, schedule="constant")
    rows = flight_data.limited(PerceptronParams().least_count(len(flight_data.train))).validation
    judged = torch.sigmoid(trained.network(rows.ids, rows.numbers).double())
    loss = log_loss(rows.labels.numpy(), probabilities=judged.numpy())
    losses = heard.values("validation_log_loss")
    assert loss == pytest.approx(min(losses), abs=1e-9)
    assert loss < losses[-1] - 1e-4


def test_the_first_weights_are_a_pure_function_of_the_seed(flight_data: TrainingData) -> None:
    def first_weights(seed: int) -> torch.Tensor:
        torch.manual_seed(int(time.monotonic_ns()) % 2**31)
        training = Training(
            flight_data, PerceptronParams(), make=Tabular.network, name="tabular", seed=seed, checkpoints=None
        )
        return torch.cat([weights.flatten() for weights in training.network.state_dict().values()])

    assert torch.equal(first_weights(3), first_weights(3))
    assert not torch.equal(first_weights(3), first_weights(4))


def test_a_trial_stops_right_after_the_report_that_condemned_it(flight_data: TrainingData) -> None:
    heard = Heard(stop_after_reports=1)
    trained = train_small(flight_data, heard=heard, epochs=50)
    assert trained.stopped
    assert len(heard.reports) == 1
    assert heard.reports[0][0] == trained.steps


def test_it_stops_early_when_the_validation_rows_get_no_better(flight_data: TrainingData) -> None:
    heard = Heard()
    trained = train_small(flight_data, heard=heard, epochs=200, patience=3, learning_rate=0.05, schedule="constant")
    losses = heard.values("validation_log_loss")
    assert len(losses) < 100
    assert losses.index(min(losses)) == len(losses) - 1 - 3
    assert trained.metrics["validation_log_loss"] == min(losses)
    assert heard.progress[-1] == (1.0, 0.0)


def test_a_loss_that_is_no_number_ends_the_training_and_names_the_step(flight_data: TrainingData) -> None:
    spoiled = flight_data.train.numbers.clone()
    spoiled[:, 0] = float("nan")
    data = replace(flight_data, train=replace(flight_data.train, numbers=spoiled))
    with pytest.raises(JobFailed, match="The loss became NaN at step 0"):
        train_small(data)


def test_live_reports_come_at_most_ten_times_a_second(flight_data: TrainingData) -> None:
    heard = Heard()
    started = time.monotonic()
    train_small(flight_data, heard=heard, epochs=20, batch_size=64)
    live = [metrics for _step, metrics in heard.reports if "validation_log_loss" not in metrics]
    assert len(live) <= 10 * (time.monotonic() - started) + 1
    assert all(metrics["rows_per_s"] > 0 and metrics["train_loss"] > 0 for _step, metrics in heard.reports)


def test_progress_grows_to_the_end_and_tells_the_seconds_left(flight_data: TrainingData) -> None:
    heard = Heard()
    train_small(flight_data, heard=heard, epochs=4)
    shares = [share for share, _seconds in heard.progress]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert all(seconds is not None and seconds >= 0 for _share, seconds in heard.progress)


def test_a_share_of_the_rows_is_a_fixed_choice_of_the_seed(flight_data: TrainingData) -> None:
    some = train_small(flight_data, row_share=0.25, epochs=1)
    whole = train_small(flight_data, epochs=1)
    assert some.steps == whole.steps // 4
    assert digest_of_weights(some) == digest_of_weights(train_small(flight_data, row_share=0.25, epochs=1))


def test_bf16_trains_to_nearly_the_same_quality(flight_data: TrainingData) -> None:
    exact = train_small(flight_data, precision="fp32", learning_rate=1e-2)
    mixed = train_small(flight_data, precision="bf16", learning_rate=1e-2)
    assert (exact.precision, mixed.precision) == ("fp32", "bf16")
    assert abs(exact.metrics["validation_auc"] - mixed.metrics["validation_auc"]) < 0.02


def test_the_learning_rate_rises_and_falls() -> None:
    rates = [learning_rate(step, steps=100, highest=1.0, schedule="one_cycle") for step in range(101)]
    assert rates[0] == pytest.approx(1 / 25)
    assert max(rates) == rates[30] == pytest.approx(1.0)
    assert rates[100] == pytest.approx(1e-4)
    assert learning_rate(0, steps=100, highest=1.0, schedule="cosine") == 1.0
    assert learning_rate(77, steps=100, highest=0.3, schedule="constant") == 0.3
