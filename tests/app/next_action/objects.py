"""Objects as services return them, with only what a decision looks at chosen by the test."""

from datetime import UTC, datetime
from typing import Any

from app.next_action.values import Rights
from core.features.training_sets.values import TrainingSet
from core.features.values import FeatureContract, FeatureVersion, FeatureView
from core.identity.permissions import ROLES, Permission, Role
from core.promotion.values import Digests, Plan, Policy, Request, Step
from core.registry.signature import Signature
from core.registry.values import Comparison, MetricRow, ModelVersion
from core.serving.values import Endpoint, Route, ServiceLevel
from core.tasks.values import Interval
from core.training.values import Run

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = "PROJ-1"


def rights(role: Role | None = None, *, person_id: str = "PER-9") -> Rights:
    """What somebody with a role may do; nothing without one."""
    permissions = frozenset(permission for permission in Permission if role in ROLES[permission])
    return Rights(person_id=person_id, permissions=permissions)


def model_version(number: int = 2, **changes: Any) -> ModelVersion:
    given: dict[str, Any] = {
        "id": f"MV-{number}", "model_id": "MODEL-1", "model": "late-arrival",
        "title": f"late-arrival v{number}", "project": PROJECT, "version": number,
        "state": "active", "digest": "d", "model_digest": "m", "bytes": 1, "signature": Signature(inputs=()),
        "params": {}, "evaluations": (), "run_id": "", "training_set_id": "", "feature_versions": (),
        "requirement_id": "", "code_commit": "", "environment": {}, "card": "", "created_by": "PER-1",
        "created_at": NOW,
    }  # fmt: skip
    return ModelVersion(**{**given, **changes})


def endpoint(environment: str = "production", *, serves: dict[int, int] | None = None, **changes: Any) -> Endpoint:
    """`serves` gives the share of each version by its number."""
    routes = tuple(
        Route(version_id=f"MV-{number}", model="late-arrival", version=number, digest="d", weight=weight)
        for number, weight in (serves or {}).items()
    )
    given: dict[str, Any] = {
        "id": "EP-1", "project": PROJECT, "name": "late-arrival", "title": "late-arrival",
        "environment": environment, "description": "",
        "slo": ServiceLevel(), "url": "", "routes": routes, "actual": {}, "settled": True, "servers": (),
        "generation": 1, "cause": "", "created_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    return Endpoint(**{**given, **changes})


def request(state: str = "in review", **changes: Any) -> Request:
    policy = Policy(
        id="POL-1", name="p", environment="production", revision=1, gates=(), approvals=(), valid_days=7, digest="d"
    )
    given: dict[str, Any] = {
        "id": "PR-1", "project": PROJECT, "title": "late-arrival v2", "note": "", "version_id": "MV-2",
        "version": "late-arrival v2", "endpoint_id": "EP-1", "endpoint": "late-arrival", "requirement_id": "",
        "replaces": "", "rollback_to": "", "plan": Plan(steps=(Step(weight=100, hold_seconds=1),)), "policy": policy,
        "state": state, "why": "", "revision": 1, "gates": (),
        "digests": Digests(artifact="a", evidence="e", policy="p", target="t", request="r"), "decisions": (),
        "approvals_needed": 1, "approvals_given": 0, "may_not_approve": {}, "changes": (), "requested_by": "PER-1",
        "created_at": NOW, "applied_at": None,
    }  # fmt: skip
    return Request(**{**given, **changes})


def comparison(losses: dict[int, float], *, deltas: dict[int, tuple[float, float]], **changes: Any) -> Comparison:
    """Versions by number with their log loss; `deltas` are the intervals against the first."""
    versions = tuple(model_version(number) for number in losses)
    row = MetricRow(
        metric="log_loss",
        better="down",
        values={f"MV-{n}": Interval(value=loss, low=loss - 0.01, high=loss + 0.01) for n, loss in losses.items()},
        deltas={f"MV-{n}": Interval(value=(low + high) / 2, low=low, high=high) for n, (low, high) in deltas.items()},
    )
    given: dict[str, Any] = {
        "baseline": versions[0].id, "versions": versions, "holdout": "h", "sentence": "", "metrics": (row,),
        "parameters": (), "curves": (), "flips": (),
    }  # fmt: skip
    return Comparison(**{**given, **changes})


def run(state: str, **changes: Any) -> Run:
    given: dict[str, Any] = {
        "id": "RUN-1", "project": PROJECT, "title": "", "recipe": "mlp", "training_set_id": "TS-1", "params": {},
        "seed": 1, "state": state, "job_id": "JOB-1", "sweep_id": "", "progress": None, "stage": "",
        "eta_seconds": None, "cause": "", "metrics": {}, "evaluations": (), "version_id": "", "mlflow_run": "",
        "requested_by": "PER-1", "created_at": NOW, "started_at": None, "ended_at": None, "manifest": "d",
    }  # fmt: skip
    return Run(**{**given, **changes})


def training_set(state: str, *, label: str = "late") -> TrainingSet:
    entity = {"sql": "SELECT 1", "sources": {}, "row_id": "id", "event_time": "due", "label": label}
    contract = FeatureContract(event_time="due", row_id="id", request=(), views=())
    given: dict[str, Any] = {
        "id": "TS-1", "project": PROJECT, "name": "late", "title": "Late", "state": state, "entity": entity, "uses": (),
        "known_at": True, "splits": (), "contract": contract, "leaks": (), "digest": "", "job_id": "", "cause": "",
        "requirement_id": "", "created_by": "PER-1", "created_at": NOW,
    }  # fmt: skip
    return TrainingSet(**given)


def feature_version(state: str, **changes: Any) -> FeatureVersion:
    given: dict[str, Any] = {
        "id": "FV-1", "view_id": "FEAT-1", "view": "carrier", "title": "carrier v1", "project": PROJECT, "version": 1,
        "state": state,
        "sql": "", "sources": {}, "keys": (), "event_time": "", "created_time": "", "ttl_seconds": 0,
        "delay_seconds": 0, "features": (), "description": "", "digest": "", "rows_digest": "", "rows": 0,
        "job_id": "", "cause": "", "used_by": 0, "created_by": "", "created_at": NOW,
    }  # fmt: skip
    return FeatureVersion(**{**given, **changes})


def view(live: FeatureVersion | None = None) -> FeatureView:
    return FeatureView(
        id="FEAT-1", project=PROJECT, name="carrier", title="carrier", entity="carrier", keys=(), description="",
        owner="", created_at=NOW, latest=None, versions=1, live=live,
    )  # fmt: skip
