"""With `feature_engine=spark` versions and training sets are made with Spark, in the job itself or in a cluster, and
are those that one machine makes, row by row."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.compute.tables import JobRow
from core.features import EntityQuery, FeatureVersion, Split, TrainingSet, VersionState, ViewUse
from core.foundation.parquet import read_parquet
from tests.compute.running import run_job_here, wait_for_job, worker_for
from tests.features.departures import ENTITY_SQL
from tests.features.desk import SYSTEM, Desk, open_desk
from tests.features.engines import skip_without_spark
from tests.features.test_pandas_logic import MEAN
from tests.registry.onnx_files import calling

SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 9)),
    Split(name="test", start=date(2013, 1, 9), end=date(2013, 2, 1)),
)
PLACES = ["in the job", "in a cluster"]


@dataclass(frozen=True)
class Made:
    """A version and a training set of it, with their rows."""

    version: FeatureVersion
    training_set: TrainingSet
    rows: pa.Table
    splits: dict[str, pa.Table]


def made(home: Path, **settings: Any) -> Made:
    """By the jobs of a portal of its own."""
    desk = open_desk(home, **settings)
    with worker_for(desk.portal, loops=()):
        version = desk.create()
        wait_for_job(desk.portal, version.job_id, seconds=90)
        version = desk.now(version)
        assert (version.state, version.cause) == (VersionState.PUBLISHED, "")
        training_set = joined(desk, version)
    return Made(
        version,
        training_set,
        table(desk, version.rows_digest),
        {split.name: table(desk, split.digest) for split in training_set.splits},
    )


def joined(desk: Desk, version: FeatureVersion) -> TrainingSet:
    features, engineer = desk.portal.features, desk.people.engineer
    entity = EntityQuery(
        sql=ENTITY_SQL,
        sources={"flights": desk.snapshot},
        row_id="id",
        event_time="due_at",
        label="late",
        categories=("carrier",),
        numbers=("distance",),
    )
    asked = features.create_training_set(
        engineer,
        project="PROJ-1",
        name="late",
        entity=entity,
        uses=(ViewUse(version_id=version.id, keys={"carrier": "carrier"}),),
        splits=SPLITS,
    )
    wait_for_job(desk.portal, asked.job_id, seconds=90)
    found = features.get_training_set(engineer, training_set_id=asked.id)
    assert (found.state, found.cause) == ("ready", "")
    return found


def table(desk: Desk, digest: str) -> pa.Table:
    return read_parquet(desk.portal.foundation.store.verified_path(digest))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Made:
    skip_without_spark()
    return made(tmp_path_factory.mktemp("local"))


@pytest.mark.parametrize("place", PLACES)
def test_what_spark_makes_is_what_one_machine_makes(
    local: Made, tmp_path: Path, place: str, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue("spark_address") if place == "in a cluster" else ""
    there = made(tmp_path, feature_engine="spark", spark_address=address)
    assert there.rows.equals(local.rows)
    assert all(there.splits[name].equals(split) for name, split in local.splits.items())
    assert (there.version.digest, there.version.features) == (local.version.digest, local.version.features)
    assert [check.name for check in there.version.checks] == ["Values are finite", "Spark and DuckDB agree"]
    engines = [each.training_set.manifest.engine for each in (local, there) if each.training_set.manifest]
    assert [engine.split()[0] for engine in engines] == ["polars", "spark"]
    same = there.training_set.manifest.model_dump(exclude={"engine"}) if there.training_set.manifest else {}
    assert local.training_set.manifest
    assert same == local.training_set.manifest.model_dump(exclude={"engine"})


def test_pandas_alone_says_that_one_machine_has_built_it(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, feature_engine="spark")
    keyed = MEAN.replace("flights.sort", 'flights.dropna(subset=["left_at", "carrier"]).sort')
    version = desk.create(sql="", python=keyed)
    run_job_here(desk.portal, version.job_id)
    built = desk.now(version)
    assert built.state is VersionState.PUBLISHED
    assert built.notes == ("Built on one machine: Spark runs SQL, and this version is pandas alone.",)


def test_sql_that_spark_has_not_ends_the_build_with_its_name(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, feature_engine="spark", spark_address="sc://127.0.0.1:1")
    version = desk.create(sql="SELECT carrier, left_at, dayname(left_at) AS day FROM flights")
    run_job_here(desk.portal, version.job_id)
    assert desk.now(version).state is VersionState.FAILED
    assert desk.now(version).cause.startswith("dayname cannot be carried over to Spark.")


def test_the_address_of_a_cluster_stands_in_no_database(tmp_path: Path) -> None:
    """It may hold a token: jobs get it when they start."""
    desk = open_desk(tmp_path, feature_engine="spark", spark_address="sc://127.0.0.1:1/;token=secret")
    version = desk.create()
    with calling(desk.portal, SYSTEM) as call:
        row = call.session.get(JobRow, version.job_id)
        assert row is not None
        assert "secret" not in str(row.payload)
    run_job_here(desk.portal, version.job_id)
    cause = desk.now(version).cause
    assert cause.startswith("Spark cannot be reached")
    assert "secret" not in cause
