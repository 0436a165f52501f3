"""A job's log, bounded in bytes: segments named by the offset they begin at, of which the oldest go. An offset means
the same byte for as long as that byte is kept, so a page reads on from where it was."""

from pathlib import Path

SEGMENTS = 4


class BoundedLog:
    """The writing side. A disk that is full costs lines of the log, never the job."""

    def __init__(self, folder: Path, *, most_bytes: int) -> None:
        self.folder = folder
        self.segment_bytes = max(1, most_bytes // SEGMENTS)
        self.offset = log_size(folder)
        self._begin = max((start for start, _path in _segments(folder)), default=0)

    def write(self, data: bytes) -> None:
        while data:
            free = self._begin + self.segment_bytes - self.offset
            if free <= 0:
                self._next_segment()
                continue
            self._append(data[:free])
            data = data[free:]

    def _append(self, data: bytes) -> None:
        try:
            with (self.folder / f"{self._begin:015d}").open("ab") as file:
                file.write(data)
        except OSError:
            return
        self.offset += len(data)

    def _next_segment(self) -> None:
        self._begin = self.offset
        for _start, path in _segments(self.folder)[: 1 - SEGMENTS]:
            path.unlink(missing_ok=True)


def log_size(folder: Path) -> int:
    """The bytes ever written."""
    segments = _segments(folder)
    return segments[-1][0] + segments[-1][1].stat().st_size if segments else 0


def read_log(folder: Path, *, offset: int, limit: int) -> tuple[int, bytes]:
    """At most `limit` bytes from `offset` (negative: the end), and where they begin: later than asked when the
    oldest are gone."""
    segments = _segments(folder)
    start = max(0, log_size(folder) - limit) if offset < 0 else offset
    start = max(start, segments[0][0] if segments else 0)
    parts: list[bytes] = []
    missing = limit
    for begin, path in segments:
        parts.append(_read(path, skip=max(0, start - begin), limit=missing))
        missing -= len(parts[-1])
    return start, b"".join(parts)


def _read(path: Path, *, skip: int, limit: int) -> bytes:
    """Nothing of a segment that has gone meanwhile."""
    if limit <= 0:
        return b""
    try:
        with path.open("rb") as file:
            file.seek(skip)
            return file.read(limit)
    except FileNotFoundError:
        return b""


def _segments(folder: Path) -> list[tuple[int, Path]]:
    if not folder.exists():
        return []
    return sorted((int(path.name), path) for path in folder.iterdir() if path.name.isdecimal())
