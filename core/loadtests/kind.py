"""What the worker does with the job of a load test: lets it call the endpoint, writes down its seconds, and judges what
the generator saw."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from core.compute.kinds import PlainKind
from core.compute.values import Job, JobState
from core.foundation.actions.call import Call
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.loadtests.job import SEEN, WINDOWS, Seen
from core.loadtests.report.evidence import evidence_of
from core.loadtests.report.judge import report_of
from core.loadtests.rows import find_test, tested
from core.loadtests.service import KIND, LoadTestService
from core.loadtests.tables import LoadTestRow, LoadTestSecondRow
from core.loadtests.values import LoadTestSpec, LoadTestState, Plan, Report, SeriesPoint, Window
from core.serving.rows import endpoint_url

AFTER_SECONDS = 240.0
WINDOWS_TYPE = TypeAdapter(tuple[Window, ...])


class Judged(NamedTuple):
    """A report, and the digest of the windows it was made from."""

    report: Report
    windows: str


class LoadTestKind(PlainKind):
    name = KIND
    module = "core.loadtests.job"

    def __init__(self, service: LoadTestService) -> None:
        self._service = service

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        """A ticket for this endpoint that lives as long as the test."""
        spec = LoadTestSpec.model_validate(payload)
        token, _ends = self._service.serving.tickets.issue(
            spec.target.endpoint_id,
            subject=job.id,
            place=0,
            now=self._service.foundation.clock.now(),
            seconds=spec.plan.seconds + AFTER_SECONDS,
        )
        target = spec.target.model_copy(update={"headers": {"authorization": f"Bearer {token}"}})
        return {"target": target.model_dump(mode="json")}

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        row = find_test(call.session, job.subject)
        for event in events:
            fields = {name: value for name, value in event.items() if name != "kind"}
            point = SeriesPoint.model_validate(fields)
            call.session.merge(LoadTestSecondRow(test_id=row.id, second=point.second, point=point.model_dump()))
        self._move(call, row, LoadTestState.RUNNING)

    def read_outputs(self, job: Job, outputs: Path) -> Judged:
        """Judges what the generator saw. Invalid when its files are not what they should be."""
        foundation = self._service.foundation
        with foundation.database.read() as session:
            row = find_test(session, job.subject)
        try:
            windows = WINDOWS_TYPE.validate_json((outputs / WINDOWS).read_bytes())
            seen = Seen.model_validate_json((outputs / SEEN).read_bytes())
        except (OSError, ValidationError) as error:
            raise Invalid(_("The load generator left no readable result")) from error
        digest = foundation.store.put_file(outputs / WINDOWS)
        url = endpoint_url(foundation.settings, name=row.endpoint)
        report = report_of(
            windows, plan=Plan.model_validate(row.plan), target=tested(row, url=url), payload_digest=seen.payload_digest
        )
        return Judged(report=report, windows=digest)

    def ingest_outputs(self, call: Call, job: Job, read: Judged) -> None:
        row = find_test(call.session, job.subject)
        row.report, row.windows = read.report.model_dump(mode="json"), read.windows
        new = evidence_of(read.report, project=row.project, source=row.id, created_by=row.requested_by)
        row.evidence_id = self._service.registry.add_evidence(call, new).id
        call.link(row.id, row.evidence_id, "found")
        self._move(call, row, LoadTestState.FINISHED)

    def ended(self, call: Call, job: Job) -> None:
        row = find_test(call.session, job.subject)
        row.cause = job.cause
        cancelled = job.state is JobState.CANCELLED
        self._move(call, row, LoadTestState.STOPPED if cancelled else LoadTestState.FAILED)

    def _move(self, call: Call, row: LoadTestRow, state: LoadTestState) -> None:
        row.state = state
        row.ended_at = call.now if state.is_over else None
        call.session.add(row)
        call.update(row.id, state=state)
