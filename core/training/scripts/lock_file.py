"""What a `uv.lock` would have installed, read before uv reads it: only packages of the installation's own index, only
as wheels. Whoever writes a lock file chooses addresses, and a worker can reach what the writer cannot."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from core.foundation.digests import digest_bytes
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value

LOCK, PROJECT = "uv.lock", "pyproject.toml"
# Where the public index keeps its files.
HOSTS_OF_FILES = {"pypi.org": ("files.pythonhosted.org",)}
# What of uv's own part of a project leads nowhere.
HARMLESS = frozenset({"package", "dev-dependencies", "default-groups", "environments", "required-version"})
MOST_PACKAGES, MOST_BYTES = 2_000, 20_000_000


class Requirements(Value):
    """What is to be installed, by name with its version; `digest` is that of both files."""

    packages: dict[str, str]
    digest: str


def requirements_in(code: Path, *, index: str) -> Requirements | None:
    """None for code without requirements of its own. Invalid says what is in the way of installing them."""
    project, lock = code / PROJECT, code / LOCK
    if not project.is_file() and not lock.is_file():
        return None
    for path in (project, lock):
        if not path.is_file():
            raise _refused(
                _("The code has no {name}").format(name=path.name),
                _("Requirements are a pyproject.toml and the uv.lock that `uv lock` makes of it."),
            )
    data = lock.read_bytes()
    _refuse_other_places(project.read_bytes())
    packages = _packages(data)
    for package in packages:
        _refuse_source(package, index=index)
    return Requirements(
        packages={
            str(package.get("name")): str(package.get("version", "")) for package in packages if _is_wheel(package)
        },
        digest=digest_bytes(project.read_bytes() + data),
    )


def _document(data: bytes, *, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode()) if len(data) <= MOST_BYTES else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refused(_("{name} cannot be read: {why}").format(name=name, why=str(error)[:200])) from error


def _refuse_other_places(project: bytes) -> None:
    """uv asks every place that the project names whether the lock file still fits it."""
    document = _document(project, name=PROJECT)
    tool = document.get("tool")
    options = tool.get("uv", {}) if isinstance(tool, dict) else {}
    if others := sorted(set(options) - HARMLESS if isinstance(options, dict) else {"uv"}):
        raise _refused(
            _("pyproject.toml sets tool.uv.{name}").format(name=others[0]),
            _("Packages come from the index of this installation: leave it out and lock it again."),
        )
    parts = (document.get("project"), document.get("dependency-groups"), options)
    for text in _texts(parts):
        if "@" in text:
            raise _refused(
                _("pyproject.toml takes a package from an address: {text}").format(text=repr(text[:100])),
                _("Name packages by their versions."),
            )


def _texts(document: object) -> Iterator[str]:
    """The requirements in it: the texts of its lists."""
    inner = document.values() if isinstance(document, dict) else document if isinstance(document, list | tuple) else ()
    for value in inner:
        if isinstance(value, str) and isinstance(document, list):
            yield value
        yield from _texts(value)


def _packages(data: bytes) -> list[Mapping[str, Any]]:
    packages = _document(data, name=LOCK).get("package")
    is_list = isinstance(packages, list) and len(packages) <= MOST_PACKAGES
    if not is_list or not all(isinstance(package, dict) for package in packages or ()):
        raise _refused(_("uv.lock is larger than it may be, or none"))
    return packages or []


def _is_wheel(package: Mapping[str, Any]) -> bool:
    return "registry" in _source(package)


def _source(package: Mapping[str, Any]) -> Mapping[str, Any]:
    source = package.get("source")
    return source if isinstance(source, dict) else {}


def _refuse_source(package: Mapping[str, Any], *, index: str) -> None:
    name, source = str(package.get("name"))[:80], _source(package)
    if source in ({"virtual": "."}, {"editable": "."}):
        # The code itself, which is not installed but run.
        return
    if _plain(source.get("registry")) != _plain(index):
        kinds = ", ".join(f"{kind} = {value}" for kind, value in source.items())[:200]
        raise _refused(
            _("uv.lock takes {name} from {source}; here it comes from {index}").format(
                name=name, source=kinds or _("nowhere"), index=_shown(index)
            ),
            _("Lock it again with that index: uv lock --default-index {index}.").format(index=_shown(index)),
        )
    for address in _addresses(package):
        _refuse_address(address, name=name, index=index)


def _addresses(package: Mapping[str, Any]) -> Iterator[str]:
    files = [package.get("sdist"), *(package.get("wheels") or ())]
    for file in files:
        yield from (str(file[kind]) for kind in ("url", "path") if isinstance(file, dict) and kind in file)


def _refuse_address(address: str, *, name: str, index: str) -> None:
    parts, home = urlsplit(address), urlsplit(_shown(index))
    if home.scheme in ("http", "https"):
        hosts = (home.netloc, *HOSTS_OF_FILES.get(home.netloc, ()))
        is_here = parts.scheme == home.scheme and parts.netloc in hosts
    else:
        folder = Path(_plain(index)).resolve()
        is_here = parts.scheme in ("", "file") and (folder / parts.path).resolve().is_relative_to(folder)
    if not is_here:
        raise _refused(
            _("uv.lock takes a file of {name} from another place than the index").format(name=name),
            _("Lock it again with that index: uv lock --default-index {index}.").format(index=_shown(index)),
        )


def _plain(index: object) -> str:
    return _shown(str(index)).removeprefix("file://").rstrip("/")


def _shown(index: str) -> str:
    """Without what signs in to it."""
    parts = urlsplit(index)
    return index.replace(parts.netloc, parts.netloc.rpartition("@")[2]) if parts.netloc else index


def _refused(message: str, hint: str = "") -> Invalid:
    return Invalid(message, hint=hint or _("Make it again: uv lock."), field="source")
