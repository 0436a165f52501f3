"""Whether bf16 pays, measured on the very network and batch."""

import copy
import time
from typing import Any, Literal

import torch

from core.training.torch_recipes.data import Rows
from core.training.torch_recipes.heads import Head

Precision = Literal["fp32", "bf16"]
WARM_STEPS, TIMED_STEPS = 2, 6


def choose_precision(
    requested: str, *, network: torch.nn.Module, head: Head, batch: Rows, device: torch.device
) -> tuple[Precision, dict[str, float]]:
    """The precision to train in, and rows a second of each that was measured (none where there was no choice). Leaves
    the network and torch's generators as they were."""
    if requested == "bf16":
        return "bf16", {}
    if requested == "fp32" or not has_fast_bf16(device):
        return "fp32", {}
    precisions: tuple[Precision, ...] = ("fp32", "bf16")
    speeds = {
        precision: measure(network, head=head, batch=batch, precision=precision, device=device)
        for precision in precisions
    }
    chosen: Precision = "bf16" if speeds["bf16"] > speeds["fp32"] else "fp32"
    return chosen, {f"rows_per_s_{precision}": speed for precision, speed in speeds.items()}


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device computes in bf16 by itself: a GPU that says so, a CPU with AMX. Elsewhere it is
    slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_amx_tile_supported())


def measure(network: torch.nn.Module, *, head: Head, batch: Rows, precision: Precision, device: torch.device) -> float:
    """Rows a second of a step forward and back, on a copy."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        copied = copy.deepcopy(network).train()
        for _step in range(WARM_STEPS):
            forward_and_back(copied, head=head, batch=batch, precision=precision)
        started = _finished(device)
        for _step in range(TIMED_STEPS):
            forward_and_back(copied, head=head, batch=batch, precision=precision)
        return TIMED_STEPS * len(batch) / max(1e-9, _finished(device) - started)


def forward_and_back(network: torch.nn.Module, *, head: Head, batch: Rows, precision: Precision) -> torch.Tensor:
    """The mean loss of a batch, its gradients in the network. The loss itself is always computed in fp32."""
    device = batch.labels.device.type
    with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16"):
        logits: Any = network(batch.ids, batch.numbers)
    loss = head.loss(logits.float(), labels=batch.labels, groups=batch.groups)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _finished(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
