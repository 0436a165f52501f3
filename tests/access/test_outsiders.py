"""Whoever has no part in a project sees nothing of it in any list, summary or search, however it is asked for. Tried
over every reading action that takes no object, on an installation that has some of everything in one project."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlmodel import select

from core.features.tables import FeatureVersionRow
from core.foundation.actions.run import run_action
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.errors import NotFound
from core.foundation.objects import ObjectRow
from core.portal import Portal
from tests.access.matrix import ROW_OF
from tests.access.test_borders import takes_an_object
from tests.health.installation import change, measure_drift
from tests.upgrade.home import PEOPLE, upgraded

PROJECT = "PROJ-1"
# What is the reader's own, or the same for everyone who is signed in: people, what the product can do, the rules that
# hold everywhere.
OF_NO_PROJECT = [
    "identity.whoami",
    "identity.list_people",
    "identity.list_tokens",
    "training.list_run_views",
    "compute.fit",
    "training.list_recipes",
    "promotion.list_policies",
    "promotion.get_policy",
    "promotion.list_gates",
]
# What must be said to ask at all.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "identity.find_object": {"name": "late_arrivals"},
    "identity.titles": {"object_ids": ("DS-1", "MV-1")},
    "registry.compare": {"version_ids": ("MV-1", "MV-2")},
    "training.curves": {"run_ids": ("RUN-1",)},
    "training.run_groups": {"grouped_by": "training_set", "groups": ("TS-1",)},
    "tracking.read": {"place": "mlflow/registered-models/search"},
    "tracking.read_file": {"path": "PROJ-1/versions/MV-1/MLmodel"},
    "health.of_objects": {"object_ids": ("DS-1", "FV-1", "MV-1", "EP-1")},
}
# What a summary without ids says of the project.
TRACES = {"lake.dataset_facets": "P-2", "features.catalog_scope": "carrier", "training.run_fields": "learning_rate"}
# Who sees something where an engineer has nothing to see.
READERS = {"promotion.what_needs_me": "sre"}
# The outsider asked for this one by name, and was told that it does not exist.
ASKED_FOR = "R-1"


def is_open_to_projects(spec: ActionSpec) -> bool:
    """Somebody has it by a role in one project; what only roles for all projects have, has no border."""
    codes = ROW_OF[spec.name].codes
    return "O" in (codes["viewer"], codes["engineer"])


READING = [
    spec
    for service in Portal.service_types()
    for spec in service.actions()
    if spec.reads and not spec.is_internal and not takes_an_object(spec) and spec.name not in OF_NO_PROJECT
    if is_open_to_projects(spec)
]


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    with upgraded(tmp_path_factory.mktemp("outsiders")) as portal:
        add_an_unused_feature_version(portal)
        add_a_failure_and_a_problem(portal)
        yield portal


def add_an_unused_feature_version(portal: Portal) -> None:
    with portal.foundation.database.write() as session:
        fields = session.get_one(FeatureVersionRow, "FEAT-1").model_dump()
        session.add(FeatureVersionRow(**{**fields, "id": "FEAT-900", "version": 900}))
        known = session.get_one(ObjectRow, "FEAT-1").model_dump()
        session.add(ObjectRow(**{**known, "id": "FEAT-900"}))


def add_a_failure_and_a_problem(portal: Portal) -> None:
    measure_drift(portal)
    change(portal, ObjectRow, "MAT-1", state="failed", updated_at=portal.foundation.clock.now())


@pytest.fixture(scope="module")
def marks(portal: Portal) -> re.Pattern[str]:
    """The ids of all that lies in the project, and its own."""
    with portal.foundation.database.read() as session:
        ids = session.exec(select(ObjectRow.id).where(ObjectRow.project == PROJECT)).all()
    assert len(ids) > 40
    return re.compile(rf"\b({'|'.join(re.escape(object_id) for object_id in {*ids, 'FEAT-900'} - {ASKED_FOR})})\b")


def answer_of(portal: Portal, spec: ActionSpec, actor: Actor) -> str:
    """What the action answers, as a caller of the REST API gets it; what does not exist is answered by that."""
    service = portal.catalog()[spec.name][0]
    try:
        answer = run_action(service, actor, spec=spec, arguments=ARGUMENTS.get(spec.name, {}))
    except NotFound as refusal:
        return type(refusal).__name__
    return TypeAdapter(spec.returns).dump_json(answer).decode()


@pytest.mark.parametrize("spec", READING, ids=lambda spec: spec.name)
def test_an_outsider_sees_nothing_of_a_project_and_its_people_do(
    portal: Portal, marks: re.Pattern[str], spec: ActionSpec
) -> None:
    """An action that shows nobody anything here is not tried: make something in the installation that it shows, or say
    above that it is of no project."""
    trace = re.compile(TRACES[spec.name]) if spec.name in TRACES else marks
    reader = getattr(PEOPLE, READERS.get(spec.name, "engineer"))
    assert trace.search(answer_of(portal, spec, reader)), f"{spec.name} shows its own people nothing"
    assert not trace.search(answer_of(portal, spec, PEOPLE.outsider))


def test_what_is_of_no_project_is_the_same_for_everyone(portal: Portal, marks: re.Pattern[str]) -> None:
    """It names no object of a project. Who has a role where is known to all."""
    catalog = portal.catalog()
    for name in OF_NO_PROJECT:
        spec = catalog[name][1]
        given = {"compute.fit": {"resources": {}}, "promotion.get_policy": {"policy_id": "POL-1"}}.get(name, {})
        answer = run_action(catalog[name][0], PEOPLE.outsider, spec=spec, arguments=given)
        text = TypeAdapter(spec.returns).dump_json(answer).decode()
        assert set(marks.findall(text)) == ({PROJECT} if name == "identity.list_people" else set()), name
