"""Packed files are read as what is inside, and never unpacked without an end."""

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest

from core.foundation.errors import Invalid
from core.lake.import_values import ImportChoices
from core.lake.readers import gzip as packed
from core.lake.readers.dispatch import read_file
from core.lake.readers.reader import Workspace
from tests.lake.readers.test_dispatch import parquet, reading_of

INSIDE = {
    "CSV": ("t.csv.gz", b"a;b\n1,5;x\n"),
    "JSON lines": ("t.jsonl.gz", b'{"a":1.5,"b":"x"}\n'),
    "Parquet": ("t.parquet.gz", parquet(pa.table({"a": [1.5], "b": ["x"]}))),
}


@pytest.mark.parametrize("case", INSIDE)
def test_what_is_packed_is_read_as_what_it_is(case: str) -> None:
    name, content = INSIDE[case]
    reading = reading_of(gzip.compress(content), name=name)
    assert reading.table.to_pylist() == [{"a": 1.5, "b": "x"}]
    assert reading.choices[0] == "The file was packed by gzip."
    assert not any("bytes are" in line for line in reading.choices)


def test_parts_that_were_packed_one_after_another_are_one_file() -> None:
    content = gzip.compress(b"a\n1\n") + gzip.compress(b"2\n")
    assert reading_of(content).table.to_pylist() == [{"a": 1}, {"a": 2}]


BAD = {
    "cut off": (gzip.compress(b"a\n1\n" * 1000)[:-9], "gzip file is damaged"),
    "another checksum": (gzip.compress(b"a\n1\n")[:-8] + b"\0" * 8, "gzip file is damaged"),
    "packed twice": (gzip.compress(gzip.compress(b"a\n1\n")), "The file is gzip"),
    "nothing inside": (gzip.compress(b""), "empty"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_packed_file_is_refused_and_leaves_nothing(case: str) -> None:
    content, reason = BAD[case]
    with TemporaryDirectory() as folder:
        path, spill = Path(folder) / "content", Path(folder) / "spill"
        path.write_bytes(content)
        spill.mkdir()
        with pytest.raises(Invalid, match=reason):
            read_file(path, workspace=Workspace(ImportChoices(), spill=spill))
        assert list(spill.iterdir()) == []


def test_a_packed_file_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_UNPACKED", 2**20)
    with pytest.raises(Invalid, match="unpacks to more than"):
        reading_of(gzip.compress(b"a\n" + b"1\n" * 2**20))
