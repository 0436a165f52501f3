"""What is said of an import before it is confirmed, and by its report after that."""

import pytest

from core.foundation.errors import Conflict
from core.foundation.objects import LinkRow, ObjectRow
from core.lake.import_values import Import, ImportState
from core.lake.values import Dataset
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import read_here


@pytest.fixture
def dataset(portal: Portal, people: People) -> Dataset:
    return portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="prices")


def begin(portal: Portal, people: People, dataset: Dataset, content: bytes, *, confirm: bool = False) -> Import:
    """An import that was read."""
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="prices.csv", content=content, confirm=confirm
    )
    return read_here(portal, begun)


def test_columns_that_look_alike_are_warned_of(portal: Portal, people: People, dataset: Dataset) -> None:
    content = "price,\u0440rice,cost,Cost2,\u0440\u0430\u0441\u0435\n1,2,3,4,5\n6,7,8,9,1\n".encode()
    assert begin(portal, people, dataset, content).report.warnings == (
        "The columns 'price' and '\u0440rice' look alike and are two: CYRILLIC SMALL LETTER ER.",
    )


def test_columns_that_are_gone_or_of_another_type_are_warned_of(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    begin(portal, people, dataset, b"id,city,price\n1,Oslo,2\n2,Bonn,3\n", confirm=True)
    other = begin(portal, people, dataset, b"id,price,weight\n1,cheap,2\n2,dear,4\n", confirm=True)
    assert other.state is ImportState.CONFIRMED
    assert other.report.warnings == (
        "Columns of the snapshot before are missing: city.",
        "Columns have another type than in the snapshot before: price is VARCHAR and was BIGINT.",
    )


def test_a_dataset_that_was_archived_while_a_file_was_read_gets_no_rows_of_it(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    content = b"id,city\n1,Oslo\n2,Bonn\n"
    begun = portal.imports.start_upload(
        people.engineer, dataset_id=dataset.id, filename="towns.csv", content=content, confirm=True
    )
    portal.keeping.archive(people.engineer, object_id=dataset.id)
    waits = read_here(portal, begun)
    assert (waits.state, waits.snapshot_id) == (ImportState.READY, "")
    assert waits.cause == f"It waits for a person. {dataset.title} was archived. Bring it back first."
    with pytest.raises(Conflict, match="was archived"):
        portal.imports.confirm_import(people.engineer, import_id=begun.id, accept=True)
    portal.keeping.bring_back(people.engineer, object_id=dataset.id)
    assert portal.imports.confirm_import(people.engineer, import_id=begun.id, accept=True).dataset_id == dataset.id


def test_columns_of_a_dataset_that_features_read_go_only_by_a_person(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    first = begin(portal, people, dataset, b"id,city\n1,Oslo\n2,Bonn\n", confirm=True)
    now = first.created_at
    with portal.foundation.database.write() as session:
        row = ObjectRow(
            id="FV-900",
            kind="feature_version",
            project="PROJ-1",
            title="towns v1",
            state="published",
            owner="P-1",
            created_at=now,
            updated_at=now,
        )
        session.add(row)
        session.flush()
        session.add(LinkRow(source=first.snapshot_id, target=row.id, relation="feeds", created_at=now))
    assert begin(portal, people, dataset, b"id,city,x\n1,Oslo,1\n2,Bonn,2\n", confirm=True).state == "confirmed"
    waits = begin(portal, people, dataset, b"id\n1\n2\n", confirm=True)
    assert waits.state is ImportState.READY
    assert waits.cause == (
        "It waits for a person. Features read this dataset: towns v1 (FV-900). "
        "Columns of the snapshot before are missing: city, x. Confirm it if that is meant."
    )
    assert waits.report.warnings[1] == "Features read this dataset and may fail: towns v1 (FV-900)."
    assert portal.imports.confirm_import(people.engineer, import_id=waits.id).rows == 2
