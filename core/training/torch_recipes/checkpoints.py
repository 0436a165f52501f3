"""Checkpoints that a kill cannot tear: written beside, flushed, renamed, and named by the digest of their bytes, so
that one that rotted is passed over and the one before it is used."""

import io
import os
from pathlib import Path
from typing import Any

import torch

from core.foundation.digests import digest_bytes

MOST_CHECKPOINTS = 2


def save_checkpoint(folder: Path, *, step: int, state: dict[str, Any]) -> Path:
    """Writes a checkpoint and drops all but the last two. The best weights so far travel inside each."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    data = buffer.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"step-{step:010d}.{digest_bytes(data)}.pt"
    temporary = folder / "incoming"
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)
    _flush_folder(folder)
    for old in sorted(folder.glob("step-*.pt"))[:-MOST_CHECKPOINTS]:
        old.unlink()
    return target


def newest_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The state of the newest checkpoint whose bytes are what its name says; None when there is none."""
    for path in sorted(folder.glob("step-*.pt"), reverse=True):
        data = path.read_bytes()
        if digest_bytes(data) == path.name.split(".")[1]:
            state: dict[str, Any] = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
            return state
    return None


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
