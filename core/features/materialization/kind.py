"""Materializations as jobs, and the loop that starts those that are due."""

from datetime import datetime
from pathlib import Path
from typing import Any

from core.compute.kinds import PlainKind
from core.compute.values import Job
from core.features.job_outputs import cause_of, ingest_rows, read_result, sandbox_settings
from core.features.job_specs import RESULT
from core.features.materialization.job_spec import MATERIALIZE, MaterializeResult
from core.features.materialization.records import materialization_row
from core.features.materialization.runs import MaterializationRuns
from core.features.materialization.service import MaterializationService
from core.features.materialization.values import DueMaterialization
from core.features.online.opening import live_address
from core.foundation.actions.call import Call, Foundation
from core.foundation.actors import Actor
from core.foundation.errors import PortalError, Unavailable

WORKER = Actor.system("worker")


class MaterializeKind(PlainKind):
    """The parts become files of the store, and what the job has put is written down with them."""

    name = MATERIALIZE
    module = "core.features.materialization.job"

    def __init__(self, foundation: Foundation, *, runs: MaterializationRuns) -> None:
        self._foundation, self._runs = foundation, runs

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        """The address may hold a password, so it is in no database."""
        settings = self._foundation.settings
        return {"online": live_address(settings)} | sandbox_settings(settings)

    def read_outputs(self, job: Job, outputs: Path) -> tuple[MaterializeResult, dict[str, str]]:
        """The result, and the digests of the parts' rows, which lie in the store."""
        result = read_result(outputs / RESULT, MaterializeResult)
        store = self._foundation.store
        return result, {
            part.name: ingest_rows(store, outputs / part.file, rows=part.rows) for part in result.parts if part.rows
        }

    def ingest_outputs(self, call: Call, job: Job, read: tuple[MaterializeResult, dict[str, str]]) -> None:
        result, files = read
        self._runs.ingest(call, materialization_row(call, job.subject), result=result, files=files)

    def ended(self, call: Call, job: Job) -> None:
        self._runs.fail(call, materialization_row(call, job.subject), cause=cause_of(job))


class MaterializationReconciler:
    """Starts what is due, and clears what versions that were given up left in the store. A run that is refused is
    recorded at its materialization and tried again at its next time."""

    name = "features.materializations"

    def __init__(self, materialization: MaterializationService) -> None:
        self._materialization = materialization

    def tick(self, now: datetime) -> None:
        """Schedules go by the database's time, not by `now`."""
        for due in self._materialization.due_materializations(WORKER):
            self._remove(due) if due.is_given_up else self._start(due.id)

    def _start(self, materialization_id: str) -> None:
        try:
            self._materialization.start_due(WORKER, materialization_id=materialization_id)
        except Unavailable:
            raise
        except PortalError as error:
            self._materialization.note_refusal(WORKER, materialization_id=materialization_id, cause=error.message)

    def _remove(self, due: DueMaterialization) -> None:
        if due.view_to_clear is not None:
            self._materialization.live_store.store.clear(due.view_to_clear)
        self._materialization.note_removal(WORKER, materialization_id=due.id)
