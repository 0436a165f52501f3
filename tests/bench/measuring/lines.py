"""What a benchmark says: a figure of ours beside a peer's, measured in turns, and whether the goal is met."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Spent:
    """What one process used for its work: seconds of wall and CPU, and MB at its peak."""

    wall: float
    cpu: float
    memory_mb: float


@dataclass(frozen=True)
class Line:
    """`ratio` is ours over the peer's, or the peer's over ours where the goal is to be faster; `goal` says which."""

    name: str
    ours: str
    peer: str
    ratio: float | None
    goal: str
    met: bool | None


def spent(command: Sequence[str]) -> Spent:
    """Runs a process that prints its `Spent` as JSON on its last line."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Spent(**json.loads(done.stdout.splitlines()[-1]))


def in_turns(runs: Mapping[str, Callable[[], Spent]], *, rounds: int) -> dict[str, Spent]:
    """The medians of runs that take turns, so that what else the machine does falls on all of them."""
    samples_by_name: dict[str, list[Spent]] = {name: [] for name in runs}
    for _round in range(rounds):
        for name, run in runs.items():
            samples_by_name[name].append(run())
    return {name: _median(samples) for name, samples in samples_by_name.items()}


def at_most(name: str, ours: float, peer: float, *, limit: float, unit: str) -> Line:
    """Ours may be `limit` times the peer's."""
    ratio = ours / peer
    return Line(name, f"{ours:.3g} {unit}", f"{peer:.3g} {unit}", ratio, f"<= {limit} x", ratio <= limit)


def at_least(name: str, ours: float, peer: float, *, times: float, unit: str) -> Line:
    """The peer's must be `times` ours."""
    ratio = peer / ours
    return Line(name, f"{ours:.3g} {unit}", f"{peer:.3g} {unit}", ratio, f">= {times} x less", ratio >= times)


def at_least_as_fast(name: str, ours: float, peer: float, *, share: float, unit: str) -> Line:
    """Rates: ours must be that share of the peer's."""
    ratio = ours / peer
    return Line(name, f"{ours:.3g} {unit}", f"{peer:.3g} {unit}", ratio, f">= {share} x", ratio >= share)


def beside(name: str, ours: float, peer: float, *, unit: str) -> Line:
    """Two figures without a goal."""
    return Line(name, f"{ours:.3g} {unit}", f"{peer:.3g} {unit}", peer / ours, "", None)


def missing(name: str, why: str) -> Line:
    """A peer that could not be had: said, not failed."""
    return Line(name, "", why[:60], None, "", None)


def print_table(lines: Sequence[Line]) -> None:
    words = {True: "yes", False: "NO", None: "-"}
    width = max(len(line.name) for line in lines)
    print(f"{'':{width}}  {'ours':>12}  {'peer':>12}  {'ratio':>7}  {'goal':<14}  met")
    for line in lines:
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else "-"
        print(f"{line.name:{width}}  {line.ours:>12}  {line.peer:>12}  {ratio:>7}  {line.goal:<14}  {words[line.met]}")


def peak_mb() -> float:
    """The most memory this process has held. The system's own figure for it starts with what its parent held."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def print_spent(result: Spent) -> None:
    """What a measured process prints last."""
    sys.stdout.write(json.dumps(asdict(result)) + "\n")


def _median(samples: Sequence[Spent]) -> Spent:
    return Spent(
        *(median(getattr(item, field) for item in samples) for field in ("wall", "cpu", "memory_mb")),
    )
