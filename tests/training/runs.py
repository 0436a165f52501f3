"""Short trainings for tests."""

import hashlib
from pathlib import Path
from typing import Any

import torch

from core.training.recipes.tabular import Tabular
from core.training.torch_recipes.data import TrainingData
from core.training.torch_recipes.fitted_network import FittedNetwork
from core.training.torch_recipes.torch_recipe import PerceptronParams
from core.training.torch_recipes.trainer import Trained, train


class Heard:
    """What a training said, and when it is to stop."""

    def __init__(self, *, stop_after_reports: int = 10**9, stop_after_steps: int = 10**9) -> None:
        self.reports: list[tuple[int, dict[str, float]]] = []
        self.progress: list[tuple[float, float | None]] = []
        self.stop_checks = 0
        self._reports, self._steps = stop_after_reports, stop_after_steps

    def report(self, step: int, metrics: dict[str, float]) -> None:
        self.reports.append((step, metrics))

    def report_progress(self, share: float, seconds: float | None) -> None:
        self.progress.append((share, seconds))

    def should_stop(self) -> bool:
        self.stop_checks += 1
        return self.stop_checks >= self._steps or len(self.reports) >= self._reports

    def values(self, name: str) -> list[float]:
        return [metrics[name] for _step, metrics in self.reports if name in metrics]


def train_small(
    data: TrainingData, *, heard: Heard | None = None, seed: int = 7, checkpoints: Path | None = None, **params: Any
) -> Trained:
    heard = heard or Heard()
    # Which precision is faster is measured, and not the same each time.
    usual = {"epochs": 2, "batch_size": 256, "hidden_width": 32, "patience": 1000, "precision": "fp32"}
    chosen = PerceptronParams(**{**usual, **params})
    torch.set_num_threads(1)
    return train(
        data,
        chosen,
        make=Tabular.network,
        name=Tabular.name,
        seed=seed,
        report=heard.report,
        should_stop=heard.should_stop,
        checkpoints=checkpoints,
        progress=heard.report_progress,
    )


def fitted_from(trained: Trained) -> FittedNetwork:
    return FittedNetwork(trained, device="cpu")


def digest_of_weights(trained: Trained) -> str:
    """SHA-256 over every weight."""
    digest = hashlib.sha256()
    for name, tensor in sorted(trained.network.state_dict().items()):
        digest.update(name.encode() + tensor.numpy().tobytes())
    return digest.hexdigest()
