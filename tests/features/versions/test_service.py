"""Views, versions and training sets through the portal's actions and real jobs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from core.features.training_sets.values import LabelFrom, TrainingSet, TrainingSetState
from core.features.values import FeatureVersion, FeatureView, VersionState, ViewUse
from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.parquet import read_parquet
from core.lake.values import Snapshot
from core.portal import Portal
from tests.compute.running import wait_for_job, worker_for
from tests.features.departures import ENTITY_SQL, MARKS, SPLITS, VIEW_SQL, entity, flights
from tests.installed import People, installed, settings_in
from tests.lake.imports.in_process import imported
from tests.lake.readers.test_dispatch import parquet


@dataclass(frozen=True)
class Scene:
    """A portal with a worker, and one of each thing."""

    portal: Portal
    people: People
    snapshot: Snapshot
    view: FeatureView
    version: FeatureVersion
    training_set: TrainingSet

    def build(self, **changes: Any) -> FeatureVersion:
        """Another version of the view, once its job is over."""
        definition = {"sql": VIEW_SQL, "sources": {"flights": self.snapshot.id}, "event_time": "left_at"} | changes
        version = self.portal.feature_drafts.create_version(self.people.engineer, view_id=self.view.id, **definition)
        wait_for_job(self.portal, version.job_id)
        return self.portal.feature_versions.get_version(self.people.viewer, version_id=version.id)

    def join(self, **changes: Any) -> TrainingSet:
        training_set = self.portal.training_sets.create_training_set(self.people.engineer, **self.definition(**changes))
        wait_for_job(self.portal, training_set.job_id)
        return self.portal.training_sets.get_training_set(self.people.viewer, training_set_id=training_set.id)

    def definition(self, **changes: Any) -> dict[str, Any]:
        use = ViewUse(version_id=self.version.id, keys={"carrier": "carrier"}, prefix="carrier_")
        query = entity(sources={"flights": self.snapshot.id}, **changes.pop("entity", {}))
        definition = {"project": "PROJ-1", "name": "late", "entity": query, "uses": (use,), "splits": SPLITS}
        return definition | changes


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with installed(settings_in(tmp_path_factory.mktemp("home"))) as (portal, people), worker_for(portal, loops=()):
        yield prepare(portal, people)


def prepare(portal: Portal, people: People) -> Scene:
    snapshot = upload(portal, people)
    view = portal.feature_views.create_view(
        people.engineer, project="PROJ-1", name="carrier_delay", entity="carrier", keys=("carrier",)
    )
    scene = Scene(portal, people, snapshot, view, None, None)  # type: ignore[arg-type]
    version = scene.build(ttl_seconds=7200)
    scene = Scene(portal, people, snapshot, view, version, None)  # type: ignore[arg-type]
    goal = portal.requirements.create_requirement(
        people.engineer,
        project="PROJ-1",
        title="Warn of late arrivals",
        criteria=({"metric": "auc", "comparison": "at_least", "limit": 0.6},),
    )
    return Scene(portal, people, snapshot, view, version, scene.join(requirement_id=goal.id))


def upload(portal: Portal, people: People, *, name: str = "flights", project: str = "PROJ-1") -> Snapshot:
    actor = people.engineer if project == "PROJ-1" else people.outsider
    dataset = portal.datasets.create_dataset(actor, project=project, name=name)
    return imported(
        portal, actor, dataset_id=dataset.id, filename="flights.parquet", content=parquet(flights()), known=MARKS
    )


def test_a_version_is_published_with_its_rows_and_digest(scene: Scene) -> None:
    version = scene.version
    assert (version.state, version.version, version.rows, version.cause) == (VersionState.PUBLISHED, 1, 400, "")
    assert (len(version.digest), version.keys, version.project) == (64, ("carrier",), "PROJ-1")
    assert [feature.name for feature in version.features] == ["mean_delay"]
    table = read_parquet(scene.portal.foundation.store.verified_path(version.rows_digest))
    assert table.num_rows == 400


def test_the_digest_covers_what_decides_the_values(scene: Scene) -> None:
    other = scene.build(ttl_seconds=7201)
    assert other.digest != scene.version.digest
    assert other.rows_digest == scene.version.rows_digest


def test_a_version_shows_its_rows_and_statistics(scene: Scene) -> None:
    portal, viewer = scene.portal, scene.people.viewer
    preview = portal.feature_versions.preview_version(viewer, version_id=scene.version.id, limit=2)
    assert preview.columns == ("carrier", "left_at", "mean_delay")
    assert (len(preview.rows), preview.total, preview.rows[0][0]) == (2, 400, "A")
    (profile,) = portal.feature_statistics.statistics(viewer, version_id=scene.version.id)
    assert (profile.name, sum(count for _label, count in profile.bins)) == ("mean_delay", 400 - profile.nulls)


def test_a_label_comes_from_a_version_that_the_set_is_bound_to(scene: Scene) -> None:
    source = LabelFrom(
        version_id=scene.version.id, column="mean_delay", keys={"carrier": "carrier"}, horizon_seconds=7200
    )
    query = {"label": "later", "label_from": source, "task": "regression", "categories": ()}
    joined = scene.join(name="later", entity=query, uses=())
    assert (joined.target.task, joined.target.label, joined.cause) == ("regression", "later", "")
    assert joined.manifest is not None
    assert joined.manifest.versions == {scene.version.id: scene.version.digest}
    usage = scene.portal.feature_statistics.usage(scene.people.viewer, version_id=scene.version.id)
    assert joined.id in str(usage)


def test_a_training_set_is_ready_with_its_contract(scene: Scene) -> None:
    training_set = scene.training_set
    assert (training_set.state, training_set.leaks, training_set.cause) == (TrainingSetState.READY, (), "")
    assert [(split.name, split.rows) for split in training_set.splits] == [("train", 288), ("test", 112)]
    assert training_set.contract is not None
    (served,) = training_set.contract.views
    assert (served.digest, served.rows_digest) == (scene.version.digest, scene.version.rows_digest)
    assert (served.ttl_us, served.outputs) == (7_200_000_000, (("mean_delay", "carrier_mean_delay", "number"),))
    for split in training_set.splits:
        table = read_parquet(scene.portal.foundation.store.verified_path(split.digest))
        assert table.column_names == [
            "row_id",
            "event_time",
            "label",
            *(field.name for field in training_set.contract.request),
            "carrier_mean_delay",
        ]


def test_a_split_is_shown(scene: Scene) -> None:
    shown = scene.portal.training_sets.preview_training_set(
        scene.people.viewer, training_set_id=scene.training_set.id, split="test", limit=3
    )
    assert (len(shown.rows), shown.total, shown.columns[0]) == (3, 112, "row_id")
    with pytest.raises(Invalid, match="no split"):
        scene.portal.training_sets.preview_training_set(
            scene.people.viewer, training_set_id=scene.training_set.id, split="../train"
        )


def test_the_chain_leads_from_dataset_and_goal_to_the_training_set(scene: Scene) -> None:
    lineage = scene.portal.identity.lineage(scene.people.viewer, object_id=scene.training_set.id)
    edges = {(edge.source, edge.relation, edge.target) for edge in lineage.edges}
    assert {
        (scene.snapshot.dataset_id, "holds", scene.snapshot.id),
        (scene.snapshot.id, "feeds", scene.version.id),
        (scene.view.id, "has", scene.version.id),
        (scene.version.id, "joined into", scene.training_set.id),
        (scene.snapshot.id, "feeds", scene.training_set.id),
        (scene.training_set.requirement_id, "asks for", scene.training_set.id),
    } <= edges
    version = scene.portal.feature_versions.get_version(scene.people.viewer, version_id=scene.version.id)
    assert version.used_by >= 1


def test_the_same_training_set_twice_has_the_same_files_and_digest(scene: Scene) -> None:
    again = scene.join(name="late_again")
    assert again.splits == scene.training_set.splits
    assert again.digest == scene.training_set.digest


def test_sql_that_fails_fails_the_version_with_its_cause_in_words(scene: Scene) -> None:
    failed = scene.build(sql="SELECT carrier, left_at, nope FROM flights")
    assert (failed.state, failed.digest, failed.rows) == (VersionState.FAILED, "", 0)
    assert failed.cause.startswith("SQL: column nope not found")
    with pytest.raises(Conflict, match="no rows to show"):
        scene.portal.feature_versions.preview_version(scene.people.engineer, version_id=failed.id)
    with pytest.raises(Conflict, match=r"v[0-9]+ failed"):
        scene.portal.training_sets.create_training_set(
            scene.people.engineer,
            **scene.definition(uses=(ViewUse(version_id=failed.id, keys={"carrier": "carrier"}, prefix="x_"),)),
        )


def test_future_leakage_fails_the_version(scene: Scene) -> None:
    failed = scene.build(sql="SELECT carrier, due_at, delay * 2 + 1 AS mood FROM flights", event_time="due_at")
    assert failed.state is VersionState.FAILED
    assert failed.cause.startswith("Future leakage in mood")


def test_a_planted_leak_refuses_the_training_set(scene: Scene) -> None:
    sql = f"SELECT e.*, f.delay * 2 + 1 AS mood FROM ({ENTITY_SQL}) e JOIN flights f USING (id)"
    refused = scene.join(name="planted", entity={"sql": sql, "numbers": ("mood",)})
    assert (refused.state, refused.splits, refused.digest) == (TrainingSetState.REFUSED, (), "")
    assert {leak.column for leak in refused.leaks} == {"mood"}
    assert "mood" in refused.cause
    with pytest.raises(Conflict):
        scene.portal.training_sets.preview_training_set(scene.people.viewer, training_set_id=refused.id, split="train")


def test_a_failing_join_says_why(scene: Scene) -> None:
    failed = scene.join(name="broken", entity={"sql": "SELECT 1 AS id"})
    assert (failed.state, failed.cause) == (
        TrainingSetState.FAILED,
        "The query gives no column 'due_at'. It gives: id.",
    )


def test_a_cancelled_build_ends_as_failed(scene: Scene) -> None:
    portal, engineer = scene.portal, scene.people.engineer
    sql = "SELECT carrier, left_at, (SELECT count(*) FROM range(100000000000)) AS x FROM flights"
    draft = portal.feature_drafts.create_version(
        engineer, view_id=scene.view.id, sql=sql, sources={"flights": scene.snapshot.id}, event_time="left_at"
    )
    portal.compute.cancel_job(engineer, job_id=draft.job_id)
    wait_for_job(portal, draft.job_id)
    ended = portal.feature_versions.get_version(engineer, version_id=draft.id)
    assert (ended.state, ended.cause) == (VersionState.FAILED, "Cancelled.")


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a version twice without prefixes": ({"uses": 2}, "Two uses of the column of the training set"),
    "a key that is not given": ({"keys": {}}, "is found by carrier"),
    "a key too many": ({"keys": {"carrier": "carrier", "x": "carrier"}}, "is found by carrier"),
    "a key that callers do not send": ({"keys": {"carrier": "nope"}}, "neither a category nor a key"),
    "a key that is a number": ({"keys": {"carrier": "distance"}}, "neither a category nor a key"),
    "overlapping splits": (
        {
            "splits": (
                {"name": "a", "start": "2013-01-01", "end": "2013-01-09"},
                {"name": "b", "start": "2013-01-08", "end": "2013-01-20"},
            )
        },
        "overlap",
    ),
    "a split that ends before it begins": (
        {"splits": ({"name": "a", "start": "2013-01-09", "end": "2013-01-01"},)},
        "ends before it begins",
    ),
    "two splits of one name": (
        {
            "splits": (
                {"name": "a", "start": "2013-01-01", "end": "2013-01-02"},
                {"name": "a", "start": "2013-01-02", "end": "2013-01-03"},
            )
        },
        "Two uses of the split",
    ),
    "no split": ({"splits": ()}, "Splits are missing"),
    "a column with two uses": ({"entity": {"numbers": ("distance", "Carrier")}}, "Two uses of the column"),
    "a reserved name": ({"entity": {"numbers": ("label",)}}, "Two uses of the column of the training set"),
    "a requirement of nothing": ({"requirement_id": "R-999"}, "no object called"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_what_cannot_work_is_refused_before_any_job(scene: Scene, case: str) -> None:
    changes, words = MISTAKES[case]
    keys = changes.pop("keys", None) if "keys" in (changes := dict(changes)) else {"carrier": "carrier"}
    use = ViewUse(version_id=scene.version.id, keys=keys, prefix="carrier_")
    definition = scene.definition(uses=(use,) * changes.pop("uses", 1), **changes)
    before = scene.portal.training_sets.list_training_sets(scene.people.engineer).total
    with pytest.raises((Invalid, NotFound), match=words):
        scene.portal.training_sets.create_training_set(scene.people.engineer, **definition)
    assert scene.portal.training_sets.list_training_sets(scene.people.engineer).total == before


@pytest.mark.parametrize(
    "changes",
    [
        {"sources": {}},
        {"sources": {"flights; DROP": "SNAP-1"}},
        {"event_time": "a b"},
        {"created_time": "x" * 61},
        {"ttl_seconds": -1},
        {"sql": ""},
        {"sql": "S" * 20_001},
        {"categories": ("mean_delay",), "numbers": ("mean_delay",)},
        {"numbers": ("carrier",)},
        {"sources": {"flights": "DS-1"}},
    ],
    ids=str,
)
def test_a_version_that_cannot_be_is_refused_at_once(scene: Scene, changes: dict[str, Any]) -> None:
    definition = {"sql": VIEW_SQL, "sources": {"flights": scene.snapshot.id}, "event_time": "left_at"} | changes
    with pytest.raises(Invalid):
        scene.portal.feature_drafts.create_version(scene.people.engineer, view_id=scene.view.id, **definition)


def test_a_view_is_created_once_by_name(scene: Scene) -> None:
    with pytest.raises(Conflict):
        scene.portal.feature_views.create_view(
            scene.people.engineer, project="PROJ-1", name="carrier_delay", entity="carrier"
        )
    listed = scene.portal.feature_views.list_views(scene.people.viewer, query="CARRIER")
    assert [view.id for view in listed.items] == [scene.view.id]
    versions = scene.portal.feature_versions.list_versions(scene.people.viewer, view_id=scene.view.id)
    assert versions.items[-1].version == 1
    assert [version.version for version in versions.items] == list(range(versions.total, 0, -1))


def test_another_project_sees_and_uses_nothing(scene: Scene) -> None:
    portal, outsider = scene.portal, scene.people.outsider
    for read in (
        lambda: portal.feature_views.get_view(outsider, view_id=scene.view.id),
        lambda: portal.feature_versions.get_version(outsider, version_id=scene.version.id),
        lambda: portal.feature_statistics.statistics(outsider, version_id=scene.version.id),
        lambda: portal.feature_versions.preview_version(outsider, version_id=scene.version.id),
        lambda: portal.training_sets.get_training_set(outsider, training_set_id=scene.training_set.id),
        lambda: portal.training_sets.create_training_set(outsider, **scene.definition()),
        lambda: portal.training_sets.create_training_set(outsider, **scene.definition(project="PROJ-2")),
        lambda: portal.feature_views.create_view(outsider, project="PROJ-1", name="mine", entity="carrier"),
    ):
        with pytest.raises(NotFound):
            read()
    assert portal.feature_views.list_views(outsider).total == 0
    assert portal.training_sets.list_training_sets(outsider).total == 0


def test_a_version_reads_no_snapshot_of_another_project(scene: Scene) -> None:
    foreign = upload(scene.portal, scene.people, name="foreign", project="PROJ-2")
    definition = {"sql": VIEW_SQL, "sources": {"flights": foreign.id}, "event_time": "left_at"}
    with pytest.raises(NotFound):
        scene.portal.feature_drafts.create_version(scene.people.engineer, view_id=scene.view.id, **definition)


def test_a_viewer_reads_and_runs_no_sql(scene: Scene) -> None:
    definition = {"sql": VIEW_SQL, "sources": {"flights": scene.snapshot.id}, "event_time": "left_at"}
    with pytest.raises(NotAllowed):
        scene.portal.feature_drafts.create_version(scene.people.viewer, view_id=scene.view.id, **definition)
    with pytest.raises(NotAllowed):
        scene.portal.training_sets.create_training_set(scene.people.viewer, **scene.definition())


def test_nothing_is_joined_with_features_of_rows_in_quarantine(scene: Scene) -> None:
    portal, sre = scene.portal, scene.people.sre
    other = upload(scene.portal, scene.people, name="later_flights")
    portal.retention.quarantine(sre, snapshot_id=scene.snapshot.id, reason="Entered twice")
    with pytest.raises(Conflict, match=f"{scene.version.id} came from flights v1 .{scene.snapshot.id}., which is in"):
        scene.portal.training_sets.create_training_set(
            scene.people.engineer, **scene.definition() | {"entity": entity(sources={"flights": other.id})}
        )
    portal.retention.release(sre, snapshot_id=scene.snapshot.id, reason="It was not")
