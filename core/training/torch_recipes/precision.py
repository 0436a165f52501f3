"""A step of training, and whether bf16 pays: measured by whole steps of the very network and batch."""

import copy
import time
from statistics import median
from typing import Any, Literal

import torch

from core.training.torch_recipes.data import Rows
from core.training.torch_recipes.heads import Head

Precision = Literal["fp32", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16")
WARM_STEPS, TIMED_STEPS = 2, 7
# bf16 gives up digits, and what is as fast one day is slower the next: it must be clearly faster.
CLEARLY = 1.1


def choose_precision(
    requested: str, *, network: torch.nn.Module, head: Head, rows: Rows, batch_size: int
) -> tuple[Precision, dict[str, float]]:
    """The precision to train in, and rows a second of each that was measured (none where there was no choice). Leaves
    the network and torch's generators as they were."""
    if requested == "bf16":
        return "bf16", {}
    if requested == "fp32" or not has_fast_bf16(rows.labels.device):
        return "fp32", {}
    speeds = measure(network, head=head, rows=rows, batch_size=batch_size)
    chosen: Precision = "bf16" if speeds["bf16"] > CLEARLY * speeds["fp32"] else "fp32"
    return chosen, {f"rows_per_s_{precision}": speed for precision, speed in speeds.items()}


def has_fast_bf16(device: torch.device) -> bool:
    """Whether the device computes in bf16 by itself: a GPU that says so, a CPU with AMX. Elsewhere it is
    slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_amx_tile_supported())


def measure(network: torch.nn.Module, *, head: Head, rows: Rows, batch_size: int) -> dict[Precision, float]:
    """Rows a second of whole steps in each precision: taking the batch, forward, back and the optimizer, on copies of
    the network. The precisions take turns, and the median of their steps counts."""
    device = rows.labels.device
    places = torch.arange(min(batch_size, len(rows)), device=device)
    seconds: dict[Precision, list[float]] = {precision: [] for precision in PRECISIONS}
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        copies = {precision: copy.deepcopy(network).train() for precision in PRECISIONS}
        optimizers = {precision: optimizer_of(copies[precision]) for precision in PRECISIONS}
        for _turn in range(WARM_STEPS + TIMED_STEPS):
            for precision in PRECISIONS:
                started = _finished(device)
                batch = rows.at(places)
                take_step(copies[precision], optimizers[precision], head=head, batch=batch, precision=precision)
                seconds[precision].append(_finished(device) - started)
    return {name: len(places) / max(1e-9, median(values[WARM_STEPS:])) for name, values in seconds.items()}


def optimizer_of(network: torch.nn.Module, *, weight_decay: float = 0.0) -> torch.optim.Optimizer:
    return torch.optim.AdamW(network.parameters(), weight_decay=weight_decay, fused=True)


def take_step(
    network: torch.nn.Module, optimizer: torch.optim.Optimizer, *, head: Head, batch: Rows, precision: Precision
) -> torch.Tensor:
    """The mean loss of a batch, computed in fp32; the weights have moved against its gradients."""
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast(batch.labels.device.type, dtype=torch.bfloat16, enabled=precision == "bf16"):
        logits: Any = network(**batch.inputs)
    loss = head.loss(logits.float(), labels=batch.labels, groups=batch.groups, weights=batch.weights)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.detach()


def _finished(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
