"""A package as a team would install it: one module, and the entry point that names its plug-in."""

from pathlib import Path

import pytest


def install(folder: Path, path: pytest.MonkeyPatch, *, module: str, source: str, group: str, plugin: str) -> None:
    """Writes the package and puts its folder on the import path for the rest of the test."""
    (folder / f"{module}.py").write_text(source)
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[{group}]\n{plugin.lower()} = {module}:{plugin}\n")
    path.syspath_prepend(str(folder))
