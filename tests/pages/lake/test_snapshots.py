"""The line of a dataset's snapshots in the browser: compared, held in quarantine, deleted, and searched."""

import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.lake.values import Snapshot
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import imported, read_here
from tests.lake.readers.test_zip import packed, picture
from tests.pages.conftest import PROJECT, Furnished
from tests.pages.running import catalogs_of, drawn, page, text_of

FIRST = b"id,carrier,delay\n1,AA,5\n2,UA,9\n3,AA,1\n"
SECOND = b"id,carrier,delay\n1,AA,5\n2,UA,90\n4,DL,3\n5,DL,4\n"


@pytest.fixture
def pair(portal: Portal, people: People) -> tuple[Snapshot, Snapshot]:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="departures")
    first, second = (imported(portal, people.engineer, dataset_id=dataset.id, content=text) for text in (FIRST, SECOND))
    return first, second


def test_a_comparison_says_its_verdict_first_and_counts_rows(
    portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]
) -> None:
    test = page(portal, people.viewer, "dataset-diff", left=pair[0].id, right=pair[1].id)
    comparison = portal.datasets.diff(people.viewer, left_id=pair[0].id, right_id=pair[1].id)
    assert test.title[0].value == "departures v2 against departures v1".replace("_", r"\_")
    assert comparison.sentence in text_of(test)
    assert [(metric.label, metric.value) for metric in test.metric] == [
        ("Rows", "3 → 4"), ("Added", "2"), ("Removed", "1"), ("Changed", "1"),
    ]  # fmt: skip
    assert "9 → 90" in text_of(test)


def test_values_at_the_end_of_what_can_be_are_shown_and_counted(portal: Portal, people: People) -> None:
    """NaN and infinity, times that no calendar has, a wide decimal: in columns, rows and diff."""
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="extremes")
    first, second = (
        imported(portal, people.engineer, dataset_id=dataset.id, filename="t.parquet", content=extremes(wild))
        for wild in (False, True)
    )
    columns = page(portal, people.viewer, "dataset", id=second.id)
    titles = [column["title"] for column in catalogs_of(columns)["profile"]["columns"]]
    assert "Not finite" in titles
    assert "Not finite" not in text_of(page(portal, people.viewer, "dataset", id=first.id))
    assert "-290272-08-27" in text_of(columns)
    rows = text_of(page(portal, people.viewer, "dataset", id=second.id, tab="Rows"))
    for words in ("infinity", "+010000-01-01", "nan", "-1.7e+308", "123456789012345678901234567890.12"):
        assert words in rows
    assert "Rows in which x is NaN or infinite: 1. No figure counts them." in second.report.warnings
    comparison = text_of(page(portal, people.viewer, "dataset-diff", left=first.id, right=second.id))
    assert "Not finite" in comparison
    assert "1970-01-01T00:00:00Z → infinity" in comparison


def extremes(wild: bool) -> bytes:
    sink = io.BytesIO()
    moments = [-(2**63) + 2**50, 2**63 - 1, 253402318799000000] if wild else [0, 0, 0]
    table = pa.table(
        {
            "id": [1, 2, 3],
            "x": [float("nan"), -1.7e308, 1.7e308] if wild else [1.0, 2.0, 3.0],
            "at": pa.array(moments, pa.int64()).cast(pa.timestamp("us", "UTC")),
            "money": pa.array([Decimal("123456789012345678901234567890.12"), None, Decimal(1)], pa.decimal256(50, 2)),
        }
    )
    pq.write_table(table, sink)
    return sink.getvalue()


def test_a_comparison_without_two_snapshots_says_what_to_do(portal: Portal, people: People) -> None:
    assert "Nothing to compare yet" in text_of(page(portal, people.engineer, "dataset-diff"))


def test_another_team_compares_nothing(portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]) -> None:
    test = page(portal, people.outsider, "dataset-diff", left=pair[0].id, right=pair[1].id)
    assert f"There is no object called '{pair[0].id}'" in text_of(test)


def test_versions_stand_beside_each_other(portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]) -> None:
    shown = text_of(page(portal, people.viewer, "dataset", id=pair[1].id, tab="Versions"))
    assert "Compare with v1" in shown
    assert "No impact" in text_of(page(portal, people.viewer, "dataset", id=pair[1].id, tab="Impact"))


def test_a_snapshot_in_quarantine_says_why(portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]) -> None:
    portal.retention.quarantine(people.engineer, snapshot_id=pair[0].id, reason="Entered *twice*")
    shown = text_of(page(portal, people.viewer, "dataset", id=pair[0].id))
    assert "Quarantined" in shown
    assert "v1 is in quarantine: Entered *twice*" in shown


def test_what_came_of_it_warns(furnished: Furnished) -> None:
    portal, mei = furnished.portal, furnished.people.engineer
    portal.retention.quarantine(mei, snapshot_id=furnished.snapshot, reason="Entered twice")
    try:
        for url, object_id in (("feature-view", furnished.version), ("training-set", furnished.training_set)):
            shown = text_of(page(furnished.portal, furnished.people.viewer, url, id=object_id))
            assert "quarantine" in shown
            assert "Entered twice" in shown
    finally:
        portal.retention.release(mei, snapshot_id=furnished.snapshot, reason="Mended")


def test_a_deleted_snapshot_shows_no_rows_and_keeps_its_place(
    portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]
) -> None:
    portal.retention.delete_snapshot(people.engineer, snapshot_id=pair[0].id, reason="Replaced")
    assert "The rows were deleted" in text_of(page(portal, people.viewer, "dataset", id=pair[0].id, tab="Rows"))
    assert "Compare with v1" not in text_of(page(portal, people.viewer, "dataset", id=pair[1].id, tab="Versions"))


def test_what_hangs_on_a_snapshot_is_listed(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.viewer, "dataset", id=furnished.snapshot, tab="Impact")
    shown = text_of(test)
    assert "Feature versions 1" in shown.replace(":gray[", "").replace("]", "")
    assert "Nothing made from it is live now" in shown


def test_files_are_searched_by_name_label_and_kind(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="signs")
    members = [("cats/one.png", picture()), ("dogs/two.png", picture(shade=9)), ("notes/read.txt", b"Taken at Newark")]
    snapshot = imported(
        portal, people.engineer, dataset_id=dataset.id, filename="signs.zip", content=packed([*members])
    )
    test = page(portal, people.viewer, "dataset", id=snapshot.id)
    assert "3 of 3 shown" in text_of(test)
    assert "Taken at Newark" in text_of(test)
    test.text_input(key="label").input("cats")
    shown = text_of(drawn(test))
    assert "1 of 1 shown" in shown
    assert "two.png" not in shown
    test.text_input(key="item").input("nothing like it")
    assert "No file matches" in text_of(drawn(test))


def test_datasets_are_narrowed_and_shown_again(portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]) -> None:
    mei = people.engineer
    dataset = portal.datasets.create_dataset(mei, project=PROJECT, name="signs")
    portal.datasets.edit_dataset(mei, dataset_id=dataset.id, description="", tags=("street",))
    begun = portal.imports.start_upload(mei, dataset_id=dataset.id, filename="t.csv", content=FIRST)
    read_here(portal, begun)
    test = page(portal, people.viewer, "datasets")
    assert "2 datasets" in text_of(test)
    assert "departures" in text_of(test)
    test.selectbox(key="tag").select("street")
    shown = text_of(drawn(test))
    assert "departures" not in shown
    assert "Needs confirmation" in shown
    test.selectbox(key="form").select("files")
    assert "No dataset matches" in text_of(drawn(test))
    test.button(key="clear_filters").click()
    assert "departures" in text_of(drawn(test))


def test_an_empty_lake_says_what_to_do(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "datasets")
    assert "No datasets yet" in text_of(test)
    assert not test.selectbox


def test_few_values_are_drawn_beside_each_other(
    portal: Portal, people: People, pair: tuple[Snapshot, Snapshot]
) -> None:
    test = page(portal, people.viewer, "dataset-diff", left=pair[0].id, right=pair[1].id)
    drawings = [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
    assert [{part["type"] for part in drawing["data"]} for drawing in drawings] == [{"bar"}]
    assert [part["name"] for part in drawings[0]["data"]] == ["departures v1", "departures v2"]
