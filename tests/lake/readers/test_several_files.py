"""One table in several files: it is written in one way, and what is said of a file names it."""

from pathlib import Path

import pytest

from core.foundation.errors import Invalid
from core.lake.import_values import ImportChoices
from core.lake.readers.dispatch import read_files
from core.lake.readers.reader import Workspace
from core.lake.readers.table_stream import Reading


def reading_of_files(folder: Path, *contents: bytes) -> Reading:
    paths = [folder / f"{number}.csv" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return read_files(paths, workspace=Workspace(ImportChoices(), spill=folder))


def test_a_file_that_leaves_it_open_is_read_as_one_that_does_not(tmp_path: Path) -> None:
    reading = reading_of_files(tmp_path, b"d;x\n03/04/2026;1,100\n", b"d;x\n13/04/2026;0,50\n")
    rows = reading.table.to_pylist()
    assert [row["x"] for row in rows] == [1.1, 0.5]
    assert [str(row["d"]) for row in rows] == ["2026-04-03", "2026-04-13"]
    assert not any(item.is_asked for item in reading.readings)


def test_files_that_are_written_differently_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"File 2 has d written as mm/dd/yyyy, and a file before it as dd\.mm\.yyyy"):
        reading_of_files(tmp_path, b"d\n13/04/2026\n", b"d\n04/13/2026\n")


def test_what_is_asked_of_one_file_is_asked_of_all(tmp_path: Path) -> None:
    reading = reading_of_files(tmp_path, b"x\n1.5\n", b"x\n1.100\n")
    assert [item.is_asked for item in reading.readings] == [True]
    assert reading.warnings == ["File 2: x can be read in more than one way (1,234.5; 1.234,5), for instance '1.100'."]
