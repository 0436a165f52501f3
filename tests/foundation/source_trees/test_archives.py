"""Archives of strangers become plain files, or are refused."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from core.foundation.errors import Invalid
from core.foundation.source_trees.archives import tree_of
from core.foundation.source_trees.trees import TreeLimits, unpack

LIMITS = TreeLimits(files=20, file_mb=1, total_mb=2)


def zipped(files: dict[str, bytes], *, mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            info = zipfile.ZipInfo(path)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], *, kind: bytes = tarfile.REGTYPE, form: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=form) as archive:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname = kind, "/etc/passwd"
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, form="w")], ids=["zip", "tar.gz", "tar"])
def test_the_same_files_are_the_same_tree_from_any_archive(
    pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path
) -> None:
    files = {"code-1234/train.py": b"print(1)", "code-1234/lib/a.py": b"", "code-1234/.git/config": b"evil"}
    tree = tree_of(pack(files), limits=LIMITS)
    assert tree == tree_of(zipped({"train.py": b"print(1)", "lib/a.py": b""}), limits=LIMITS)
    (tmp_path / "tree").write_bytes(tree)
    unpack(tmp_path / "tree", into=tmp_path / "code")
    assert (tmp_path / "code/train.py").read_bytes() == b"print(1)"


HOSTILE = {
    "a path upwards": zipped({"../evil": b"x"}),
    "a path from the root": zipped({"/etc/evil": b"x"}),
    "a path of another system": zipped({"a\\..\\evil": b"x"}),
    "a link in a zip": zipped({"link": b"/etc/passwd"}, mode=stat.S_IFLNK | 0o777),
    "a large file": zipped({"big": b"\0" * (2**20 + 1)}),
    "many files": zipped({f"file{number}": b"" for number in range(21)}),
    "nothing": zipped({}),
    "a torn zip": zipped({"torn": b"x" * 1000})[:-60],
    "a path upwards in a tar": tarred({"../evil": b"x"}),
    "a path from the root in a tar": tarred({"/etc/evil": b"x"}),
    "a link": tarred({"link": b""}, kind=tarfile.SYMTYPE),
    "a hard link": tarred({"link": b""}, kind=tarfile.LNKTYPE),
    "a device": tarred({"device": b""}, kind=tarfile.CHRTYPE),
    "a pipe": tarred({"pipe": b""}, kind=tarfile.FIFOTYPE),
    "large in all": tarred({f"part{number}": b"\0" * 900_000 for number in range(3)}),
    "a long header": tarred({"a" * 5_000_000: b""}),
    "a torn tar": tarred({"torn": b"x" * 100_000})[:-40],
    "no bytes": b"",
    "a pickle": b"\x80\x04pickle",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_too_large_or_no_archive_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        tree_of(HOSTILE[name], limits=LIMITS)
    assert refusal.value.field == "source"
    assert refusal.value.hint
