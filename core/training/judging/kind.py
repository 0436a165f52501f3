"""What comes of judging: an evaluation of the version like those that training writes, and evidence of its quality
where training had no part in the rows."""

from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from core.compute.kinds import PlainKind
from core.compute.tables import JobRow
from core.compute.values import Job
from core.foundation.actions.call import Call
from core.foundation.errors import Invalid
from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.catalog import find_version, version_of
from core.registry.holdouts import is_seen
from core.registry.measuring import measure_quality
from core.registry.service import RegistryService
from core.registry.values import Evaluation, NewEvidence
from core.training.judging.values import PREDICTIONS, REQUESTS, RESULT, Judged, JudgingSpec
from core.training.result import LARGEST_RESULT

JUDGE = "training.judge"


class Outcome(NamedTuple):
    evaluation: Evaluation
    evidence: NewEvidence | None


class JudgingKind(PlainKind):
    """`training.judge`."""

    name = JUDGE
    module = "core.training.judging.job"

    def __init__(self, registry: RegistryService) -> None:
        self._registry = registry

    def read_outputs(self, job: Job, outputs: Path) -> Outcome:
        base = self._registry.foundation
        with base.database.read() as session:
            version = version_of(find_version(session, job.subject))
            spec = JudgingSpec.model_validate(session.get_one(JobRow, job.id).payload)
        evaluation = _evaluation(_read(outputs / RESULT), spec, store=base.store, outputs=outputs)
        if is_seen(evaluation):
            return Outcome(evaluation, None)
        judged = version.model_copy(update={"evaluations": (evaluation,)})
        by, holdout = job.requested_by, evaluation.holdout
        evidence = measure_quality(base.store, candidate=judged, baseline=None, holdout=holdout, measured_by=by)
        return Outcome(evaluation, evidence.model_copy(update={"source": job.id}))

    def ingest_outputs(self, call: Call, job: Job, read: Outcome) -> None:
        self._registry.add_evaluation(call, job.subject, read.evaluation)
        if read.evidence is not None:
            self._registry.add_evidence(call, read.evidence)


def _read(path: Path) -> Judged:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_RESULT:
        raise Invalid(_("There is no result of a sensible size"))
    try:
        return Judged.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise Invalid(_("The result of judging cannot be read")) from error


def _evaluation(judged: Judged, spec: JudgingSpec, *, store: Store, outputs: Path) -> Evaluation:
    result, requests = judged.result, outputs / REQUESTS
    return Evaluation(
        holdout=spec.holdout,
        holdout_name=spec.name,
        rows=result.rows,
        positive_share=result.positive_share,
        spread=result.spread,
        metrics=result.metrics,
        predictions=store.put_file(outputs / PREDICTIONS),
        requests=store.put_file(requests) if requests.is_file() else "",
        seen=spec.seen or judged.learned > 0,
        origin=spec.origin,
    )
