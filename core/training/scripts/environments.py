"""The libraries of scripts: installed by uv from a lock file, without building anything, into a folder that the next
run with the same lock file finds. A script reads it and cannot write in it."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from core.compute.process import JobFailed
from core.foundation.text import _
from core.sandbox.programs.running import BARE
from core.sandbox.sandbox import MB
from core.training.scripts.lock_file import LOCK, PROJECT, Requirements
from core.training.scripts.supplies import Supplies

LOOK_SECONDS = 0.2
# All environments together have so many times what one may have.
IN_ALL = 10
PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
IN_USE = "in-use"


class _Install(NamedTuple):
    code: Path
    folder: Path
    supplies: Supplies


@contextmanager
def installed(
    code: Path, requirements: Requirements, *, supplies: Supplies, show: Callable[[str], None], stop: Callable[[], bool]
) -> Iterator[Path]:
    """The folder of the libraries, which stays while the block lasts. JobFailed in uv's words where they cannot be
    installed."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = Path(supplies.environments)
    folder = home / f"{requirements.digest[:32]}-{version}"
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _claimed(folder):
        if not (folder / "lib").is_dir():
            show(_("installing {n} packages\n").format(n=len(requirements.packages)))
            _install(_Install(code, folder, supplies), stop=stop)
            _make_room(home, keeping=folder, most_bytes=IN_ALL * supplies.environment_mb * MB)
        os.utime(folder)
        yield folder / "lib" / f"python{version}" / "site-packages"


@contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """One installs it, others wait for that; nobody removes it meanwhile."""
    lock = folder.with_suffix(folder.suffix + f".{IN_USE}")
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if (folder / "lib").is_dir():
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _install(install: _Install, *, stop: Callable[[], bool]) -> None:
    """Beside its place first, where a half one that was broken off does no harm."""
    work = install.folder.with_name(f".{install.folder.name}.{os.getpid()}")
    shutil.rmtree(work, ignore_errors=True)
    (project := work / "project").mkdir(parents=True)
    for name in (PROJECT, LOCK):
        shutil.copyfile(install.code / name, project / name)
    try:
        _sync(work, install.supplies, stop=stop)
        # What nothing needs that only reads libraries is left out.
        shutil.rmtree(install.folder, ignore_errors=True)
        (work / "environment").rename(install.folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _sync(work: Path, supplies: Supplies, *, stop: Callable[[], bool]) -> None:
    process = subprocess.Popen(
        [*_command(supplies)],
        env=_environment(work),
        cwd=work / "project",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(log := (work / "log").open("wb")),
        start_new_session=True,
    )
    began = time.monotonic()
    try:
        with log:
            _wait(process, work, supplies, began=began, stop=stop)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode:
        raise JobFailed(_("The requirements cannot be installed: {why}").format(why=_words(work / "log", supplies)))


def _wait(
    process: "subprocess.Popen[bytes]", work: Path, supplies: Supplies, *, began: float, stop: Callable[[], bool]
) -> None:
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_SECONDS)
        if stop():
            raise JobFailed(_("It was stopped"))
        if time.monotonic() - began > supplies.install_seconds:
            message = _("Installing the requirements took longer than {seconds} s")
            raise JobFailed(message.format(seconds=f"{supplies.install_seconds:g}"))
        if _size(work) > 2 * supplies.environment_mb * MB:
            break
    if _size(work) > supplies.environment_mb * MB:
        message = _("The requirements take more than {mb} MB")
        raise JobFailed(message.format(mb=supplies.environment_mb))


def _command(supplies: Supplies) -> Iterator[str]:
    yield from (uv(), "sync", "--locked", "--no-build", "--no-install-project", "--no-dev", "--no-cache", "--quiet")
    yield from ("--no-progress", "--color", "never", "--python", BARE[0])
    if supplies.index.startswith(("http://", "https://")):
        yield from ("--default-index", supplies.index)
    else:
        yield from ("--no-index", "--find-links", supplies.index.removeprefix("file://"))


def uv() -> str:
    """Where its program lies."""
    import uv as package

    return str(package.find_uv_bin())


def _environment(work: Path) -> Mapping[str, str]:
    known = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return known | {
        "HOME": str(work),
        "TMPDIR": str(work),
        "PATH": os.defpath,
        "UV_PROJECT_ENVIRONMENT": str(work / "environment"),
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        "UV_KEYRING_PROVIDER": "disabled",
    }


def _words(log: Path, supplies: Supplies) -> str:
    """What uv says, for people: without the places of this machine."""
    text = log.read_bytes()[-4_000:].decode(errors="replace").replace(str(log.parent), "")
    signs_in, at, _host = urlsplit(supplies.index).netloc.rpartition("@")
    text = text.replace(signs_in + at, "") if at else text
    lines = (line.strip(" \t╰─▶├│×") for line in text.splitlines())
    return " ".join(line for line in lines if line)[:600] or _("uv did not say why")


def _make_room(home: Path, *, keeping: Path, most_bytes: int) -> None:
    """Removes environments that nobody uses, the one that was used longest ago first."""
    folders = [path for path in home.iterdir() if path.is_dir() and not path.name.startswith(".")]
    sizes = {path: _size(path) for path in folders}
    for path in sorted(folders, key=lambda path: path.stat().st_mtime):
        if sum(sizes.values()) <= most_bytes:
            return
        if path != keeping and _remove(path):
            del sizes[path]


def _remove(folder: Path) -> bool:
    with folder.with_suffix(folder.suffix + f".{IN_USE}").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return True


def _size(folder: Path) -> int:
    size = 0
    for place, _folders, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += os.lstat(os.path.join(place, name)).st_size
    return size
