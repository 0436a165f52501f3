"""A measurement of importance as a job. What it reports is checked here and becomes evidence."""

from pathlib import Path
from typing import Any

from core.compute.kinds import PlainKind
from core.compute.values import Job
from core.explanations.service import KIND, ExplanationService
from core.explanations.values import MeasuredImportance
from core.foundation.actions.call import Call

REPORT = "report.json"


class ImportanceKind(PlainKind):
    """The report becomes evidence."""

    name = KIND
    module = "core.explanations.importance_job"

    def __init__(self, explanations: ExplanationService) -> None:
        self._explanations = explanations

    def read_outputs(self, job: Job, outputs: Path) -> Any:
        return MeasuredImportance.model_validate_json((outputs / REPORT).read_bytes())

    def ingest_outputs(self, call: Call, job: Job, read: Any) -> None:
        self._explanations.ingest_importance(call, job, measured=read)
