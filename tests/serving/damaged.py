"""Versions whose bytes have rotted in the store."""

from collections.abc import Callable
from pathlib import Path

from core.portal import Portal
from core.registry.values import ModelVersion
from tests.damage import cut, flip

DAMAGES: dict[str, Callable[[Path], object]] = {"flipped": flip, "cut": cut, "removed": Path.unlink}


def damage_bytes(portal: Portal, version: ModelVersion, part: str, damage: str) -> None:
    """`part` is a file of the version, or its manifest."""
    store = portal.foundation.store
    files = {file.path: file.sha256 for file in store.manifest(version.digest).files}
    DAMAGES[damage](store.path(files.get(part, version.digest)))
