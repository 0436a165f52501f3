"""Training sets: our join beside a plain DuckDB script, a plain polars script, and Feast's DuckDB store."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.joins import feast_join
from tests.bench.joins.data import WEEK_US, flights, synthetic
from tests.bench.measuring.feast_environment import FeastMissing, feast_python
from tests.bench.measuring.lines import Line, Spent, at_least, at_most, beside, in_turns, missing, spent

MAKERS = ("ours", "known-at", "duckdb", "polars")
MEMORY_LIMIT_MB = 8192.0


def measure(*, rows: int = 1_000_000, feast_rows: int = 100_000, rounds: int = 5, large: bool = False) -> list[Line]:
    """All comparisons. `rows` is also the most of the flights, `large` adds 10 million rows, once."""
    lines = _compared("flights x 4", partial(flights, most_rows=rows), rounds=rounds)
    lines += _compared(f"{rows:,} x 3", partial(synthetic, rows=rows), rounds=rounds)
    if feast_rows:
        lines += _feast(feast_rows)
    return lines + (_large() if large else [])


def _compared(name: str, make: Callable[[Path], Path], *, rounds: int) -> list[Line]:
    with TemporaryDirectory() as temporary:
        folder = make(Path(temporary))
        medians = in_turns({who: partial(_run, who, folder) for who in MAKERS}, rounds=rounds)
    mine, known, duckdb, polars = (medians[who] for who in MAKERS)
    return [
        at_most(f"{name}: wall, to DuckDB", mine.wall, duckdb.wall, limit=1.25, unit="s"),
        at_most(f"{name}: CPU, to DuckDB", mine.cpu, duckdb.cpu, limit=1.25, unit="s"),
        at_most(f"{name}: wall, to polars", mine.wall, polars.wall, limit=1.5, unit="s"),
        at_most(f"{name}: known-at, to default", known.wall, mine.wall, limit=3, unit="s"),
        at_most(f"{name}: memory, to DuckDB", mine.memory_mb, duckdb.memory_mb, limit=1.25, unit="MB"),
    ]


def _feast(rows: int) -> list[Line]:
    name = f"{rows:,} x 3, to Feast"
    try:
        python = feast_python()
    except FeastMissing as why:
        return [missing(name, f"Feast: {why}")]
    try:
        return [*_beside_feast(name, rows, python), *_beside_feast(f"{name}, ttl a week", rows, python, ttl_us=WEEK_US)]
    except subprocess.CalledProcessError as failed:
        return [missing(name, f"Feast: {failed.stderr.strip().splitlines()[-1]}")]


def _beside_feast(name: str, rows: int, python: Path, *, ttl_us: int | None = None) -> list[Line]:
    """Feast reads every earlier row of a key inside the ttl: the goal is for all of them, a short ttl is shown too."""
    with TemporaryDirectory() as temporary:
        folder = synthetic(Path(temporary), rows=rows, ttl_us=ttl_us)
        peer = spent([str(python), feast_join.__file__, str(folder)])
        mine = in_turns({"ours": partial(_run, "ours", folder)}, rounds=3)["ours"]
    if ttl_us:
        return [beside(f"{name}: wall", mine.wall, peer.wall, unit="s")]
    return [
        at_least(f"{name}: wall", mine.wall, peer.wall, times=30, unit="s"),
        at_least(f"{name}: memory", mine.memory_mb, peer.memory_mb, times=10, unit="MB"),
    ]


def _large() -> list[Line]:
    """10 million rows by three views; the limit is one machine's, not a peer's."""
    with TemporaryDirectory() as temporary:
        large = _run("ours", synthetic(Path(temporary), rows=10_000_000, memory_mb=8000))
    line = at_most("10,000,000 x 3: memory", large.memory_mb, MEMORY_LIMIT_MB, limit=1, unit="MB")
    return [line, missing("10,000,000 x 3: wall", f"{large.wall:.1f} s, CPU {large.cpu:.1f} s")]


def _run(who: str, folder: Path) -> Spent:
    return spent([sys.executable, "-m", "tests.bench.joins.once", who, str(folder)])
