"""Materializations as jobs, and the loop that starts those that are due."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.compute.kinds import PlainKind
from core.compute.values import Job, JobState
from core.features.job_specs import RESULT
from core.features.materialization.job_spec import MATERIALIZE, MaterializeResult
from core.features.materialization.service import OnlineService
from core.features.materialization.values import DueMaterialization
from core.features.online.store import live_address
from core.foundation.actions.call import Call
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, PortalError, Unavailable
from core.foundation.parquet import row_count
from core.foundation.text import _

WORKER = Actor.system("worker")


class MaterializeKind(PlainKind):
    """The parts become files of the store, and what the job has put is written down with them."""

    name = MATERIALIZE
    module = "core.features.materialization.job"

    def __init__(self, online: OnlineService) -> None:
        self.online = online

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        """The address may hold a password, so it is in no database. Cages are what the administrator says now."""
        settings = self.online.foundation.settings
        return {"online": live_address(settings), "cage": settings.user_code == "caged"}

    def read_outputs(self, job: Job, outputs: Path) -> tuple[MaterializeResult, dict[str, str]]:
        """The result, and the digests of the parts' rows, which lie in the store."""
        try:
            result = MaterializeResult.model_validate_json((outputs / RESULT).read_bytes())
        except (OSError, ValidationError) as error:
            raise Invalid(_("The job left no result that can be read")) from error
        return result, {part.name: self._put(outputs / part.file, part.rows) for part in result.parts if part.rows}

    def take_outputs(self, call: Call, job: Job, read: tuple[MaterializeResult, dict[str, str]]) -> None:
        result, files = read
        self.online.take(call, self.online.row(call, job.subject), result=result, files=files)

    def ended(self, call: Call, job: Job) -> None:
        cause = _("Cancelled.") if job.state is JobState.CANCELLED else job.cause
        self.online.fail(call, self.online.row(call, job.subject), cause=cause)

    def _put(self, path: Path, rows: int) -> str:
        if path.is_symlink() or not path.is_file() or row_count(path) != rows:
            raise Invalid(_("The job's file {name} is not what its result says").format(name=path.name))
        return self.online.foundation.store.put_file(path)


class MaterializationReconciler:
    """Starts what is due, and clears what versions that were given up left in the store. A run that is refused is told
    at its materialization and tried again at its next time."""

    name = "features.materializations"

    def __init__(self, online: OnlineService) -> None:
        self._online = online

    def tick(self, now: datetime) -> None:
        """Schedules go by the database's time, not by `now`."""
        for due in self._online.due_materializations(WORKER):
            self._remove(due) if due.is_given_up else self._start(due.id)

    def _start(self, materialization_id: str) -> None:
        try:
            self._online.start_due(WORKER, materialization_id=materialization_id)
        except Unavailable:
            raise
        except PortalError as error:
            self._online.note_refusal(WORKER, materialization_id=materialization_id, cause=error.message)

    def _remove(self, due: DueMaterialization) -> None:
        if due.left is not None:
            self._online.store.clear(due.left)
        self._online.note_removal(WORKER, materialization_id=due.id)
