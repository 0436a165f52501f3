"""How long a training is, and the learning rate as a pure function of the step, so that a resumed training needs no
state for it."""

import math
from dataclasses import dataclass

from core.training.torch_recipes.torch_recipe import TrainerParams

CHECKS_PER_EPOCH = 2
# What is trained where nobody said for how long: so many passes, more of few rows, in so many batches each.
LEAST_EPOCHS, LEAST_STEPS, LEAST_BATCHES = 3, 350, 16
SMALLEST_BATCH, MOST_CHECKS = 16, 24
WARM_SHARE = 0.3
START, END = 1 / 25, 1e-4


@dataclass(frozen=True)
class Plan:
    """How many rows a step has, how many steps an epoch and the whole training, after how many of them the validation
    rows are looked at, and from which step on it may stop because they get no better."""

    batch_size: int
    epoch_steps: int
    steps: int
    check_steps: int
    patient_steps: int = 0


def plan_of(rows: int, params: TrainerParams) -> Plan:
    most = params.batch_size if params.epochs else min(params.batch_size, max(SMALLEST_BATCH, rows // LEAST_BATCHES))
    batch_size = min(most, rows)
    epoch_steps = rows // batch_size
    steps = epoch_steps * (params.epochs or max(LEAST_EPOCHS, math.ceil(LEAST_STEPS / epoch_steps)))
    check_steps = math.ceil(epoch_steps / CHECKS_PER_EPOCH)
    if params.epochs:
        return Plan(batch_size, epoch_steps, steps, check_steps)
    # What lies in pairs of inputs is found late, after many steps that seem to teach nothing.
    return Plan(batch_size, epoch_steps, steps, max(check_steps, steps // MOST_CHECKS), patient_steps=steps // 2)


def learning_rate(step: int, *, steps: int, highest: float, schedule: str) -> float:
    """The rate at `step` of `steps` (from 0). one_cycle: up over the first 30 %, then down to nearly nothing (Smith and
    Topin 2018); cosine: down from the highest (Loshchilov and Hutter 2016)."""
    if schedule == "constant":
        return highest
    warm = max(1.0, WARM_SHARE * steps) if schedule == "one_cycle" else 0.0
    if step < warm:
        return _between(START * highest, highest, share=step / warm)
    return _between(highest, END * highest, share=(step - warm) / max(1.0, steps - warm))


def _between(start: float, end: float, *, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, share))) / 2
