"""Arguments that refer to objects take the id, the identifier or the title, wherever it is unique among what the caller
may see: `--dataset-id orders` is `--dataset-id DS-1`. An identifier goes before a title that reads like it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from core.foundation.actions.call import Call
from core.foundation.errors import Invalid, NotFound
from core.foundation.ids import Kind, kind_of
from core.foundation.objects import ObjectRow
from core.foundation.text import _
from core.foundation.validation import label_of

# A version is one of a model, but for those who write features.
VERSIONS = (Kind.MODEL_VERSION,)
OF_FEATURES = ("features.", "online.")
KINDS: dict[str, tuple[Kind, ...]] = {
    "account_id": (Kind.SERVICE_ACCOUNT,),
    "baseline_id": VERSIONS,
    "dataset_id": (Kind.DATASET,),
    "endpoint_id": (Kind.ENDPOINT,),
    "left_id": (Kind.SNAPSHOT,),
    "model_id": (Kind.MODEL,),
    "person_id": (Kind.PERSON, Kind.SERVICE_ACCOUNT),
    "policy_id": (Kind.POLICY,),
    "project": (Kind.PROJECT,),
    "requirement_id": (Kind.REQUIREMENT,),
    "right_id": (Kind.SNAPSHOT,),
    "rollback_to": VERSIONS,
    "run_id": (Kind.RUN,),
    "snapshot_id": (Kind.SNAPSHOT,),
    "sweep_id": (Kind.SWEEP,),
    "training_set_id": (Kind.TRAINING_SET,),
    "version_id": VERSIONS,
    "version_ids": VERSIONS,
    "view_id": (Kind.FEATURE_VIEW,),
}


def with_ids(call: Call, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with ids in place of names. A name that nothing within reach has stays as it is, for the action to
    refuse. Invalid for one that several have."""
    return {name: _with_ids(call, name, value) if name in KINDS else value for name, value in arguments.items()}


def _with_ids(call: Call, argument: str, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_with_ids(call, argument, part) for part in value)
    if not isinstance(value, str) or not value or _is_id(value):
        return value
    ids = _called(call, argument, ObjectRow.name == value) or _called(call, argument, ObjectRow.title == value)
    if len(ids) > 1:
        raise Invalid(
            _("{label}: several are called {name}").format(label=label_of((argument,)), name=repr(value[:40])),
            hint=_("Use the id of one: {ids}.").format(ids=", ".join(ids)),
            field=argument,
        )
    return ids[0] if ids else value


def _called(call: Call, argument: str, condition: ColumnElement[bool] | bool) -> Sequence[str]:
    """The ids within reach that meet a condition, a few where there are many."""
    query = select(ObjectRow.id).where(col(ObjectRow.kind).in_(_kinds(call, argument)), condition)
    visible = call.permitted.condition(ObjectRow.project)
    query = query.where(or_(ObjectRow.project == "", *visible)) if visible else query
    return call.session.exec(query.order_by(ObjectRow.id).limit(5)).all()


def _kinds(call: Call, argument: str) -> tuple[Kind, ...]:
    kinds = KINDS[argument]
    return (Kind.FEATURE_VERSION,) if kinds == VERSIONS and call.spec.name.startswith(OF_FEATURES) else kinds


def _is_id(text: str) -> bool:
    try:
        return bool(kind_of(text))
    except NotFound:
        return False
