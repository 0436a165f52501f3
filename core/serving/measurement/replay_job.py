"""The process of a replay: real rows go through an endpoint in the order and spacing in which they happened, faster by
a factor. What really became of them is joined to the answers afterwards, and only here: callers did not know it."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core.compute.process import JobContext, JobFailed, run_job
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.serving.measurement.endpoint_client import (
    EndpointClient,
    EndpointJobSpec,
    HeldOut,
    backfill_of,
    held_out_rows,
)
from core.tasks.predictions import Predictions
from core.tasks.task import followed_by, task_of
from core.tasks.values import Interval, Target

REPORT, PROGRESS = "report.json", "counts"
REPORT_SECONDS = 0.5
MICROSECONDS = 1_000_000
LONGEST_PAUSE = 0.2


class ReplaySpec(EndpointJobSpec):
    """Rows from `start_us` on and before `end_us`, or all of those that have no moment; a second of ours is `speed` of
    theirs, with at most `most_rps` requests in one."""

    start_us: int
    end_us: int
    speed: float
    most_rps: float

    def holds(self, row: HeldOut) -> bool:
        return not self.contract.event_time or self.start_us <= row.at_us < self.end_us


@dataclass
class Tally:
    """What has been sent, and what came back."""

    sent: int = 0
    failed: int = 0
    by_version: Counter[str] = field(default_factory=Counter)
    versions: list[str] = field(default_factory=list)
    rows: list[HeldOut] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def counts(self) -> dict[str, Any]:
        return {"sent": self.sent, "failed": self.failed, "by_version": dict(self.by_version)}


def main(context: JobContext) -> None:
    """Outputs: `report.json` with the counts and metrics. Events: `counts`, the counts so far."""
    job_spec = ReplaySpec.model_validate(context.payload)
    context.progress(0.0, stage=_("reading rows"))
    rows = [row for row in held_out_rows(context, job_spec) if job_spec.holds(row)]
    if not rows:
        raise JobFailed(_("no rows fall into these days"))
    tally = Tally()
    _send(context, job_spec, rows, tally=tally)
    context.event(PROGRESS, **tally.counts())
    if not context.stop_requested:
        report = {
            **tally.counts(),
            "metrics": _metrics(tally, job_spec.target),
            "figures": _figures(tally, job_spec.target),
        }
        (context.outputs / REPORT).write_text(json.dumps(report))


def _send(context: JobContext, job_spec: ReplaySpec, rows: list[HeldOut], *, tally: Tally) -> None:
    backfill, client = backfill_of(context, job_spec), EndpointClient(job_spec)
    context.progress(0.0, stage=_("filling the online features"))
    backfill.load(rows[0].at_us)
    begun = reported = last = time.monotonic()
    for at, row in enumerate(rows):
        planned = begun + (row.at_us - rows[0].at_us) / MICROSECONDS / job_spec.speed
        backfill.advance(row.at_us)
        _wait(context, until=max(planned, last + 1 / job_spec.most_rps))
        if context.stop_requested:
            return
        last = time.monotonic()
        _ask(client, row, tally=tally)
        if time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            seconds_left = (rows[-1].at_us - row.at_us) / MICROSECONDS / job_spec.speed
            context.event(PROGRESS, **tally.counts())
            context.progress((at + 1) / len(rows), stage=_("sending"), eta_seconds=seconds_left)


def _wait(context: JobContext, *, until: float) -> None:
    while (seconds_left := until - time.monotonic()) > 0 and not context.stop_requested:
        time.sleep(min(seconds_left, LONGEST_PAUSE))


def _ask(client: EndpointClient, row: HeldOut, *, tally: Tally) -> None:
    begun = time.monotonic()
    response = client.predict(row)
    tally.sent += 1
    if not response.is_answer:
        tally.failed += 1
        return
    tally.seconds.append(time.monotonic() - begun)
    tally.by_version[response.version] += 1
    tally.versions.append(response.version)
    tally.rows.append(row)
    tally.answers.append(response.document["predictions"][0])


def _metrics(tally: Tally, target: Target) -> dict[str, float]:
    """How good the answers were, by what really happened, and how long they took."""
    if not tally.seconds:
        return {}
    ordered = sorted(tally.seconds)
    times = {f"p{share}_ms": 1000 * ordered[int((len(ordered) - 1) * share / 100)] for share in (50, 99)}
    predictions = _predictions(tally, target)
    spread = task_of(target).spread_of(predictions.labels, target=target)
    shares = {name: value for name, value in spread.as_fields().items() if isinstance(value, float)}
    return times | shares | {name: interval.value for name, interval in _judged(predictions).items()}


def _figures(tally: Tally, target: Target) -> dict[str, dict[str, Any]]:
    """The same with intervals, of each version by the rows that it answered."""
    judged = {version: _judged(_predictions(tally, target, version)) for version in tally.by_version}
    return {
        version: {name: interval.model_dump() for name, interval in figures.items()}
        for version, figures in judged.items()
        if figures
    }


def _judged(predictions: Predictions) -> dict[str, Interval]:
    """The metrics that are followed; none where these rows say nothing, such as those of one outcome only."""
    task = task_of(predictions.target)
    try:
        judged = task.evaluate(predictions)
    except Invalid:
        return {}
    return {name: judged[name] for name in followed_by(task) if name in judged}


def _predictions(tally: Tally, target: Target, version: str = "") -> Predictions:
    """What was said, by one of the versions or by any, of rows whose outcome is known."""
    import numpy as np
    import pyarrow as pa

    answered = zip(tally.versions, tally.rows, tally.answers, strict=True)
    pairs = [(row, answer) for by, row, answer in answered if version in ("", by) and row.label is not None]
    task, rows = task_of(target), [row for row, _answer in pairs]
    return Predictions(
        rows=[row.row_id for row in rows],
        labels=task.labels_of(pa.chunked_array([[row.label for row in rows]]), target=target),
        outputs=task.outputs_of([answer for _row, answer in pairs], target=target),
        target=target,
        groups=np.unique([str(row.group) for row in rows], return_inverse=True)[1] if target.group else None,
    )


if __name__ == "__main__":
    run_job(main)
