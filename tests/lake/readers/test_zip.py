"""A ZIP of images and texts becomes an index and items; a hostile one is refused before it is unpacked."""

import io
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.foundation.errors import Conflict, Invalid
from core.foundation.parquet import read_parquet
from core.lake.readers import zip as zip_reader
from core.lake.readers.table_stream import ignore_progress
from core.lake.readers.zip import read_zip
from core.portal import Portal
from tests.conftest import People
from tests.lake.imports.in_process import imported


def picture(*, width: int = 4, height: int = 3, shade: int = 0) -> bytes:
    sink = io.BytesIO()
    Image.new("L", (width, height), shade).save(sink, "PNG")
    return sink.getvalue()


def packed(members: list[tuple[str | zipfile.ZipInfo, bytes]], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(sink, "w", method) as archive:
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(name, content)
    return sink.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def with_declared_size(content: bytes, *, size: int) -> bytes:
    """The same archive, lying about the size of its first member in both of its headers."""
    archive = bytearray(content)
    central = archive.index(b"PK\x01\x02")
    archive[central + 24 : central + 28] = size.to_bytes(4, "little")
    archive[22:26] = size.to_bytes(4, "little")
    return bytes(archive)


# Packed when a case needs it.
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "a way up": (lambda: packed([("../../evil.txt", b"x")]), "leads out"),
    "an absolute name": (lambda: packed([("/etc/cron.d/evil.txt", b"x")]), "leads out"),
    "a way up with backslashes": (lambda: packed([("..\\evil.txt", b"x")]), "leads out"),
    "a drive": (lambda: packed([("C:evil.txt", b"x")]), "leads out"),
    "a link": (lambda: packed([(link("a.txt"), b"/etc/passwd")]), "link or a special file"),
    "a bomb": (lambda: packed([("a.txt", b"0" * 60 * 2**20)]), "unpacks to 60 MB"),
    "a large member": (lambda: packed([("a.txt", b"0" * 65 * 2**20)]), "unpacks to 65 MB"),
    "a member larger than it says": (lambda: with_declared_size(packed([("a.txt", b"0" * 9000)]), size=10), "damaged"),
    "an archive in it": (lambda: packed([("inner.zip", packed([("a.txt", b"x")]))]), "archive in the ZIP"),
    "a table": (lambda: packed([("rows.csv", b"a\n1\n")]), "is a table"),
    "100,000 members": (lambda: packed([(f"{n}.txt", b"") for n in range(50_001)]), "more than 50000 members"),
    "a name twice": (lambda: packed([("a.txt", b"x"), ("A.txt", b"y")]), "same name"),
    "a torn one": (lambda: packed([("a.txt", b"x" * 500)])[:-30], "damaged"),
    "nothing of use": (lambda: packed([("a.exe", b"MZ")]), "no image and no text"),
    "nothing": (lambda: packed([]), "no image and no text"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing_outside(case: str, tmp_path: Path) -> None:
    content_of, reason = HOSTILE[case]
    archive, outputs = tmp_path / "upload", tmp_path / "outputs"
    archive.write_bytes(content_of())
    outputs.mkdir()
    with pytest.raises(Invalid, match=reason) as refusal:
        read_zip(archive, outputs, on_progress=ignore_progress)
    assert refusal.value.field == "content"
    assert {path.name for path in tmp_path.iterdir()} == {"upload", "outputs"}


def test_an_archive_that_unpacks_to_too_much_in_all_is_refused(tmp_path: Path) -> None:
    """Declared sizes alone: nothing of it is unpacked. None of the members is too large or too dense by itself."""
    member, archive = bytes(zip_reader.MOST_ITEM // zip_reader.MOST_RATIO + 1), tmp_path / "upload"
    with zipfile.ZipFile(archive, "w") as packing:
        for number in range(zip_reader.MOST_UNPACKED // zip_reader.MOST_ITEM + 1):
            packing.writestr(f"{number}.txt", member)
        for info in packing.infolist():
            info.file_size = zip_reader.MOST_ITEM
    with pytest.raises(Invalid, match="unpacks to more than 2 GB"):
        read_zip(archive, tmp_path, on_progress=ignore_progress)


def test_images_and_texts_become_an_index_and_items(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="pictures")
    content = packed(
        [
            ("cats/a.png", picture()),
            ("dogs/b.png", picture(shade=9)),
            ("dogs/again.png", picture(shade=9)),
            ("notes/n.txt", "Grüße".encode()),
            ("broken.png", picture()[:40]),
            ("__MACOSX/._a.png", b"litter"),
        ]
    )
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="p.zip", content=content)
    store = portal.foundation.store
    rows = read_parquet(store.verified_path(snapshot.files[0].digest)).to_pylist()
    assert [(row["path"], row["label"]) for row in rows] == [
        ("cats/a.png", "cats"),
        ("dogs/again.png", "dogs"),
        ("dogs/b.png", "dogs"),
        ("notes/n.txt", "notes"),
    ]
    assert (rows[0]["width"], rows[0]["height"], rows[0]["media_type"]) == (4, 3, "image/png")
    assert (rows[3]["characters"], rows[3]["bytes"], rows[3]["media_type"]) == (5, 7, "text/plain")
    assert store.read(rows[0]["item"]) == picture()
    assert rows[1]["item"] == rows[2]["item"]
    assert (snapshot.report.rows_rejected, snapshot.report.reasons) == (1, ("broken.png: the image is damaged",))
    assert portal.datasets.get_dataset(people.viewer, dataset_id=dataset.id).form == "files"
    with pytest.raises((Conflict, Invalid)):
        imported(portal, people.engineer, dataset_id=dataset.id, content=b"a\n1\n")


def test_an_image_of_too_many_pixels_is_left_out(tmp_path: Path) -> None:
    """The header of a PNG says 60,000 x 60,000 pixels; not one of them is decoded."""
    bomb = bytearray(picture())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2
    archive = tmp_path / "upload"
    archive.write_bytes(packed([("bomb.png", bytes(bomb)), ("a.txt", b"x")]))
    reading = read_zip(archive, tmp_path, on_progress=ignore_progress)
    assert (reading.rejected, reading.table.num_rows) == (1, 1)
    assert "bomb.png" in reading.reasons[0]
