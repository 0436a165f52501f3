"""Named places where a test ends a process, so that what must survive it is tested.

`CAUSEWAY_FAILPOINTS=compute.after_claim=kill` sends SIGKILL to the process that reaches the place. Nothing happens
unless the setting `allow_failpoints` is on, which production refuses."""

import os
import signal

from core.foundation.errors import Invalid
from core.foundation.settings import PREFIX, Settings
from core.foundation.text import _

# Each place, and what is true when it is reached.
POINTS = {
    "compute.after_claim": "the claim of a job is committed, nothing has been started",
    "compute.after_spawn": "the supervisor was spawned, nothing more was written",
    "compute.before_ingest": "the job has ended and its outputs were read, they are not yet committed",
    "compute.after_ingest": "the outputs are committed, the folder is not yet cleaned",
    "compute.after_events": "a batch of events is committed",
    "registry.after_mlflow": "MLflow has committed a message, the outbox does not know it yet",
}
_armed: dict[str, str] = {}


def arm(settings: Settings) -> None:
    """Reads the environment. Raises Invalid when a fail-point is named and not allowed, unknown or not `kill`."""
    _armed.clear()
    wanted = os.environ.get(f"{PREFIX}FAILPOINTS", "")
    if wanted and not settings.allow_failpoints:
        raise Invalid(
            _("Fail-points are named but not allowed"),
            hint=_("Unset CAUSEWAY_FAILPOINTS, or set CAUSEWAY_ALLOW_FAILPOINTS in a test."),
        )
    for part in filter(None, wanted.split(",")):
        name, _equals, what = part.partition("=")
        if name not in POINTS or what != "kill":
            raise Invalid(_("There is no fail-point {name}").format(name=repr(part)), hint=", ".join(sorted(POINTS)))
        _armed[name] = what


def reach(name: str) -> None:
    """Ends the process here when the fail-point is armed."""
    assert name in POINTS, name
    if name in _armed:
        os.kill(os.getpid(), signal.SIGKILL)
