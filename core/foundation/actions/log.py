"""A line in the log and a count for each action, with who did it to what, how it ended and how long it took."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.foundation.actions.call import Hidden
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.errors import NotAllowed, PortalError
from core.foundation.observability.logs import log_context
from core.foundation.observability.metrics import ACTION_SECONDS, ACTIONS

OK, DENIED, REFUSED, FAILED = "ok", "denied", "refused", "failed"
LEVELS = {OK: logging.INFO, DENIED: logging.WARNING, REFUSED: logging.INFO, FAILED: logging.ERROR}
logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """How an action ended, and what it was about or, where it was denied, would have been."""

    name: str = FAILED
    subject: str = ""


@contextmanager
def logged(spec: ActionSpec, actor: Actor) -> Iterator[Outcome]:
    """Everything that is logged inside names the action and who runs it. What only reads is a line of detail alone:
    pages read every second."""
    began, outcome = time.perf_counter(), Outcome()
    with log_context(action=spec.name, actor=actor.person_id):
        try:
            yield outcome
            outcome.name = OK
        except PortalError as error:
            outcome.name = DENIED if isinstance(error, NotAllowed | Hidden) else REFUSED
            raise
        finally:
            _record(spec, outcome, seconds=time.perf_counter() - began)


def _record(spec: ActionSpec, outcome: Outcome, *, seconds: float) -> None:
    ACTIONS.labels(spec.name, outcome.name).inc()
    ACTION_SECONDS.labels(spec.name).observe(seconds)
    quiet = spec.reads and outcome.name in (OK, REFUSED)
    fields = {"outcome": outcome.name, "milliseconds": round(seconds * 1_000, 1)}
    about = {"object": outcome.subject} if outcome.subject else {}
    logger.log(logging.DEBUG if quiet else LEVELS[outcome.name], "action %s", outcome.name, extra={**fields, **about})
