"""AdamW as torch computes it, without the class around it: the first optimizer of a process loads torch's compiler,
which is never used here, and costs each training seconds and a hundred megabytes."""

from collections.abc import Iterable
from typing import Any

import torch
from torch.optim.adamw import adamw

BETAS, EPSILON = (0.9, 0.999), 1e-8
# What a checkpoint holds.
STATE = ("averages", "squares", "steps")


class AdamW:
    """All parameters are learned at one rate, which may be another at each step."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], *, weight_decay: float) -> None:
        self._parameters: list[torch.Tensor] = list(parameters)
        self._weight_decay = weight_decay
        self.averages = [torch.zeros_like(parameter) for parameter in self._parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self._parameters]
        self.steps = [torch.zeros((), device=parameter.device) for parameter in self._parameters]

    def forget_gradients(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Every parameter has its gradient by now."""
        adamw(
            self._parameters,
            [parameter.grad for parameter in self._parameters if parameter.grad is not None],
            self.averages,
            self.squares,
            [],
            self.steps,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate,
            weight_decay=self._weight_decay,
            eps=EPSILON,
            maximize=False,
        )

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in STATE}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        for name in STATE:
            for tensor, saved in zip(getattr(self, name), state[name], strict=True):
                tensor.copy_(saved)
