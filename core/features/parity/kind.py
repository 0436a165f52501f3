"""Parity checks of the online store as jobs."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.compute.kinds import PlainKind
from core.compute.values import Job, JobState
from core.features.materialization.service import OnlineService
from core.features.materialization.values import FeatureParityReport
from core.features.online.store import live_address
from core.features.parity.job_spec import FEATURE_PARITY, REPORT, ParityResult
from core.foundation.actions.call import Call
from core.foundation.digests import canonical
from core.foundation.errors import Invalid
from core.foundation.text import _


class FeatureParityKind(PlainKind):
    """The report goes into the store, where its digest names it."""

    name = FEATURE_PARITY
    module = "core.features.parity.job"

    def __init__(self, online: OnlineService) -> None:
        self.online = online

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        settings = self.online.foundation.settings
        return {"online": live_address(settings), "cage": settings.user_code == "caged"}

    def read_outputs(self, job: Job, outputs: Path) -> tuple[FeatureParityReport, str]:
        try:
            result = ParityResult.model_validate_json((outputs / REPORT).read_bytes())
        except (OSError, ValidationError) as error:
            raise Invalid(_("The job left no result that can be read")) from error
        return result.report, self.online.foundation.store.put_bytes(canonical(result.report))

    def take_outputs(self, call: Call, job: Job, read: tuple[FeatureParityReport, str]) -> None:
        report, digest = read
        self.online.take_parity(call, self.online.parity_row(call, job.subject), report=report, digest=digest)

    def ended(self, call: Call, job: Job) -> None:
        cause = _("Cancelled.") if job.state is JobState.CANCELLED else job.cause
        self.online.fail_parity(call, self.online.parity_row(call, job.subject), cause=cause)
