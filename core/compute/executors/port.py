"""What an executor promises. A launch is named by its token, so that asking twice is the same as asking once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.compute.folders import AttemptFolder


class LaunchStatus(StrEnum):
    """What an executor sees of a launch."""

    ABSENT = "absent"  # It was never started, as far as anyone can see.
    STARTING = "starting"
    ALIVE = "alive"
    ENDED = "ended"  # Its result file is there, nothing of it runs.
    LOST = "lost"  # It was started, writes no heartbeat, and left no result.


@dataclass(frozen=True)
class Launch:
    """One start of one attempt. `devices` are the UUIDs of its GPUs, `memory_mb` and `seconds` (0 for no
    limit) are enforced."""

    token: str
    module: str
    folder: AttemptFolder
    cpus: int
    memory_mb: int
    seconds: int = 0
    devices: tuple[str, ...] = ()


class Executor(Protocol):
    """Starts, sees and stops launches; survives none of its own state."""

    def start(self, launch: Launch) -> None:
        """Starts it. Raises Unavailable when nothing can be started now."""

    def look(self, launch: Launch) -> LaunchStatus:
        """What there is of it now."""

    def prevent(self, launch: Launch) -> bool:
        """After True this launch never starts, however late its start command arrives; False: it has started."""

    def stop(self, launch: Launch) -> None:
        """Asks it to end; what does not end within the grace is killed. Returns at once."""

    def destroy(self, launch: Launch) -> bool:
        """Kills all of it now and waits. False when something outlived that."""
