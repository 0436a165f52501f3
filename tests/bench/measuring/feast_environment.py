"""Feast 0.67 in an environment of its own, made once for the user and thrown away with the cache: it needs older
libraries than ours."""

import os
import subprocess
import sys
from pathlib import Path

WANTED = "feast[duckdb,redis]==0.67.*"


class FeastMissing(Exception):
    """Feast cannot be installed here; the message says why."""


def feast_python() -> Path:
    """The Python that has Feast. Raises FeastMissing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "causeway"
    python = cache / "feast-0.67" / "bin" / "python"
    if not (python.parent / "feast").exists():
        _install(python)
    return python


def _install(python: Path) -> None:
    python.parent.parent.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(python.parent.parent)], check=True)
    done = subprocess.run([python, "-m", "pip", "install", "-q", WANTED], capture_output=True, text=True)
    if done.returncode:
        raise FeastMissing((done.stderr.strip().splitlines() or ["pip failed"])[-1])
