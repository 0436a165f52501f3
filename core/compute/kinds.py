"""What a domain says about its jobs, and about the loops that the worker runs for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from core.compute.values import Job
from core.foundation.actions.call import Call


class JobKind(Protocol):
    """One kind of job: the module its process runs, and what its events and outputs mean."""

    name: str
    module: str

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        """More payload, written only into the job's own file: tickets, addresses."""

    def inputs_at_launch(self, job: Job, payload: dict[str, Any], *, inputs: Mapping[str, str]) -> dict[str, str]:
        """More inputs by name, as digests, where there are too many to be written down with the job."""

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        """The job's custom events, each exactly once, in order."""

    def read_outputs(self, job: Job, outputs: Path) -> Any:
        """Reads and checks the outputs outside the write lock. A PortalError fails the job with its message."""

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        """Ingests what was read, in the transaction that marks the job succeeded."""

    def ended(self, call: Call, job: Job) -> None:
        """The job failed for good or was cancelled."""


class PlainKind:
    """A kind that ingests nothing; domains override what they need."""

    name: str
    module: str

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        return {}

    def inputs_at_launch(self, job: Job, payload: dict[str, Any], *, inputs: Mapping[str, str]) -> dict[str, str]:
        return {}

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        return None

    def read_outputs(self, job: Job, outputs: Path) -> Any:
        return None

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        return None

    def ended(self, call: Call, job: Job) -> None:
        return None


class Reconciler(Protocol):
    """Makes something wanted the actual thing, a little at each tick."""

    name: str

    def tick(self, now: datetime) -> None:
        """Called about twice a second, by one worker at a time. Returns in 200 ms, or works in a thread of its own."""
