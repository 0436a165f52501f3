"""The processes that `causeway up` keeps alive, as it tells others of those that do not stay up: in a file of the home
folder, for as long as it runs itself."""

import os
from datetime import UTC, datetime
from pathlib import Path

from core.compute.folders import write_atomically
from core.compute.own_files import read_own
from core.compute.processes import Identity, identity_of, is_alive
from core.foundation.errors import Unavailable
from core.foundation.text import _
from core.foundation.values import Value

FILE = "parts.json"


class Ending(Value):
    """A process that keeps ending: how often it has since it last stayed up, and when it is started again."""

    part: str
    times: int
    starts_at: datetime
    log: str

    def words(self, now: datetime) -> str:
        """For people, at this moment."""
        sentence = (
            _("The {part} has ended {times} times and is started again at {time} UTC; see {log}")
            if self.starts_at > now
            else _("The {part} has ended {times} times and was started again at {time} UTC; see {log}")
        )
        return sentence.format(part=self.part, times=self.times, time=f"{self.starts_at:%H:%M:%S}", log=self.log)


class Endings(Value):
    """What the supervising process says: who it is, and which of its processes do not stay up."""

    pid: int
    ticks: int
    boot: str
    endings: tuple[Ending, ...] = ()


def say_endings(home: Path, endings: tuple[Ending, ...]) -> None:
    """Says it in the name of this process. Raises OSError where it cannot be written."""
    me = identity_of(os.getpid())
    assert me is not None
    text = Endings(pid=me.pid, ticks=me.ticks, boot=me.boot, endings=endings).model_dump_json()
    write_atomically(home / FILE, text.encode())


def endings_in(home: Path) -> tuple[Ending, ...]:
    """Nothing where all of them stay up, or nobody supervises them any more."""
    known = read_own(home / FILE, Endings)
    if known is None or not is_alive(Identity(pid=known.pid, ticks=known.ticks, boot=known.boot)):
        return ()
    return known.endings


def check_parts(home: Path) -> None:
    """Unavailable, in words, while a process keeps ending."""
    if endings := endings_in(home):
        raise Unavailable("; ".join(ending.words(datetime.now(UTC)) for ending in endings))
