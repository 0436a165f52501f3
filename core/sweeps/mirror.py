"""A sweep and its trials as runs of MLflow: the sweep's when it begins and ends, nested in it each trial once it is
over, and later the runs that confirm its best."""

from typing import Any, Literal

from core.foundation.actions.call import Call
from core.foundation.clock import end_of
from core.registry.service import RegistryService
from core.registry.values import MetricPoint, RunRecord
from core.sweeps.records import confirmation_of, find_sweep
from core.sweeps.tables import SweepRow, TrialRow

State = Literal["running", "finished", "failed", "killed"]
SWEEPS: dict[str, State] = {"finished": "finished", "failed": "failed", "cancelled": "killed"}
TRIALS: dict[str, State] = {"complete": "finished", "pruned": "killed", "failed": "failed"}
OBJECTIVE = "objective"
SETTINGS = ("recipe", "metric", "split", "sampler", "pruner", "trials", "seed", "confirm_seeds")


def record_sweep(registry: RegistryService, call: Call, row: SweepRow) -> None:
    """Queues what is known of a sweep."""
    value = confirmation_of(row).value
    ended = row.ended_at or call.now
    record = RunRecord(
        run_id=row.id,
        project=row.project,
        name=row.title,
        state=SWEEPS.get(row.state, "running"),
        params={**row.base_params, **{name: getattr(row, name) for name in SETTINGS}, "space": row.space},
        metrics=(MetricPoint(name=f"confirmed_{row.metric}", step=0, value=value.value, at=ended),) if value else (),
        tags={"training_set": row.training_set_id, "sweep": row.id},
        started_at=row.created_at,
        ended_at=row.ended_at,
    )
    registry.record_run(call, record)


def record_trial(registry: RegistryService, call: Call, trial: TrialRow) -> None:
    """Queues a trial that is over."""
    sweep = find_sweep(call.session, trial.sweep_id)
    ended = end_of(trial.started_at, trial.ran_seconds, else_at=trial.ended_at or call.now)
    points = [MetricPoint(name=sweep.metric, step=int(step), value=value, at=ended) for step, value in trial.steps]
    if trial.state == "complete" and trial.value is not None:
        points.append(MetricPoint(name=OBJECTIVE, step=0, value=trial.value, at=ended))
    record = RunRecord(
        run_id=f"{sweep.id}/{trial.number}",
        project=sweep.project,
        name=f"{sweep.id}: trial {trial.number}",
        state=TRIALS[trial.state],
        params={**sweep.base_params, **trial.params, "recipe": sweep.recipe, "seed": sweep.seed},
        metrics=tuple(points),
        tags=_tags(sweep, trial),
        parent=sweep.id,
        started_at=trial.started_at or ended,
        ended_at=ended,
    )
    registry.record_run(call, record)


def _tags(sweep: SweepRow, trial: TrialRow) -> dict[str, Any]:
    tags = {"training_set": sweep.training_set_id, "sweep": sweep.id, "trial": str(trial.number), "state": trial.state}
    again = {} if trial.retry_of is None else {"retry_of": str(trial.retry_of)}
    return tags | again | ({"cause": trial.cause} if trial.cause else {})
