"""With `feature_engine=spark` versions and training sets are made with Spark, in the job itself or in a cluster, and
are those that one machine makes, row by row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.compute.tables import JobRow
from core.features.training_sets.values import EntityQuery, Split, TrainingSet
from core.features.values import FeatureVersion, VersionState, ViewUse
from core.foundation.parquet import read_parquet
from tests.compute.running import run_job_here, wait_for_job, worker_for
from tests.features.departures import ENTITY_SQL
from tests.features.drafting import SYSTEM, Drafts, open_drafts
from tests.features.engines.spark.server import skip_without_spark
from tests.features.logic.test_pandas_logic import MEAN
from tests.registry.onnx_files import calling

# A busy machine takes its time to start Java.
SECONDS = 180
SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 1, 9)),
    Split(name="test", start=date(2013, 1, 9), end=date(2013, 2, 1)),
)


@dataclass(frozen=True)
class Built:
    """A version and a training set of it, with their rows."""

    drafts: Drafts
    version: FeatureVersion
    training_set: TrainingSet
    rows: pa.Table
    splits: dict[str, pa.Table]


@contextmanager
def built_by_jobs(home: Path, **settings: Any) -> Iterator[Built]:
    """By the jobs of a portal of its own, whose worker goes on meanwhile."""
    drafts = open_drafts(home, **settings)
    with worker_for(drafts.portal, loops=()):
        version = drafts.create(lookback_seconds=86_400)
        wait_for_job(drafts.portal, version.job_id, seconds=SECONDS)
        version = drafts.now(version)
        assert (version.state, version.cause) == (VersionState.PUBLISHED, "")
        training_set = joined(drafts, version)
        splits = {split.name: table(drafts, split.digest) for split in training_set.splits}
        yield Built(drafts, version, training_set, table(drafts, version.rows_digest), splits)
    drafts.portal.foundation.database.close()


def joined(drafts: Drafts, version: FeatureVersion) -> TrainingSet:
    portal, engineer = drafts.portal, drafts.people.engineer
    entity = EntityQuery(
        sql=ENTITY_SQL,
        sources={"flights": drafts.snapshot},
        row_id="id",
        event_time="due_at",
        label="late",
        categories=("carrier",),
        numbers=("distance",),
    )
    created = portal.training_sets.create_training_set(
        engineer,
        project="PROJ-1",
        name="late",
        entity=entity,
        uses=(ViewUse(version_id=version.id, keys={"carrier": "carrier"}),),
        splits=SPLITS,
    )
    wait_for_job(drafts.portal, created.job_id, seconds=SECONDS)
    training_set = portal.training_sets.get_training_set(engineer, training_set_id=created.id)
    assert (training_set.state, training_set.cause) == ("ready", "")
    return training_set


def table(drafts: Drafts, digest: str) -> pa.Table:
    return read_parquet(drafts.portal.foundation.store.verified_path(digest))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with built_by_jobs(tmp_path_factory.mktemp("local")) as built:
        yield built


@pytest.fixture(scope="module")
def clustered(spark_address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    with built_by_jobs(
        tmp_path_factory.mktemp("cluster"), feature_engine="spark", spark_address=spark_address
    ) as built:
        yield built


def test_what_spark_makes_in_the_job_is_what_one_machine_makes(local: Built, tmp_path: Path) -> None:
    skip_without_spark()
    with built_by_jobs(tmp_path, feature_engine="spark") as there:
        check_same(there, local)


def test_what_a_cluster_makes_is_what_one_machine_makes(clustered: Built, local: Built) -> None:
    check_same(clustered, local)


def check_same(there: Built, here: Built) -> None:
    """Down to the bytes of the version's rows, which are content-addressed."""
    assert there.rows.equals(here.rows)
    assert there.version.rows_digest == here.version.rows_digest
    assert all(there.splits[name].equals(split) for name, split in here.splits.items())
    assert (there.version.digest, there.version.features) == (here.version.digest, here.version.features)
    assert there.version.checks[:-1] == here.version.checks
    assert (there.version.checks[-1].name, there.version.checks[-1].verdict) == ("Spark and DuckDB agree", "pass")
    manifests = [side.training_set.manifest for side in (here, there)]
    assert [manifest.engine.split()[0] for manifest in manifests if manifest] == ["polars", "spark"]
    left, right = (manifest.model_dump(exclude={"engine"}) for manifest in manifests if manifest)
    assert left == right


def test_the_online_store_holds_what_a_cluster_has_built(clustered: Built) -> None:
    """Its parts are computed on one machine, day by day."""
    drafts, version = clustered.drafts, clustered.version
    portal, engineer = drafts.portal, drafts.people.engineer
    materialization = portal.materialization.materialize(engineer, version_id=version.id)
    wait_for_job(drafts.portal, materialization.job_id)
    assert portal.materialization.get_materialization(engineer, materialization_id=materialization.id).cause == ""
    answers = portal.materialization.get_online(
        engineer, version_id=version.id, keys=[{"carrier": carrier} for carrier in "ABC"]
    )
    newest = {row["carrier"]: row for row in clustered.rows.to_pylist()}
    assert [answer.values for answer in answers] == [{"mean_delay": newest[carrier]["mean_delay"]} for carrier in "ABC"]
    assert [answer.event_time for answer in answers] == [newest[carrier]["__event"] for carrier in "ABC"]


def test_pandas_alone_says_that_one_machine_has_built_it(tmp_path: Path) -> None:
    drafts = open_drafts(tmp_path, feature_engine="spark")
    keyed = MEAN.replace("flights.sort", 'flights.dropna(subset=["left_at", "carrier"]).sort')
    version = drafts.create(sql="", python=keyed)
    run_job_here(drafts.portal, version.job_id)
    built = drafts.now(version)
    assert built.state is VersionState.PUBLISHED
    assert built.notes == ("Built on one machine: Spark runs SQL, and this version is pandas alone.",)


def test_sql_that_spark_has_not_ends_the_build_with_its_name(tmp_path: Path) -> None:
    drafts = open_drafts(tmp_path, feature_engine="spark", spark_address="sc://127.0.0.1:1")
    version = drafts.create(sql="SELECT carrier, left_at, dayname(left_at) AS day FROM flights")
    run_job_here(drafts.portal, version.job_id)
    assert drafts.now(version).state is VersionState.FAILED
    assert drafts.now(version).cause.startswith("dayname cannot be carried over to Spark.")


def test_the_address_of_a_cluster_stands_in_no_database(tmp_path: Path) -> None:
    """It may hold a token: jobs get it when they start."""
    drafts = open_drafts(tmp_path, feature_engine="spark", spark_address="sc://127.0.0.1:1/;token=secret")
    version = drafts.create()
    with calling(drafts.portal, SYSTEM) as call:
        row = call.session.get(JobRow, version.job_id)
        assert row is not None
        assert "secret" not in str(row.payload)
    run_job_here(drafts.portal, version.job_id)
    cause = drafts.now(version).cause
    assert cause.startswith("Spark cannot be reached")
    assert "secret" not in cause
