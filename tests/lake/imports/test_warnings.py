"""What is said of an import before it is confirmed, and by its report after that."""

import pytest

from core.lake.import_values import Import
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
