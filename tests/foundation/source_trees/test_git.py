"""One commit is fetched, whatever else its repository holds."""

import os
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from core.foundation.errors import Invalid, Unavailable
from core.foundation.source_trees.git import GitAccess, access_of, fetch
from core.foundation.source_trees.trees import TreeLimits, unpack
from tests.foundation.source_trees.repositories import commit, git, repository

LIMITS = TreeLimits(files=20, file_mb=1, total_mb=2, seconds=20)


def names_in(tree: bytes) -> list[str]:
    with tarfile.open(fileobj=BytesIO(tree)) as archive:
        assert all(member.isreg() for member in archive)
        return archive.getnames()


def test_a_commit_a_branch_and_a_tag_give_the_files_of_that_moment(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    first = repository(folder, {"train.py": "one", "lib/model.py": "x = 1"})
    git(folder, "tag", "--annotate", "v1", "--message", "The first.")
    second = commit(folder, {"train.py": "two"})
    access, url = GitAccess(folder=tmp_path), folder.as_uri()
    fetched = {name: fetch(url, revision=name, access=access, limits=LIMITS) for name in (first, "main", "v1")}
    assert {name: result.commit for name, result in fetched.items()} == {first: first, "main": second, "v1": first}
    assert fetched["v1"].tree == fetched[first].tree, "the same files are the same bytes"
    assert fetched[first].tree != fetched["main"].tree
    (tmp_path / "tree.tar").write_bytes(fetched[first].tree)
    unpack(tmp_path / "tree.tar", into=tmp_path / "code")
    assert (tmp_path / "code/train.py").read_text() == "one"
    assert (tmp_path / "code/lib/model.py").read_text() == "x = 1"


def test_links_submodules_hooks_and_filters_of_a_repository_do_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "repository"
    repository(folder, {"train.py": "ok"})
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "hooks").mkdir()
    ran = tmp_path / "ran"
    (folder / "hooks/post-checkout").write_text(f"#!/bin/sh\ntouch {ran}\n")
    (folder / "hooks/post-checkout").chmod(0o755)
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    git(folder, "config", "core.fsmonitor", f"touch {ran}")
    git(folder, "config", "filter.evil.smudge", f"touch {ran}")
    git(folder, "config", "uploadpack.packObjectsHook", f"touch {ran}; exec")
    wanted = git(folder, "commit-tree", git(folder, "write-tree"), "-m", "Hostile.")
    ran.unlink(missing_ok=True)
    (folder / ".gitattributes").write_text("* filter=evil\n")
    git(folder, "-c", "core.fsmonitor=false", "-c", "filter.evil.smudge=cat", "add", "link", "hooks", ".gitattributes")
    wanted = git(folder, "-c", "core.fsmonitor=false", "commit-tree", git(folder, "write-tree"), "-m", "Hostile.")
    ran.unlink(missing_ok=True)
    fetched = fetch(folder.as_uri(), revision=wanted, access=GitAccess(folder=tmp_path), limits=LIMITS)
    assert names_in(fetched.tree) == [".gitattributes", "hooks/post-checkout", "train.py"]
    assert not ran.exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b",
        "https://example.org/a/b",
        "https://github.com:8443/a/b",
        "https://github.com.example.org/a/b",
        "https://mei:secret@github.com/a/b",
        "ssh://github.com/a/b",
        "git@github.com:a/b",
        "ext::sh -c id",
        "file:///etc",
        "--upload-pack=id",
        "",
    ],
)
def test_other_addresses_are_refused_before_anything_runs(url: str, tmp_path: Path) -> None:
    access = GitAccess(hosts=("github.com",), folder=tmp_path)
    with pytest.raises(Invalid) as refusal:
        fetch(url, revision="main", access=access, limits=LIMITS)
    assert refusal.value.field == "params.repository"
    assert refusal.value.hint


@pytest.mark.parametrize("revision", ["--upload-pack=id", "a..b", "", "main\n", "a b", "x" * 300, "main.lock"])
def test_what_is_no_revision_is_refused(revision: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        fetch(tmp_path.as_uri(), revision=revision, access=GitAccess(folder=tmp_path), limits=LIMITS)
    assert refusal.value.field == "params.commit"


@pytest.mark.parametrize("revision", ["f" * 40, "elsewhere"])
def test_a_commit_that_is_not_there_is_said_to_be_so(revision: str, tmp_path: Path) -> None:
    repository(tmp_path / "repository", {"train.py": "ok"})
    with pytest.raises(Invalid, match="no commit, branch or tag") as refusal:
        fetch((tmp_path / "repository").as_uri(), revision=revision, access=GitAccess(folder=tmp_path), limits=LIMITS)
    assert refusal.value.field == "params.commit"


def test_a_repository_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no such repository") as refusal:
        fetch((tmp_path / "none").as_uri(), revision="main", access=GitAccess(folder=tmp_path), limits=LIMITS)
    assert refusal.value.field == "params.repository"


@pytest.mark.parametrize(
    "files",
    [
        {"one": os.urandom(2**20 + 1)},
        {f"part{number}": os.urandom(900_000) for number in range(3)},
        {f"file{number}": "x" for number in range(21)},
    ],
    ids=["a file", "all files", "their number"],
)
def test_what_is_too_large_is_refused(files: dict[str, str | bytes], tmp_path: Path) -> None:
    wanted = repository(tmp_path / "repository", files)
    with pytest.raises(Invalid, match="too large"):
        fetch((tmp_path / "repository").as_uri(), revision=wanted, access=GitAccess(folder=tmp_path), limits=LIMITS)


def test_nobody_answers_and_no_credential_is_said(tmp_path: Path) -> None:
    access = access_of(hosts="127.0.0.1:9", credentials="127.0.0.1:9=mei:very-secret", folder="")
    assert access.credentials == {"127.0.0.1:9": "mei:very-secret"}
    with pytest.raises(Unavailable) as refusal:
        fetch("https://127.0.0.1:9/a/b", revision="main", access=access, limits=LIMITS)
    assert "very-secret" not in str(refusal.value) + refusal.value.in_full
