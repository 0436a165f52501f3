"""Walks at random through what may happen, and races, at full length: the tests that a run of all tests cuts short.

scripts/long walks [pytest arguments]
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.effort import LONG, tries

ROOT = Path(__file__).resolve().parents[2]


def shortened() -> list[str]:
    """The files that ask how much to try."""
    call = f"{tries.__name__}("
    return sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py") if call in path.read_text()
    )


def main() -> int:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--durations=10", *shortened(), *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, LONG: "1"}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
