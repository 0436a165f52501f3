"""SHA-256 of bytes, files and values. A digest is 64 lower-case hexadecimal digits."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no white space, the same bytes for the same value. NaN is refused with
    ValueError."""
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """The digest of a value's canonical JSON."""
    return digest_bytes(canonical(value))


def digest_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
