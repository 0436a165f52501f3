"""Files that gzip has packed: they are unpacked to disk, never to memory, and then read as what they are."""

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkstemp

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.readers.table_stream import ProgressCallback

MARK = b"\x1f\x8b"
MOST_UNPACKED = 4 * 2**30
CHUNK = 2**20


def is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def unpacked(path: Path, folder: Path | None, *, on_progress: ProgressCallback) -> Path:
    """The content in a file of its own. Raises Invalid for what is damaged, cut off, or unpacks to more than a disk
    should take."""
    descriptor, name = mkstemp(dir=folder)
    target = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in _chunks(path, on_progress):
                file.write(chunk)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        target.unlink()
        raise Invalid(
            _("The {kind} file is damaged").format(kind="gzip"),
            hint=_("Write it again and send it whole."),
            field="content",
        ) from error
    except BaseException:
        target.unlink()
        raise
    return target


def _chunks(path: Path, on_progress: ProgressCallback) -> Iterator[bytes]:
    size, packed = 0, max(1, path.stat().st_size)
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as file:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > MOST_UNPACKED:
                most = MOST_UNPACKED // 2**30
                raise Invalid(_("The file unpacks to more than {most} GB").format(most=most), field="content")
            yield chunk
            on_progress(raw.tell() / packed, _("Unpacking"))
