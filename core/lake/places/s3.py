"""Files from S3, or from what speaks its language: one object, or every table under a prefix. The keys come in the
job's own file and go nowhere else."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.foundation.errors import Invalid
from core.foundation.settings import Settings
from core.foundation.text import N_, _
from core.foundation.values import Value
from core.lake.places.place import Place, Visit
from core.lake.readers.dispatch import read_files
from core.lake.readers.reader import Workspace
from core.lake.readers.table_stream import ProgressCallback, Reading

ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^\0]{1,1000})")
TEXTS = (".csv", ".tsv", ".jsonl", ".ndjson")
ENDINGS = (".parquet", *TEXTS, *(f"{ending}.gz" for ending in TEXTS), ".arrow", ".feather", ".xlsx")
CHUNK = 8 * 2**20
MOST_FILES = 2000
MOST_BYTES = 64 * 2**30
SECONDS = 30
SIGNED = "x-amz-"


class S3(Place):
    """One file in S3 or in what speaks its language, or every table in a folder."""

    name = "s3"
    title = N_("S3")
    kind = "address"
    prefix = "s3://"

    def check(self, name: str) -> None:
        check_address(name)

    def access(self, settings: Settings) -> dict[str, Any]:
        return access_of(settings).model_dump()

    def read(self, name: str, visit: Visit) -> tuple[Reading, dict[str, str]]:
        access = S3Access.model_validate(dict(visit.access))
        paths = fetch(name, visit.folder, access=access, on_progress=visit.part(0.0, 3 / 7))
        workspace = Workspace(visit.choices, spill=visit.folder, on_progress=visit.part(3 / 7, 1.0))
        return read_files(paths, workspace=workspace), {}


class S3Access(Value):
    """How to reach S3. Only ever in the file of the job that reads."""

    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""


def access_of(settings: Settings) -> S3Access:
    return S3Access(
        endpoint=settings.s3_endpoint,
        access_key=settings.s3_access_key,
        secret_key=settings.s3_secret_key.get_secret_value(),
    )


def check_address(address: str) -> None:
    """Invalid for what is no address of S3, or one that was signed. It is not repeated: it may hold a key."""
    match = ADDRESS.fullmatch(address)
    if not match or ".." in match[2].split("/") or SIGNED in address.lower():
        raise Invalid(
            _("This is no address of S3"),
            hint=_(
                "Write s3://bucket/path/to/file.parquet, or s3://bucket/folder/ for every file in it, without keys."
            ),
            field="address",
        )


def fetch(address: str, folder: Path, *, access: S3Access, on_progress: ProgressCallback) -> tuple[Path, ...]:
    """Copies one object, or the tables below a prefix that ends with a slash, in the order of their names. Raises
    Invalid where there is nothing, too much, or no permission."""
    check_address(address)
    with _in_words(address):
        system = _system(access)
        sizes = _sizes(system, address.removeprefix("s3://"))
        _check_sizes(address, sizes)
        whole, done, paths = sum(sizes.values()), 0, []
        for number, (key, size) in enumerate(sizes.items()):
            target = folder / f"{number:05d}"
            _copy(
                system,
                key,
                target,
                lambda gone, before=done: on_progress((before + gone) / max(1, whole), _("Fetching")),
            )
            done += size
            paths.append(target)
    return tuple(paths)


def _system(access: S3Access) -> Any:
    import s3fs

    return s3fs.S3FileSystem(
        anon=not access.access_key,
        key=access.access_key or None,
        secret=access.secret_key or None,
        endpoint_url=access.endpoint or None,
        config_kwargs={"connect_timeout": SECONDS, "read_timeout": SECONDS, "retries": {"max_attempts": 2}},
        skip_instance_cache=True,
        use_listings_cache=False,
    )


def _sizes(system: Any, key: str) -> dict[str, int]:
    if not key.endswith("/"):
        return {key: int(system.info(key)["size"])}
    objects = system.find(key, detail=True)
    return {name: int(objects[name]["size"]) for name in sorted(objects) if name.lower().endswith(ENDINGS)}


def _check_sizes(address: str, sizes: dict[str, int]) -> None:
    if not sizes:
        raise Invalid(_("There is no table at {address}").format(address=address[:200]), field="address")
    if len(sizes) > MOST_FILES or sum(sizes.values()) > MOST_BYTES:
        most = {"files": MOST_FILES, "size": MOST_BYTES // 2**30}
        raise Invalid(_("More than {files} files or {size} GB").format(**most), field="address")


def _part_of(on_progress: ProgressCallback, *, before: int, whole: int) -> Callable[[int], None]:
    return lambda size: on_progress((before + size) / max(1, whole), _("Fetching"))


def _copy(system: Any, key: str, target: Path, progress: Any) -> None:
    with system.open(key, "rb", block_size=CHUNK) as source, target.open("wb") as file:
        for chunk in iter(lambda: source.read(CHUNK), b""):
            file.write(chunk)
            progress(file.tell())


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    named = {"address": address[:200]}
    try:
        yield
    except FileNotFoundError as error:
        raise Invalid(_("There is nothing at {address}").format(**named), field="address") from error
    except PermissionError as error:
        raise Invalid(
            _("S3 does not let Causeway read {address}").format(**named),
            hint=_("Ask an administrator to set CAUSEWAY_S3_ACCESS_KEY and CAUSEWAY_S3_SECRET_KEY."),
            field="address",
        ) from error
    except (OSError, BotoCoreError, ClientError) as error:
        kind = type(error).__name__
        raise Invalid(
            _("S3 does not answer for {address}: {kind}").format(kind=kind, **named),
            hint=_("Check the address and CAUSEWAY_S3_ENDPOINT."),
            field="address",
        ) from error
