"""What changes in production: one row for each part that differs, now and after, so that an approver need not look
anything up."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from core.foundation.text import _
from core.foundation.values import Value
from core.loadtests.values import LOAD_TEST, Report
from core.promotion.figures import figure, metric_name, signed, with_interval
from core.promotion.gate import label
from core.promotion.requests.traffic_plan import in_words
from core.promotion.values import Change, Plan
from core.registry.values import QUALITY, Evidence, ModelVersion
from core.serving.values import Endpoint
from core.tasks.task import task_called
from core.tasks.values import Interval

NOTHING = "–"
SHORT = 12


class Move(Value):
    """What is compared. `titles` are the titles of the objects that versions name by id; `evidence` is what there is on
    the candidate, `evidence_now` on the version in production, each with the newest first."""

    endpoint: Endpoint
    plan: Plan
    now: ModelVersion | None
    after: ModelVersion
    rollback: ModelVersion | None
    evidence: tuple[Evidence, ...]
    evidence_now: tuple[Evidence, ...]
    titles: dict[str, str]


def changes(move: Move) -> tuple[Change, ...]:
    """The rows, the most important first."""
    rows = (*_identity(move), *_made_from(move), *_metrics(move), *_under_load(move), *_size(move), *_traffic(move))
    return tuple(rows)


def _row(part: str, now: str, after: str) -> Change:
    return Change(part=part, now=now or NOTHING, after=after or NOTHING)


def _identity(move: Move) -> Iterator[Change]:
    now, after = move.now, move.after
    yield _row(_("Model"), label(now) if now else "", label(after))
    yield _row(_("Artifact"), now.digest[:SHORT] if now else "", after.digest[:SHORT])


def _made_from(move: Move) -> Iterator[Change]:
    now, after, titles = move.now, move.after, move.titles
    before = now.training_set_id if now else ""
    if before != after.training_set_id:
        yield _row(_("Training set"), titles.get(before, before), titles.get(after.training_set_id, ""))
    yield from _difference(
        _("Feature versions"),
        _named(now.feature_versions if now else (), titles),
        _named(after.feature_versions, titles),
    )
    yield from _difference(
        _("Inputs"),
        [spec.name for spec in now.signature.inputs] if now else [],
        [spec.name for spec in after.signature.inputs],
    )


def _named(ids: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    return [titles.get(object_id, object_id) for object_id in ids]


def _difference(part: str, now: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """Only what differs between two lists, with how many there are in all."""
    gone, come = [name for name in now if name not in after], [name for name in after if name not in now]
    if gone or come:
        yield _row(part, _counted(gone, len(now)), _counted(come, len(after)))


def _counted(names: Sequence[str], total: int) -> str:
    if not total:
        return ""
    shown = ", ".join(names[:6]) + (_(" and {count} more").format(count=len(names) - 6) if len(names) > 6 else "")
    return f"{shown} ({total})" if shown else f"({total})"


def _metrics(move: Move) -> Iterator[Change]:
    """The expected metrics, on the rows of the newest quality evidence."""
    evidence = next((item for item in move.evidence if item.kind == QUALITY), None)
    if evidence is None:
        return
    holdout = evidence.measured_on.get("holdout", "")
    before, after = _evaluated(move.now, holdout), _evaluated(move.after, holdout)
    # A difference against some other version would be read as one against what serves now.
    is_against_now = move.now is not None and evidence.measured_on.get("baseline") == move.now.digest
    deltas = _intervals(evidence.content.get("deltas")) if is_against_now else {}
    for metric in _in_order(move.after):
        if metric not in after:
            continue
        delta = f" · {signed(deltas[metric])}" if metric in deltas else ""
        now = with_interval(before[metric]) if metric in before else ""
        yield _row(_("Expected {metric}").format(metric=metric_name(metric)), now, with_interval(after[metric]) + delta)


def _in_order(version: ModelVersion) -> list[str]:
    """The metrics of its task, those that judge first."""
    task = task_called(version.signature.target.task)
    return sorted((metric.name for metric in task.metrics), key=lambda name: name not in task.margins)


def _evaluated(version: ModelVersion | None, holdout: str) -> dict[str, Interval]:
    evaluations = version.evaluations if version else ()
    return next((evaluation.metrics for evaluation in evaluations if evaluation.holdout == holdout), {})


def _intervals(content: object) -> dict[str, Interval]:
    intervals = {}
    for name, interval in content.items() if isinstance(content, dict) else ():
        try:
            intervals[str(name)] = Interval.model_validate(interval)
        except ValidationError:
            continue
    return intervals


def _under_load(move: Move) -> Iterator[Change]:
    now, after = _report(move.evidence_now), _report(move.evidence)
    if now or after:
        yield _row(_("Capacity"), _capacity(now), _capacity(after))


def _report(evidence: Sequence[Evidence]) -> Report | None:
    """The newest valid load test that searched for the capacity."""
    for item in evidence:
        try:
            report = Report.model_validate(item.content) if item.kind == LOAD_TEST else None
        except ValidationError:
            continue
        if report and report.validity == "VALID" and report.capacity:
            return report
    return None


def _capacity(report: Report | None) -> str:
    if report is None or report.capacity is None or report.capacity.rate is None:
        return ""
    capacity, slo = report.capacity, report.slo
    high = figure(capacity.high, digits=0) if capacity.high is not None else "∞"
    return _("{rate} rps ({low} to {high}) at p99 within {ms} ms").format(
        rate=figure(report.capacity.rate, digits=0),
        low=figure(capacity.low or 0, digits=0),
        high=high,
        ms=figure(slo.p99_ms, digits=1),
    )


def _size(move: Move) -> Iterator[Change]:
    now = _megabytes(move.now) if move.now else ""
    if now != _megabytes(move.after):
        yield _row(_("Size"), now, _megabytes(move.after))


def _megabytes(version: ModelVersion) -> str:
    return f"{version.bytes / 1e6:.2f} MB"


def _traffic(move: Move) -> Iterator[Change]:
    known = {version.id: label(version) for version in (move.now, move.after, move.rollback) if version}
    names = {route.version_id: f"{route.model} v{route.version}" for route in move.endpoint.routes} | known
    now = ", ".join(f"{route.weight} % {names[route.version_id]}" for route in move.endpoint.routes)
    yield _row(_("Traffic"), now, in_words(move.plan))
    yield _row(_("Rollback target"), "", label(move.rollback) if move.rollback else _("none: nothing serves now"))
