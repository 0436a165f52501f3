"""A portal with something on every page of the section Build: a requirement, a dataset, a feature version and a
training set, made by the same actions and jobs that people use."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from core.features.training_sets.values import EntityQuery, Split
from core.features.values import ViewUse
from core.foundation.actors import Actor
from core.portal import Portal
from core.requirements.values import Criterion
from tests.compute.running import run_job_here
from tests.installed import People, installed, settings_in
from tests.lake.imports.in_process import imported

PROJECT = "PROJ-1"
GOAL = "Warn of late arrivals"
ROWS = 240


@dataclass(frozen=True)
class Furnished:
    """The portal, its people, and the ids of what was made."""

    portal: Portal
    people: People
    requirement: str
    dataset: str
    snapshot: str
    import_id: str
    view: str
    version: str
    training_set: str


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with installed(settings_in(tmp_path_factory.mktemp("pages") / "home")) as (portal, people):
        yield furnish(portal, people)


def furnish(portal: Portal, people: People) -> Furnished:
    mei = people.engineer
    criterion = Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": 0.68})
    goal = portal.requirements.create_requirement(
        mei, project=PROJECT, title=GOAL, goal="Early.\n\nFor all.", business_metric="Share", criteria=(criterion,)
    )
    dataset = portal.datasets.create_dataset(mei, project=PROJECT, name="flights", description="Every *flight*")
    snapshot = imported(portal, mei, dataset_id=dataset.id, filename="flights.csv", content=flights())
    version = build_view(portal, people, snapshot.id)
    training_set = portal.training_sets.create_training_set(
        mei,
        project=PROJECT,
        name="late_arrivals",
        entity=ENTITY.model_copy(update={"sources": {"flights": snapshot.id}}),
        uses=(ViewUse(version_id=version, keys={"carrier": "carrier"}, prefix="carrier_"),),
        splits=SPLITS,
        requirement_id=goal.id,
    )
    job = run_job_here(portal, training_set.job_id)
    assert job.state == "succeeded", job.cause
    view = portal.feature_versions.get_version(mei, version_id=version).view_id
    return Furnished(
        portal, people, goal.id, dataset.id, snapshot.id, first_import(portal, mei), view, version, training_set.id
    )


def first_import(portal: Portal, mei: Actor) -> str:
    return portal.imports.list_imports(mei, project=PROJECT).items[0].id


def build_view(portal: Portal, people: People, snapshot: str) -> str:
    mei = people.engineer
    view = portal.feature_views.create_view(
        mei, project=PROJECT, name="carrier_delay", entity="carrier", keys=("carrier",)
    )
    version = portal.feature_drafts.create_version(
        mei, view_id=view.id, sql=SQL, sources={"flights": snapshot}, event_time="day"
    )
    job = run_job_here(portal, version.job_id)
    assert job.state == "succeeded", job.cause
    return version.id


def flights() -> bytes:
    """A flight every hour of ten days; whether it is late depends on its carrier and on chance that repeats."""
    lines = ["id,due,carrier,distance,late"]
    for number in range(ROWS):
        day, hour = divmod(number, 24)
        carrier = "AA" if number % 3 else "UA"
        late = int((number * 7919) % 100 < (55 if carrier == "AA" else 20))
        lines.append(f"F{number},2013-01-{day + 1:02d}T{hour:02d}:00:00Z,{carrier},{300 + (number * 37) % 900},{late}")
    return "\n".join(lines).encode()


SQL = """
SELECT carrier, date_trunc('day', due) + INTERVAL 1 DAY AS day, count(*) AS flights, avg(late) AS late_share
FROM flights GROUP BY ALL
""".strip()
ENTITY = EntityQuery(
    sql="SELECT id, due, late, carrier, distance FROM flights",
    sources={"flights": "SNAP-1"},
    row_id="id",
    event_time="due",
    label="late",
    categories=("carrier",),
    numbers=("distance",),
)
SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 7)),
    Split(name="validation", start=date(2013, 1, 7), end=date(2013, 1, 9)),
    Split(name="test", start=date(2013, 1, 9), end=date(2013, 1, 12)),
)
