"""A disk that fills up in the middle of an import (F20): the snapshot of before stays current, nothing half is there,
and people are told."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

DISK_BYTES = 8 * 2**20


def small_disk(store: Path) -> list[str]:
    """The beginning of a command for which the folder is a disk of a few megabytes."""
    return ["bwrap", "--dev-bind", "/", "/", "--size", str(DISK_BYTES), "--tmpfs", str(store)]


def test_a_full_disk_fails_the_import_in_words_and_leaves_the_snapshot_of_before(tmp_path: Path) -> None:
    if not shutil.which("bwrap") or subprocess.run([*small_disk(tmp_path), "true"], capture_output=True).returncode:
        pytest.skip("no small disk can be made here: bubblewrap is missing or not allowed")
    store = tmp_path / "home" / "store"
    store.mkdir(parents=True)
    command = [*small_disk(store), sys.executable, "-m", "tests.lake.imports.full_disk", str(tmp_path / "home")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["failed"]["state"] == "failed"
    assert "no space is left" in outcome["failed"]["cause"].lower(), outcome["failed"]["cause"]
    assert outcome["refused"][:2] == ["NoSpace", "No space is left in the store"]
    assert outcome["left"] == []
    assert outcome["whole"]
    assert outcome["snapshots"] == [outcome["first"]]
    assert outcome["again"]["state"] == "confirmed"
    assert not list(store.iterdir()), "the store was on the small disk"
