"""The learning rate as a pure function of the step, so that a resumed training needs no state for it."""

import math

WARM_SHARE = 0.3
START, END = 1 / 25, 1e-4


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
