"""The trainer. Data lies on the device as tensors, the order of rows is a pure function of seed and epoch, and a
checkpoint holds all that decides what comes next: a training that was killed goes on to the very same weights."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from core.compute.process import JobFailed
from core.foundation.digests import digest_of
from core.foundation.text import _
from core.training.preparation import Preparation
from core.training.torch_recipes.calibration import Calibration
from core.training.torch_recipes.checkpoints import newest_checkpoint, save_checkpoint
from core.training.torch_recipes.data import Rows, TrainingData, logits_of
from core.training.torch_recipes.heads import Head
from core.training.torch_recipes.networks import Network
from core.training.torch_recipes.precision import choose_precision, optimizer_of, take_step
from core.training.torch_recipes.schedule import learning_rate, plan_of
from core.training.torch_recipes.torch_recipe import TrainerParams

REPORT_SECONDS = 0.1
# Writing checkpoints may take a twentieth of the time.
CHECKPOINT_SECONDS, CHECKPOINT_SHARE = 1.0, 0.05

Report = Callable[[int, dict[str, float]], None]
Progress = Callable[[float, float | None], None]
MakeNetwork = Callable[..., Network]


@dataclass(frozen=True)
class Trained:
    """What came out. `network` has the weights of the best check and computes logits on the CPU; `metrics` are figures
    of the validation rows and of the training itself; `stopped` says that a stop was requested."""

    network: Network
    head: Head
    preparation: Preparation
    calibration: Calibration
    metrics: dict[str, float]
    precision: str
    steps: int
    stopped: bool


def train(
    data: TrainingData,
    params: TrainerParams,
    *,
    make: MakeNetwork,
    name: str,
    seed: int,
    report: Report,
    should_stop: Callable[[], bool] = lambda: False,
    checkpoints: Path | None = None,
    progress: Progress = lambda _share, _seconds: None,
) -> Trained:
    """Trains the network that `make(shape, params=)` gives, from the newest checkpoint when the folder has one.
    `report(step, metrics)` gets the training loss at most ten times a second and of every check on the validation rows;
    `should_stop` is asked after every step, so that a trial can be pruned by the answer to its report;
    `progress(share, seconds left)` comes with the reports. JobFailed when the loss stops being a number."""
    known = data.limited(params.least_count(len(data.train)))
    training = Training(known, params, make=make, name=name, seed=seed, checkpoints=checkpoints)
    training.report, training.progress = report, progress
    stopped = False
    while not training.is_done and not stopped:
        training.advance()
        stopped = should_stop() and not training.is_done
    training.save(due=stopped)
    return training.result(stopped=stopped)


class Training:
    """A training under way."""

    report: Report
    progress: Progress

    def __init__(
        self,
        data: TrainingData,
        params: TrainerParams,
        *,
        make: MakeNetwork,
        name: str,
        seed: int,
        checkpoints: Path | None,
    ) -> None:
        self.data, self.params, self.seed, self.checkpoints = data, params, seed, checkpoints
        balances = params.class_weight == "balanced" and data.head.has_classes
        rows = _share(data.train, share=params.row_share, seed=seed)
        self.train_rows = rows.balanced() if balances else rows
        plan = plan_of(len(self.train_rows), params)
        self.batch_size, self.epoch_steps, self.steps = plan.batch_size, plan.epoch_steps, plan.steps
        self.check_steps, self.patient_steps = plan.check_steps, plan.patient_steps
        torch.manual_seed(seed)
        shape = data.preparation.shape.model_copy(update={"outputs": data.head.width})
        self.network = make(shape, params=params).to(data.device)
        self.optimizer = optimizer_of(self.network, weight_decay=params.weight_decay)
        self.key = digest_of([name, params.model_dump(), seed, data.preparation.model_dump(), self.steps])
        self.step, self.stale_checks = 0, 0
        self.best: dict[str, Any] = {}
        self.metrics: dict[str, float] = {}
        self._order: tuple[int, torch.Tensor] | None = None
        self._bad_step = torch.full((), -1, device=data.device)
        self._begin()

    @property
    def is_done(self) -> bool:
        return self.step >= self.steps or self.stale_checks >= self.params.patience

    def advance(self) -> None:
        """One step, and what is due after it."""
        loss = self._one_step()
        self._losses += loss
        self._bad_step = torch.where((self._bad_step < 0) & ~torch.isfinite(loss), self.step, self._bad_step)
        self.step += 1
        if self.step % self.check_steps == 0 or self.step == self.steps:
            self._check()
        elif time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._report_figures(self._training_figures())
        self.save(due=time.monotonic() >= self._save_at)

    def save(self, *, due: bool) -> None:
        """A checkpoint of everything that decides what comes next."""
        if self.checkpoints is None or not due:
            return
        state = {
            "key": self.key,
            "step": self.step,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "device_random": torch.cuda.get_rng_state() if self.data.device.type == "cuda" else None,
            "best": self.best,
            "stale_checks": self.stale_checks,
            "precision": self.precision,
            "metrics": self.metrics,
        }
        started = time.monotonic()
        save_checkpoint(self.checkpoints, step=self.step, state=state)
        now = time.monotonic()
        self._save_at = now + max(CHECKPOINT_SECONDS, (now - started) / CHECKPOINT_SHARE)

    def result(self, *, stopped: bool) -> Trained:
        """The best weights, calibrated on the validation rows."""
        if self.best:
            self.network.load_state_dict(self.best["weights"])
        logits = self._logits(self.data.validation).numpy()
        return Trained(
            network=self.network.cpu().eval().requires_grad_(False),
            head=self.data.head,
            preparation=self.data.preparation,
            calibration=self.data.judge.calibration(logits, kind=self.params.calibration),
            metrics=self.metrics,
            precision=self.precision,
            steps=self.step,
            stopped=stopped,
        )

    def _begin(self) -> None:
        state = newest_checkpoint(self.checkpoints) if self.checkpoints is not None else None
        if state is not None:
            self._resume(state)
        else:
            self.precision, speeds = choose_precision(
                self.params.precision,
                network=self.network,
                head=self.data.head,
                rows=self.train_rows,
                batch_size=self.batch_size,
            )
            self.metrics.update(speeds)
        self._losses, self._first_step = torch.zeros((), device=self.data.device), self.step
        self._started_at = self._reported_at = time.monotonic()
        self._save_at = self._started_at + CHECKPOINT_SECONDS
        self._reported_step = self.step

    def _resume(self, state: dict[str, Any]) -> None:
        if state["key"] != self.key:
            raise JobFailed(_("The checkpoint belongs to another training: its data, parameters or seed differ."))
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        if state["device_random"] is not None:
            torch.cuda.set_rng_state(state["device_random"])
        self.step, self.best, self.stale_checks = state["step"], state["best"], state["stale_checks"]
        self.precision, self.metrics = state["precision"], state["metrics"]

    def _one_step(self) -> torch.Tensor:
        rate = learning_rate(
            self.step, steps=self.steps, highest=self.params.learning_rate, schedule=self.params.schedule
        )
        self.optimizer.param_groups[0]["lr"] = rate
        batch, network = self._batch(), self.network.train()
        return take_step(network, self.optimizer, head=self.data.head, batch=batch, precision=self.precision)

    def _batch(self) -> Rows:
        epoch, place = divmod(self.step, self.epoch_steps)
        if self._order is None or self._order[0] != epoch:
            self._order = epoch, self.train_rows.shuffled(_seed_of(self.seed, epoch=epoch))
        batch = self.train_rows.at(self._order[1][place * self.batch_size : (place + 1) * self.batch_size])
        if not self.params.unknown_share:
            return batch
        hidden = torch.rand(batch.ids.shape, device=self.data.device) < self.params.unknown_share
        return replace(batch, ids=batch.ids.masked_fill(hidden, 0))

    def _check(self) -> None:
        """The validation rows: the task's leading metric decides which weights are kept and when it is enough."""
        self._refuse_nan()
        judged = self._judge()
        value = self.data.judge.loss_in(judged)
        figures = {f"validation_{name}": figure for name, figure in judged.items()}
        if not self.best or value < self.best["value"]:
            weights = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}
            self.best = {"value": value, "step": self.step, "weights": weights}
            self.stale_checks = 0
            self.metrics.update(figures, best_step=self.step)
        elif self.step > self.patient_steps:
            self.stale_checks += 1
        self._report_figures({**self._training_figures(), **figures})

    def _judge(self) -> dict[str, float]:
        logits = self._logits(self.data.validation)
        if not bool(torch.isfinite(logits).all()):
            raise _became_nan(self.step)
        return self.data.judge.figures(logits.numpy())

    def _logits(self, rows: Rows) -> torch.Tensor:
        return logits_of(self.network.eval(), rows.inputs)

    def _training_figures(self) -> dict[str, float]:
        """Since the last report. Reading the loss waits for the device, so it is done when a report is due only."""
        now, steps = time.monotonic(), max(1, self.step - self._reported_step)
        figures = {
            "train_loss": float(self._losses) / steps,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "rows_per_s": steps * self.batch_size / max(1e-6, now - self._reported_at),
        }
        self._refuse_nan()
        self._losses.zero_()
        return figures

    def _report_figures(self, figures: dict[str, float]) -> None:
        now = time.monotonic()
        self._reported_at, self._reported_step = now, self.step
        done = self.step - self._first_step
        self.metrics["rows_per_s"] = done * self.batch_size / max(1e-6, now - self._started_at)
        eta_seconds = (self.steps - self.step) * (now - self._started_at) / max(1, done)
        self.report(self.step, figures)
        self.progress(1.0 if self.is_done else self.step / self.steps, 0.0 if self.is_done else eta_seconds)

    def _refuse_nan(self) -> None:
        if (step := int(self._bad_step)) >= 0:
            raise _became_nan(step)


def _became_nan(step: int) -> JobFailed:
    return JobFailed(_("The loss became NaN at step {step}. Try a lower learning rate.").format(step=step))


def _seed_of(seed: int, *, epoch: int) -> int:
    """The order of an epoch is a pure function of seed and epoch, so that it is in no checkpoint."""
    return seed * 1_000_003 + epoch


def _share(rows: Rows, *, share: float, seed: int) -> Rows:
    if share >= 1:
        return rows
    count = max(1, round(len(rows) * share))
    return rows.at(rows.shuffled(_seed_of(seed, epoch=-1))[:count].sort().values)
