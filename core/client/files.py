"""What is sent as a file: bytes, the path of a file, or one that is open."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

Content = bytes | Path | BinaryIO


def is_content(value: Any) -> TypeGuard[Content]:
    return isinstance(value, bytes | Path) or hasattr(value, "read")


def name_of(content: Content) -> str:
    """What the file is called; empty for what has no name."""
    name = content if isinstance(content, Path) else getattr(content, "name", "")
    return Path(name).name if isinstance(name, str | Path) else ""


@contextmanager
def opened(content: Content) -> Iterator[BinaryIO]:
    """The content as a file to read; one that was open already stays so."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            yield file
    else:
        yield io.BytesIO(content) if isinstance(content, bytes) else content
