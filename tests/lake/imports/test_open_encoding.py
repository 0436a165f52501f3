"""An import of a text whose encoding its bytes leave open."""

import pytest

from core.foundation.errors import Conflict
from core.lake.import_values import ImportState
from core.lake.values import Dataset
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import imported, read_here


@pytest.fixture
def dataset(portal: Portal, people: People) -> Dataset:
    return portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="readings")


def test_an_encoding_that_the_bytes_leave_open_is_answered_for_by_a_person(
    portal: Portal, people: People, dataset: Dataset
) -> None:
    """Each time: the next file may have another one. A script that knows it says so."""
    content = "id,city\n1,Zürich\n".encode("windows-1252")
    for mode in ("replace", "append"):
        begun = portal.imports.start_upload(
            people.engineer, dataset_id=dataset.id, filename="t.csv", content=content, mode=mode, confirm=True
        )
        ready = read_here(portal, begun)
        assert (ready.state, ready.unanswered) == (ImportState.READY, ("windows-1252",))
        assert ready.cause.startswith("It waits for a person. The file does not say its encoding: windows-1252 is")
        with pytest.raises(Conflict, match="windows-1252 is proposed"):
            portal.imports.confirm_import(people.engineer, import_id=ready.id, accept=True, as_proposed=("city",))
        portal.imports.confirm_import(people.engineer, import_id=ready.id, as_proposed=("windows-1252",))
    known = imported(portal, people.engineer, dataset_id=dataset.id, content=content, encoding="windows-1252")
    assert portal.datasets.preview(people.engineer, snapshot_id=known.id, limit=5).rows == ((1, "Zürich"),)
    later = portal.imports.start_upload(
        people.engineer,
        dataset_id=dataset.id,
        filename="t.csv",
        content="id,city\n2,Łódź\n".encode("windows-1250"),
        mode="append",
        confirm=True,
    )
    assert read_here(portal, later).unanswered == ("windows-1250",)
    added = imported(
        portal, people.engineer, dataset_id=dataset.id, content="id,city\n2,Łódź\n".encode(), mode="append"
    )
    assert portal.datasets.preview(people.engineer, snapshot_id=added.id, limit=5).rows == ((1, "Zürich"), (2, "Łódź"))
