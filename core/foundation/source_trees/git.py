"""One commit of a repository, fetched by git into a bare repository that nobody else writes in, and read file by file:
nothing is checked out, so there are no links, submodules, filters and hooks that could act."""

import base64
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from core.foundation.errors import Invalid, Unavailable
from core.foundation.source_trees.git_process import Command, GitFailed, TooMuch, run
from core.foundation.source_trees.trees import GIT, MB, Gathered, TreeLimits, too_large
from core.foundation.text import _

COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
PLAIN_FILES = (b"100644", b"100755", b"100664")
# What a fetch of one commit needs beside its files.
OVERHEAD_MB = 100
PASSED_ON = ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
CLOSED = {
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "GIT_LFS_SKIP_SMUDGE": "1",
}
CONFIG = ("protocol.allow=never", "http.followRedirects=false", "transfer.fsckObjects=true", "core.fsmonitor=false",
          f"core.hooksPath={os.devnull}", "gc.auto=0", "maintenance.auto=false")  # fmt: skip
NO_COMMIT = ("not our ref", "remote ref", "unadvertised object", "no such ref", "not a valid object", "bad object")
NO_ENTRY = ("Authentication failed", "could not read Username", "Repository not found", "error: 401", "error: 403",
            "error: 404", "does not appear to be a git repository", "not found", "terminal prompts")  # fmt: skip

NO_TRUST = ("certificate verif", "certificate problem", "SSL certificate", "self-signed", "unknown CA")


class GitAccess(NamedTuple):
    """Which repositories may be fetched: those of `hosts` by https, with the `credentials` (user:token) that there are
    for a host, and those below `folder` by file. `authorities` is the file of those by whom hosts are believed, in
    place of the system's."""

    hosts: tuple[str, ...] = ()
    credentials: Mapping[str, str] = {}
    folder: Path | None = None
    authorities: Path | None = None


class Fetched(NamedTuple):
    """The tree of a commit."""

    commit: str
    tree: bytes


def access_of(*, hosts: str, credentials: str, folder: str, authorities: str = "") -> GitAccess:
    """As settings say it: hosts with commas, `host=user:token` with white space."""
    pairs = (entry.partition("=") for entry in credentials.split())
    return GitAccess(
        hosts=tuple(host.strip().casefold() for host in hosts.split(",") if host.strip()),
        credentials={host.casefold(): secret for host, _equals, secret in pairs},
        folder=Path(folder).resolve() if folder else None,
        authorities=Path(authorities).resolve() if authorities else None,
    )


def refuse_repository(url: str, *, access: GitAccess) -> None:
    """Invalid for a repository that may not be fetched here."""
    parts = urlsplit(url)
    if parts.username or parts.password or "\n" in url:
        raise _refused(_("A repository's address carries no name and no password"), _("An administrator keeps them."))
    if parts.scheme == "file" and access.folder is not None and not parts.netloc:
        if Path(parts.path).resolve().is_relative_to(access.folder):
            return
    elif parts.scheme == "https" and parts.netloc.casefold() in access.hosts:
        return
    hosts = ", ".join(access.hosts) or _("no host at all")
    raise _refused(
        _("Nothing is fetched from {url}").format(url=repr(url[:120])),
        _("Repositories are fetched by https from: {hosts}. An administrator sets CAUSEWAY_GIT_HOSTS.").format(
            hosts=hosts
        ),
    )


def refuse_revision(revision: str) -> None:
    """Invalid for what cannot be the name of a commit, a branch or a tag."""
    if not REVISION.fullmatch(revision) or ".." in revision or revision.endswith(("/", ".", ".lock")):
        raise Invalid(
            _("{revision} is no commit, branch or tag").format(revision=repr(revision[:80])),
            hint=_("Give the whole id of a commit, 40 letters and digits."),
            field="params.commit",
        )


def fetch(url: str, *, revision: str, access: GitAccess, limits: TreeLimits) -> Fetched:
    """The files of a commit, or of the one that a branch or tag names now. Raises Invalid for what is refused, not
    there or too large, Unavailable where nobody answers."""
    refuse_repository(url, access=access)
    refuse_revision(revision)
    with tempfile.TemporaryDirectory(prefix="causeway-git-") as folder:
        repository = _Repository(Path(folder), url, access=access, limits=limits)
        commit = repository.get(revision)
        return Fetched(commit=commit, tree=repository.tree(commit))


class _Repository:
    """A bare one, for one commit of another."""

    def __init__(self, folder: Path, url: str, *, access: GitAccess, limits: TreeLimits) -> None:
        self._folder, self._url, self._limits = folder, url, limits
        scheme, host = urlsplit(url).scheme, urlsplit(url).netloc.casefold()
        self._host, self._secret = host, access.credentials.get(host, "")
        believed = [f"http.sslCAInfo={access.authorities}"] if access.authorities else []
        config = (*CONFIG, f"protocol.{scheme}.allow=always", *believed)
        settings = [part for setting in config for part in ("-c", setting)]
        self._command = Command(
            words=("git", *settings, "-C", str(folder)),
            environment=_environment(host, self._secret),
            folder=folder,
            seconds=limits.seconds,
            most_bytes=(limits.total_mb + OVERHEAD_MB) * MB,
        )
        self._git("init", "--bare", "--quiet", "--template=")

    def get(self, revision: str) -> str:
        """The id of the commit, which is here now."""
        commit = revision if COMMIT.fullmatch(revision) else self._named(revision)
        self._git("fetch", "--depth", "1", "--no-tags", "--quiet", "--no-recurse-submodules", self._url, commit)
        # A tag may stand for itself.
        return self._git("rev-parse", "--verify", f"{commit}^{{commit}}").decode().strip()

    def tree(self, commit: str) -> bytes:
        listing = self._git("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        gathered = Gathered(self._limits)
        entries = list(_entries(listing))
        total = sum(size for _path, _blob, size in entries)
        if total > self._limits.total_mb * MB or len(entries) > self._limits.files:
            raise too_large(self._limits)
        wanted = b"".join(blob + b"\n" for _path, blob, _size in entries)
        contents = self._git("cat-file", "--batch", given=wanted)
        for path, data in _files(entries, contents):
            gathered.add(path, data=data)
        return gathered.packed()

    def _named(self, revision: str) -> str:
        """The commit of a branch or a tag."""
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}"]
        lines = self._git("ls-remote", "--quiet", self._url, *names).decode().split("\n")
        ids = [line.partition("\t")[0] for line in lines if COMMIT.fullmatch(line.partition("\t")[0])]
        if not ids:
            raise _no_commit(revision)
        return ids[0]

    def _git(self, *words: str, given: bytes = b"") -> bytes:
        try:
            return run(self._command, words, given=given)
        except TooMuch as error:
            raise too_large(self._limits) from error
        except GitFailed as error:
            raise self._refusal(words, str(error)) from None

    def _refusal(self, words: tuple[str, ...], text: str) -> Exception:
        if self._secret:
            text = text.replace(self._secret, "***").replace(_basic(self._secret), "***")
        if any(part in text for part in NO_COMMIT):
            return _no_commit(words[-1])
        if any(part in text for part in NO_ENTRY):
            return _refused(
                _("There is no such repository, or it may not be read"),
                _("A private one needs a credential for {host}, which an administrator sets in "
                  "CAUSEWAY_GIT_CREDENTIALS.").format(host=self._host or _("it")),
            )  # fmt: skip
        if any(part in text for part in NO_TRUST):
            hint = _("An administrator sets CAUSEWAY_GIT_AUTHORITIES to the file of the company's authorities.")
            return Unavailable(_("Nobody vouches for {host}").format(host=self._host), hint=hint)
        last = next((line for line in reversed(text.splitlines()) if line.strip()), _("it did not say why"))
        return Unavailable(_("git could not fetch it: {why}").format(why=last.strip()[:300]), hint=_("Try again."))


def _environment(host: str, secret: str) -> dict[str, str]:
    """Of git's processes. A credential is neither in the address, which git would keep, nor in a command line."""
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if not secret:
        return known | CLOSED
    header = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.https://{host}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {_basic(secret)}",
    }
    return known | CLOSED | header


def _basic(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


def _entries(listing: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Path, blob and size of each plain file. Links and submodules are left out, and so is what would be git's own."""
    for line in listing.split(b"\0"):
        head, _tab, path = line.partition(b"\t")
        mode, *_kind, blob, size = head.split() or (b"",) * 4
        with suppress(UnicodeDecodeError):
            name = path.decode()
            if mode in PLAIN_FILES and GIT not in name.casefold().split("/"):
                yield name, blob, int(size)


def _files(entries: list[tuple[str, bytes, int]], contents: bytes) -> Iterator[tuple[str, bytes]]:
    """`git cat-file --batch` gives a line about each, its bytes, and a line break."""
    place = 0
    for path, _blob, size in entries:
        start = contents.index(b"\n", place) + 1
        place = start + size + 1
        yield path, contents[start : start + size]


def _refused(message: str, hint: str) -> Invalid:
    return Invalid(message, hint=hint, field="params.repository")


def _no_commit(revision: str) -> Invalid:
    return Invalid(
        _("The repository has no commit, branch or tag {revision}, or does not give it out").format(
            revision=repr(revision[:80])
        ),
        hint=_("Push it, and give the whole id of the commit."),
        field="params.commit",
    )
