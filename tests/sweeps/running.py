"""Sweeps in tests: short trials on a few thousand real flights."""

from datetime import datetime
from typing import Any

import psutil

from core.foundation.actors import Actor
from core.portal import Portal
from core.sweeps.controller import SweepController
from core.sweeps.values import Dimension, Sweep, Trial
from tests.installed import People

SYSTEM = Actor.system("test")
SPACE = {
    "learning_rate": Dimension(type="float", low=1e-4, high=5e-2, log=True),
    "hidden_width": Dimension(type="int", low=4, high=32),
}
SHORT = {"epochs": 2, "batch_size": 128, "patience": 50}


class Forgetful:
    """A controller that loses its memory after every round, as if it had been killed and begun anew."""

    name = "sweeps.controller"

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def tick(self, now: datetime) -> None:
        SweepController(self._portal.sweeps).round()


def start(portal: Portal, people: People, training_set: str, **choices: Any) -> Sweep:
    wanted = {
        "project": "PROJ-1",
        "recipe": "tabular",
        "training_set_id": training_set,
        "space": SPACE,
        "base_params": SHORT,
        "trials": 6,
        "confirm_seeds": 2,
        **choices,
    }
    return portal.sweeps.start_sweep(people.engineer, **wanted)


def sweep_now(portal: Portal, sweep_id: str) -> Sweep:
    return portal.sweeps.get_sweep(SYSTEM, sweep_id=sweep_id)


def trials_now(portal: Portal, sweep_id: str) -> tuple[Trial, ...]:
    return portal.sweeps.list_trials(SYSTEM, sweep_id=sweep_id)


def process_of(portal: Portal, job_id: str) -> psutil.Process:
    """The process that runs a worker's trials in this installation, not its supervisor."""
    folder = f"{portal.foundation.settings.home}/"
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "core.sweeps.job" in command and command[-1].startswith(folder) and f"/{job_id}/" in command[-1]:
            return process
    raise LookupError(job_id)
