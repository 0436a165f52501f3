"""Looking through the store finds what is damaged and what is missing, and says what needs it."""

import os
from pathlib import Path

import pytest

from core.foundation.errors import Invalid, Unavailable
from core.lake.retention.verification import StoreReport, StoreVerificationService
from core.portal import Portal
from tests.installed import People
from tests.lake.readers.test_zip import packed, picture
from tests.lake.retention.test_garbage_collection import PHOTOS, ROWS, add, age_all
from tests.registry.onnx_files import register_tiny


def damage(path: Path, content: bytes = b"{rotten") -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def verify(portal: Portal, people: People) -> StoreReport:
    report = portal.store_verification.verify(people.sre)
    assert (report.next, report.progress) == ("", 1.0)
    return report


def test_a_whole_store_has_no_problem(portal_on: Portal, people: People) -> None:
    add(portal_on, people, "departures", ROWS)
    add(portal_on, people, "photos", PHOTOS, filename="photos.zip")
    register_tiny(portal_on, people.engineer, rows=50)
    report = verify(portal_on, people)
    blobs = list(portal_on.foundation.store.blobs())
    assert (report.problems, report.damaged) == ((), ())
    assert (report.files, report.bytes) == (len(blobs), sum(size for _digest, size, _put in blobs))


@pytest.mark.parametrize("way", ["damaged", "missing"])
def test_what_is_damaged_or_missing_is_named_with_what_needs_it(portal_on: Portal, people: People, way: str) -> None:
    """The rows of a table, one picture of many, and a file that only a manifest names."""
    store = portal_on.foundation.store
    rows = add(portal_on, people, "departures", ROWS)
    photos = add(
        portal_on,
        people,
        "photos",
        packed([(f"cat/{at}.png", picture(shade=at)) for at in range(90)]),
        filename="p.zip",
    )
    version = register_tiny(portal_on, people.engineer, rows=50)
    last = store.put_bytes(picture(shade=89))
    inner = next(file for file in store.manifest(version.digest).files if file.path != "model.onnx")
    needs = {rows.files[0].digest: rows.id, last: photos.id, inner.sha256: version.id}
    for digest in needs:
        damage(store.path(digest)) if way == "damaged" else store.path(digest).unlink()
    report = verify(portal_on, people)
    assert {file.digest for file in report.damaged} == needs.keys()
    for file in report.damaged:
        assert needs[file.digest] in {thing.id for thing in file.needed_by}
        assert way in file.fault
    titles = {thing.id: thing.title for file in report.damaged for thing in file.needed_by}
    (problem,) = (problem for problem in report.problems if rows.files[0].digest in problem)
    assert f"{rows.id} ({titles[rows.id]})" in problem


def test_a_damaged_manifest_does_not_make_its_files_garbage(portal: Portal, people: People) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    age_all(portal)
    for content in (b"", b"{rotten"):
        damage(portal.foundation.store.path(version.digest), content)
        with pytest.raises(Unavailable, match="damaged"):
            portal.garbage_collection.plan_sweep(people.sre)


def test_whatever_else_lies_there_is_named(portal: Portal, people: People) -> None:
    store = portal.foundation.store
    folder, late = store.put_bytes(b"folder"), store.put_bytes(b"late")
    store.path(folder).unlink()
    store.path(folder).mkdir()
    os.utime(store.path(late), (4_000_000_000, 4_000_000_000))
    (store.root / "sha256" / "notes.txt").write_bytes(b"")
    (store.path(late).parent / "copy of a file").write_bytes(b"")
    report = verify(portal, people)
    assert {file.digest: file.fault.partition(",")[0] for file in report.damaged} == {
        folder: "is no plain file",
        late: "has a time ahead of now",
    }
    assert sum("lies among the files of the store and is none" in problem for problem in report.problems) == 2
    assert "nothing refers to it" in report.problems[0]
    assert portal.garbage_collection.plan_sweep(people.sre).files == 1


def test_what_was_begun_and_never_finished_goes_with_the_garbage(portal: Portal, people: People) -> None:
    incoming = portal.foundation.store.root / "incoming"
    (incoming / "folder").mkdir(parents=True)
    for name in ("old", "young", "folder/file"):
        (incoming / name).write_bytes(b"half a fi")
    for name in ("old", "folder"):
        os.utime(incoming / name, (1000, 1000))
    portal.garbage_collection.sweep_store(people.sre)
    assert [path.name for path in incoming.iterdir()] == ["young"]


def test_a_large_store_is_read_a_part_at_a_time(portal: Portal, people: People) -> None:
    store, service = portal.foundation.store, StoreVerificationService(portal.foundation, part_bytes=10)
    digests = sorted(store.put_bytes(b"part %d" % number) for number in range(7))
    reports = [service.verify(people.sre)]
    while reports[-1].next:
        reports.append(service.verify(people.sre, after=reports[-1].next))
    assert [report.files for report in reports] == [2, 2, 2, 1]
    assert [report.next for report in reports] == [digests[1], digests[3], digests[5], ""]
    shares = [report.progress for report in reports]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Invalid):
        service.verify(people.sre, after="../../etc")


def test_a_store_that_holds_nothing_yet_is_whole(portal: Portal, people: People) -> None:
    assert verify(portal, people).files == 0
