"""The bytes that are hashed are the bytes that are answered."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.foundation.digests import digest_bytes
from core.foundation.errors import Invalid, NotFound, Unavailable
from core.foundation.storage import Store
from tests.damage import cut, flip
from tests.flushes import flushes


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def damage(store: Store, digest: str) -> None:
    path = store.path(digest)
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def test_what_was_put_is_read_by_its_digest(store: Store) -> None:
    digest = store.put_bytes(b"flights")
    assert digest == digest_bytes(b"flights") == store.put_bytes(b"flights")
    assert store.read(digest) == b"flights"


def test_one_flipped_bit_is_refused_however_the_file_is_read(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.onnx").write_bytes(b"weights")
    manifest = store.put_folder(tmp_path / "model")
    damage(store, manifest.files[0].sha256)
    for reading in (store.read, store.verified_path):
        with pytest.raises(Unavailable, match="damaged"):
            reading(manifest.files[0].sha256)
    with pytest.raises(Unavailable):
        store.fetch_folder(manifest.digest, tmp_path / "copy")


def test_a_truncated_and_a_missing_file_are_refused(store: Store) -> None:
    digest = store.put_bytes(b"weights")
    store.path(digest).chmod(0o644)
    store.path(digest).write_bytes(b"weig")
    with pytest.raises(Unavailable):
        store.read(digest)
    store.path(digest).unlink()
    with pytest.raises(NotFound):
        store.read(digest)


def make_folder(path: Path) -> None:
    path.unlink()
    (path / "within").mkdir(parents=True)


def take_parent(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip, cut, make_folder, take_parent, Path.unlink])
@pytest.mark.parametrize("way", ["bytes", "file"])
def test_bytes_that_are_put_over_a_damaged_file_heal_it(
    store: Store, tmp_path: Path, damage: Callable[[Path], object], way: str
) -> None:
    (tmp_path / "weights").write_bytes(b"weights")
    digest = store.put_bytes(b"weights")
    damage(store.path(digest))
    for reading in (store.read, store.verified_path):
        with pytest.raises((Unavailable, NotFound)):
            reading(digest)
    assert digest == (store.put_bytes(b"weights") if way == "bytes" else store.put_file(tmp_path / "weights"))
    assert (store.read(digest), store.fault_of(digest, now=time.time())) == (b"weights", "")


def test_a_file_of_the_store_that_is_no_manifest_is_refused_as_one(store: Store) -> None:
    for content in (b"weights", b"[]", b'{"files": 1}'):
        with pytest.raises(Unavailable, match="no manifest"):
            store.manifest(store.put_bytes(content))


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "A" * 64, "0" * 63, "0" * 64 + "/x"])
def test_what_is_no_digest_reaches_no_file(store: Store, digest: str) -> None:
    with pytest.raises(Invalid):
        store.read(digest)


def test_a_folder_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_bytes(b"a")
    (source / "deep" / "b.txt").write_bytes(b"b")
    manifest = store.put_folder(source)
    assert [file.path for file in manifest.files] == ["a.txt", "deep/b.txt"]
    assert store.manifest(manifest.digest) == store.fetch_folder(manifest.digest, tmp_path / "copy") == manifest
    assert (tmp_path / "copy" / "deep" / "b.txt").read_bytes() == b"b"


@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "pipe"])
def test_links_and_special_files_are_refused(store: Store, tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    folder = tmp_path / "outputs"
    folder.mkdir()
    make = {
        "symbolic link": lambda: (folder / "x").symlink_to(secret),
        "hard link": lambda: os.link(secret, folder / "x"),
        "pipe": lambda: os.mkfifo(folder / "x"),
    }
    make[kind]()
    with pytest.raises(Invalid):
        store.put_folder(folder)


def test_a_blob_that_is_put_again_is_not_removed_as_an_old_one(store: Store, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    old, wanted = store.put_file(tmp_path / "old"), store.put_bytes(b"wanted")
    for digest in (old, wanted):
        os.utime(store.path(digest), (1000, 1000))
    assert {(digest, size) for digest, size, put in store.blobs() if put == 1000} == {(old, 3), (wanted, 6)}
    store.put_bytes(b"wanted")
    assert (store.remove(old, before=2000), store.remove(wanted, before=2000)) == (3, 0)
    assert store.remove(old, before=2000) == 0
    assert store.read(wanted) == b"wanted"
    with pytest.raises(NotFound):
        store.read(old)
    assert store.read(store.put_file(tmp_path / "old")) == b"old"
    os.utime(store.path(old), (1000, 1000))
    store.put_file(tmp_path / "old")
    assert store.remove(old, before=2000) == 0


def test_a_stored_file_and_its_place_are_on_disk_before_it_counts_as_stored(store: Store, tmp_path: Path) -> None:
    """The bytes under their passing name, then the folder that got their final one."""
    source = tmp_path / "rows.csv"
    source.write_bytes(b"a,b")
    for put in (lambda: store.put_bytes(b"flights"), lambda: store.put_file(source)):
        with flushes(store.root) as flushed:
            digest = put()
        passing, place = flushed
        assert passing.startswith("incoming/")
        assert place == f"sha256/{digest[:2]}"
