"""Whether a process can be of use: what it rests on is asked, each part within a few seconds, and what is wrong is said
in words."""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlmodel import select

from core.foundation.database import Database
from core.foundation.errors import PortalError, Unavailable
from core.foundation.objects import ObjectRow
from core.foundation.storage import Store
from core.foundation.text import _

FINE, OK = "ok", 200
# What a report says, and what is no reason to keep callers away: one model that does not start concerns itself alone.
INFORMATIVE = frozenset({"model_servers"})
CHECK_SECONDS = 3.0
MEGABYTE = 1 << 20
Check = Callable[[], object]
logger = logging.getLogger(__name__)


class Health:
    """The checks of one process by name. Each raises a PortalError in whose words it fails."""

    def __init__(self, checks: Mapping[str, Check], *, seconds: float = CHECK_SECONDS) -> None:
        self._checks, self._seconds = checks, seconds
        self._running: dict[str, CheckRun] = {}
        self._guard = threading.Lock()

    def report(self) -> dict[str, str]:
        """What each check says: `ok`, or what is wrong."""
        deadline = time.monotonic() + self._seconds
        runs = {name: self._run(name, check) for name, check in self._checks.items()}
        return {name: run.words(until=deadline) for name, run in runs.items()}

    def _run(self, name: str, check: Check) -> "CheckRun":
        """A check that hangs is not started again: whoever asks next waits for the same one."""
        with self._guard:
            if name not in self._running or not self._running[name].is_alive():
                self._running[name] = CheckRun(check, name=name)
                self._running[name].start()
            return self._running[name]


class CheckRun(threading.Thread):
    """One run of a check. It keeps no process from ending."""

    def __init__(self, check: Check, *, name: str) -> None:
        super().__init__(name=f"check of the {name}", daemon=True)
        self._check = check
        self._words = ""

    def run(self) -> None:
        self._words = self._outcome()

    def words(self, *, until: float) -> str:
        self.join(max(0.0, until - time.monotonic()))
        return self._words or _("It does not answer in time")

    def _outcome(self) -> str:
        try:
            self._check()
        except PortalError as error:
            return error.message
        except Exception:
            logger.exception("the %s failed", self.name)
            return _("It cannot be checked; the log says why")
        return FINE


def status_of(report: Mapping[str, str]) -> int:
    """What HTTP calls a report: 200 where every check is fine that a process needs, else 503."""
    needed = {words for name, words in report.items() if name not in INFORMATIVE}
    return OK if needed <= {FINE} else Unavailable.status


def document_of(report: Mapping[str, str]) -> dict[str, object]:
    """A report as JSON says it."""
    return {"status": FINE if status_of(report) == OK else "unavailable", "checks": dict(report)}


def checks_of(database: Database, *, store: Store, home: Path, least_free_mb: int) -> dict[str, Check]:
    """What portal and worker rest on."""
    return {
        "database": lambda: _check_database(database),
        "store": store.check,
        "disk": lambda: _check_disk(home, least_free_mb),
    }


def _check_database(database: Database) -> None:
    with database.read() as session:
        session.exec(select(ObjectRow.id).limit(1)).first()


def _check_disk(home: Path, least_free_mb: int) -> None:
    free_mb = shutil.disk_usage(home).free // MEGABYTE
    if free_mb < least_free_mb:
        raise Unavailable(
            _("Only {free} MB of the disk are free, {least} MB are needed").format(free=free_mb, least=least_free_mb)
        )
