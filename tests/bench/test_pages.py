"""A benchmark says what it needs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_home_without_the_demonstration_is_answered_with_one_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "CAUSEWAY_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tests.bench.pages"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"This needs an installation with the demonstration in it, and {tmp_path} has none: run scripts/up once, or "
        "set CAUSEWAY_HOME to one that has.\n"
    )
