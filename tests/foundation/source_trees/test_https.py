"""A commit is fetched by https from a real host, as companies have them: by their own authority and with a token; and
neither the host nor the repository gets the portal to do anything else."""

from pathlib import Path

import pytest

from core.foundation.errors import Invalid, Unavailable
from core.foundation.settings import Settings
from core.foundation.source_trees.git import GitAccess, access_of, fetch
from core.foundation.source_trees.trees import TreeLimits
from core.training.scripts.supplies import access_in
from tests.foundation.source_trees.https_host import TOKEN, Host, git_host
from tests.foundation.source_trees.repositories import git, repository
from tests.foundation.source_trees.test_git import names_in

LIMITS = TreeLimits(files=20, file_mb=1, total_mb=2, seconds=20)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 9999999999\n"


def access_to(host: Host, *, secret: str = "", authority: bool = True) -> GitAccess:
    credentials = f"{host.name}={secret}" if secret else ""
    file = str(host.authority) if authority else ""
    return access_of(hosts=host.name, credentials=credentials, folder="", authorities=file)


def test_a_branch_and_a_commit_come_with_a_token_by_the_companys_authority(tmp_path: Path) -> None:
    wanted = repository(tmp_path / "repository", {"train.py": "ok", "lib/model.py": "x = 1"})
    with git_host(tmp_path, token=TOKEN) as host:
        for revision in ("main", wanted):
            fetched = fetch(host.url(), revision=revision, access=access_to(host, secret=TOKEN), limits=LIMITS)
            assert (fetched.commit, names_in(fetched.tree)) == (wanted, ["lib/model.py", "train.py"])


@pytest.mark.parametrize("secret", ["", "mei:another"])
def test_without_the_right_token_there_is_no_such_repository(tmp_path: Path, secret: str) -> None:
    repository(tmp_path / "repository", {"train.py": "ok"})
    with git_host(tmp_path, token=TOKEN) as host, pytest.raises(Invalid, match="may not be read") as refusal:
        fetch(host.url(), revision="main", access=access_to(host, secret=secret), limits=LIMITS)
    assert "CAUSEWAY_GIT_CREDENTIALS" in refusal.value.hint
    assert "another" not in refusal.value.message + refusal.value.hint


def test_a_host_that_no_authority_vouches_for_is_not_asked(tmp_path: Path) -> None:
    repository(tmp_path / "repository", {"train.py": "ok"})
    with git_host(tmp_path) as host, pytest.raises(Unavailable) as refusal:
        fetch(host.url(), revision="main", access=access_to(host, authority=False), limits=LIMITS)
    assert not host.requests
    assert "CAUSEWAY_GIT_AUTHORITIES" in refusal.value.hint


def test_nobody_is_followed_to_another_host_with_the_token(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    repository(tmp_path / "there/repository", {"train.py": "ok"})
    with (
        git_host(tmp_path / "there") as there,
        git_host(tmp_path / "here", moved=f"https://{there.name}", alike=there) as here,
        pytest.raises(Unavailable, match="could not fetch"),
    ):
        fetch(here.url(), revision="main", access=access_to(here, secret=TOKEN), limits=LIMITS)
    assert here.requests
    assert not there.requests


def test_a_hostile_repository_gives_its_plain_files_and_does_nothing(tmp_path: Path) -> None:
    folder, ran = tmp_path / "repository", tmp_path / "ran"
    repository(
        folder, {"train.py": "ok", "weights.bin": POINTER, ".gitattributes": "*.bin filter=lfs\n* filter=evil\n"}
    )
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("../..")
    submodule = f'[submodule "lib"]\n path = lib\n url = ext::sh -c "touch {ran}"\n'
    (folder / ".gitmodules").write_text(submodule)
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    git(folder, "add", "link", "up", ".gitmodules")
    git(folder, "commit", "--quiet", "--message", "Hostile.")
    (folder / ".git/hooks").mkdir(exist_ok=True)
    for name in ("post-checkout", "post-merge"):
        (folder / ".git/hooks" / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
    with git_host(tmp_path) as host:
        fetched = fetch(host.url(), revision="main", access=access_to(host), limits=LIMITS)
    assert names_in(fetched.tree) == [".gitattributes", ".gitmodules", "train.py", "weights.bin"]
    assert not ran.exists()


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    repository(tmp_path / "repository", {f"part{number}": "x" * 900_000 for number in range(3)})
    with git_host(tmp_path) as host, pytest.raises(Invalid, match="too large"):
        fetch(host.url(), revision="main", access=access_to(host), limits=LIMITS)


def test_the_authorities_are_a_setting(tmp_path: Path) -> None:
    (tmp_path / "company.pem").write_text("")
    settings = Settings(home=tmp_path, git_authorities=str(tmp_path / "company.pem"))
    assert access_in(settings).authorities == tmp_path / "company.pem"
