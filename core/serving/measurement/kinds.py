"""Parity checks and replays as jobs. What they are given at the last moment, an address and a ticket, is never kept in
the database; what they report is ingested by the service."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.compute.kinds import PlainKind
from core.compute.values import Job
from core.foundation.actions.call import Call
from core.serving.measurement.parity_evidence import Measured
from core.serving.measurement.service import PARITY, REPLAY, MeasurementService, ReplayReport
from core.serving.rows import endpoint_url, find_endpoint
from core.serving.tickets import LONGEST

REPORT, PROGRESS = "report.json", "counts"


class EndpointJobKind(PlainKind):
    """A kind of job that calls the endpoint that is its subject."""

    def __init__(self, measurement: MeasurementService) -> None:
        self.measurement = measurement

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        foundation = self.measurement.foundation
        with foundation.database.read() as session:
            name, now = find_endpoint(session, job.subject).name, foundation.database.now(session)
        seconds = LONGEST.total_seconds()
        token, _ends = self.measurement.tickets.issue(job.subject, subject=job.id, now=now, seconds=seconds, place=0)
        return {"url": endpoint_url(foundation.settings, name=name), "token": token}


class ParityKind(EndpointJobKind):
    """The report becomes evidence."""

    name = PARITY
    module = "core.serving.measurement.parity_job"

    def read_outputs(self, job: Job, outputs: Path) -> Any:
        return Measured.model_validate_json((outputs / REPORT).read_bytes())

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        self.measurement.ingest_parity(call, job, measured=read)


class ReplayKind(EndpointJobKind):
    """The counts are reported while it runs, the metrics once the outcomes are joined."""

    name = REPLAY
    module = "core.serving.measurement.replay_job"

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        reports = [event for event in events if event["kind"] == PROGRESS]
        if reports:
            last = {name: value for name, value in reports[-1].items() if name != "kind"}
            self.measurement.ingest_replay(call, job, report=ReplayReport.model_validate(last))

    def read_outputs(self, job: Job, outputs: Path) -> Any:
        return ReplayReport.model_validate_json((outputs / REPORT).read_bytes())

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        self.measurement.ingest_replay(call, job, report=read)
