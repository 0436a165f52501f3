"""A ZIP of images or texts: every file an item of the store by its digest, and an index that says what each one is. The
archive is hostile until proven otherwise: names that lead out of it, links, and bombs by what they say or do are
refused before anything is unpacked."""

import hashlib
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.lake.images.measuring import IMAGES, measure_image
from core.lake.readers.reader import FileReader, Workspace
from core.lake.readers.table_stream import ProgressCallback, Reading, Reject
from core.lake.texts.decoding import decode_text

if TYPE_CHECKING:
    import pyarrow as pa

MOST_MEMBERS = 50_000
MOST_UNPACKED = 2 * 2**30
MOST_ITEM = 64 * 2**20
MOST_RATIO = 200
CHUNK = 2**20
TEXTS = {".txt": "text/plain", ".md": "text/markdown", ".html": "text/html", ".xml": "text/xml"}
TABLES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".json", ".arrow", ".feather", ".xlsx")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz")
# What operating systems leave in archives beside what people mean.
LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db")
ITEMS = "items"
# Office programs write ZIPs too, which begin with files of these names.
NAME_AT = 30
OPEN_XML = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/", b"ppt/", b"customXml/")
OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis"


class ZipReader(FileReader):
    """A ZIP of images or texts: every file becomes an item, with the name of its folder as its label."""

    name = "ZIP"
    title = N_("ZIP")
    suffixes = (".zip",)
    marks = (b"PK\x03\x04", b"PK\x05\x06")
    form = "files"

    @classmethod
    def recognizes(cls, start: bytes) -> bool:
        return start.startswith(cls.marks) and not start[NAME_AT:].startswith((*OPEN_XML, OPEN_DOCUMENT))

    def read(self, path: Path, workspace: Workspace) -> Reading:
        assert workspace.outputs is not None, "the table of readers gives a place to readers of files"
        return read_zip(path, workspace.outputs, on_progress=workspace.on_progress)


def read_zip(path: Path, outputs: Path, *, on_progress: ProgressCallback) -> Reading:
    """The index of an archive's files, which are left in `outputs` under their digests. Raises Invalid for a damaged or
    hostile archive, for tables and archives in it, and where no file is an image or a text."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            rows, rejects = _unpack(archive, members, outputs, on_progress)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, OSError) as error:
        raise Invalid(
            _("The ZIP is damaged, or locked with a password"), hint=_("Pack it again."), field="content"
        ) from error
    if not rows:
        first = rejects[0].sentence if rejects else _("it is empty")
        raise Invalid(_("The ZIP has no image and no text: {why}").format(why=first), field="content")
    table = _table(rows)
    return Reading(
        table.schema,
        (table,),
        rejected=len(rejects),
        rejects=rejects,
        choices=_words(rows),
        form="files",
        items=tuple(sorted({f"{ITEMS}/{row['item']}" for row in rows})),
    )


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise _refusal(_("The ZIP has more than {most} members").format(most=MOST_MEMBERS))
    members = [info for info in infos if not info.is_dir() and not any(word in info.filename for word in LITTER)]
    for info in infos:
        _check_name(info)
    if sum(info.file_size for info in members) > MOST_UNPACKED:
        raise _refusal(_("The ZIP unpacks to more than {most} GB").format(most=MOST_UNPACKED // 2**30))
    names = [info.filename.casefold() for info in members]
    if len(set(names)) < len(names):
        raise _refusal(_("Two files in the ZIP have the same name"))
    return members


def _check_name(info: zipfile.ZipInfo) -> None:
    name, mode = info.filename, info.external_attr >> 16
    shown = repr(name[-80:])
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name.isprintable():
        raise _refusal(_("{name} leads out of the ZIP").format(name=shown))
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refusal(_("{name} is a link or a special file").format(name=shown))
    suffix = path.suffix.lower()
    if suffix in ARCHIVES:
        raise _refusal(_("{name} is an archive in the ZIP").format(name=shown))
    if suffix in TABLES and not info.is_dir():
        raise _refusal(_("{name} is a table").format(name=shown), hint=_("Send tables by themselves, without a ZIP."))
    if info.file_size > MOST_ITEM or info.file_size > MOST_RATIO * max(info.compress_size, 1024):
        raise _refusal(_("{name} unpacks to {size} MB").format(name=shown, size=info.file_size // 2**20))


def _unpack(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], outputs: Path, on_progress: ProgressCallback
) -> tuple[list[dict[str, Any]], list[Reject]]:
    (outputs / ITEMS).mkdir(exist_ok=True)
    rows, rejects = [], []
    for number, info in enumerate(members, start=1):
        with archive.open(info) as file:
            content = _whole(file, info)
        try:
            row = _row(info.filename, content)
        except Invalid as error:
            rejects.append(Reject(None, "path", info.filename, error.message))
        else:
            (outputs / ITEMS / row["item"]).write_bytes(content)
            rows.append(row)
        on_progress(number / len(members), _("Unpacking"))
    return rows, rejects


def _whole(file: Any, info: zipfile.ZipInfo) -> bytes:
    """The content of a member. Its real size is held to the size that the archive says."""
    content = b"".join(_bounded(file, info))
    if len(content) != info.file_size:
        raise zipfile.BadZipFile
    return content


def _bounded(file: BinaryIO, info: zipfile.ZipInfo) -> Iterator[bytes]:
    size = 0
    for chunk in iter(lambda: file.read(CHUNK), b""):
        size += len(chunk)
        if size > info.file_size:
            raise _refusal(_("{name} is larger than the ZIP says").format(name=repr(info.filename[-80:])))
        yield chunk


def _row(name: str, content: bytes) -> dict[str, Any]:
    """Raises Invalid, without a field, for what is neither an image nor a text: that file is left out."""
    path = PurePosixPath(name)
    row: dict[str, Any] = {"path": name, "item": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    row["label"] = path.parent.name or None
    if path.suffix.lower() in TEXTS:
        return row | {"media_type": TEXTS[path.suffix.lower()], "characters": len(decode_text(content))}
    if any(content.startswith(mark) for mark in IMAGES):
        media_type, width, height = measure_image(content)
        return row | {"media_type": media_type, "width": width, "height": height}
    raise Invalid(_("neither an image (PNG, JPEG, GIF, WebP, BMP, TIFF) nor a text"))


def _table(rows: list[dict[str, Any]]) -> "pa.Table":
    import pyarrow as pa

    numbers = [(name, pa.int64()) for name in ("bytes", "width", "height", "characters")]
    texts = [(name, pa.string()) for name in ("path", "item", "media_type", "label")]
    names = ("path", "item", "bytes", "media_type", "width", "height", "characters", "label")
    types = dict(numbers + texts)
    schema = pa.schema([(name, types[name]) for name in names])
    return pa.Table.from_pylist(sorted(rows, key=lambda row: row["path"]), schema=schema)


def _words(rows: list[dict[str, Any]]) -> list[str]:
    sentences = [_("Every file is an item; label is the name of the folder that it lies in.")]
    twice = len(rows) - len({row["item"] for row in rows})
    if twice:
        sentences.append(_("{count} files have the content of another one; it is kept once.").format(count=twice))
    return sentences


def _refusal(message: str, *, hint: str = "") -> Invalid:
    return Invalid(message, hint=hint or _("Pack plain images or texts again."), field="content")
