"""The sandbox for people's code: what it adds to the start of a process that does the same without one, and how soon
code that hears no interrupt is ended after its time."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from core.foundation.errors import Invalid
from core.lake.queries.sandbox_entry import QueryAnswer
from core.sandbox import bubblewrap
from core.sandbox.limits import Limits
from core.sandbox.runner import run_sandboxed
from core.sandbox.sandbox import Sandbox
from tests.bench.measuring.lines import Line

ENTRY = "core.lake.queries.sandbox_entry:run_query"
SMALL = "SELECT 42 AS answer"
# Neither hears an interrupt; only the end of their process stops them.
DEAF = {
    "levenshtein": "SELECT levenshtein(repeat('ab', 500000), repeat('ba', 500001)) AS n",
    "mode over a wide frame": (
        "SELECT max(m) AS n FROM (SELECT mode(x) OVER (ORDER BY i ROWS BETWEEN 1000000 PRECEDING AND CURRENT ROW) AS m "
        "FROM (SELECT range AS i, hash(range) % 1000000 AS x FROM range(2000000)))"
    ),
}
START_MS, STOP_SECONDS, SOFT_SECONDS = 150.0, 2.0, 1.0
# The limit is looked at ten times a second, and the end of a process takes a moment.
LOOKS = 0.3


def measure(*, rounds: int = 9) -> list[Line]:
    """Starts in turns with the process that has no sandbox, then one hard stop of each deaf query."""
    with TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        bare = Limits(seconds=20, memory_mb=512, threads=1, sandboxed=False)
        runs = {"bare": partial(_run, folder, SMALL, bare, None)}
        for sandbox in (Sandbox.LANDLOCK, *([Sandbox.BUBBLEWRAP] if bubblewrap.is_there() else [])):
            runs[sandbox] = partial(_run, folder, SMALL, Limits(seconds=20, memory_mb=512, threads=1), sandbox)
        medians = _in_turns(runs, rounds=rounds)
        starts = [_start(name, seconds, medians["bare"]) for name, seconds in medians.items() if name != "bare"]
        return [*starts, *(_stop(folder, name, sql) for name, sql in DEAF.items())]


def _run(folder: Path, sql: str, limits: Limits, sandbox: Sandbox | None) -> None:
    job_spec = {"sql": sql, "row_limit": 10, "tables": {}}
    run_sandboxed(
        ENTRY,
        job_spec,
        answers=TypeAdapter(QueryAnswer),
        inputs={},
        outputs=folder / "outputs",
        limits=limits,
        sandbox=sandbox,
    )


def _in_turns(runs: Mapping[str, Callable[[], None]], *, rounds: int) -> dict[str, float]:
    """The median seconds of each."""
    seconds_by_name: dict[str, list[float]] = {name: [] for name in runs}
    for _round in range(rounds):
        for name, run in runs.items():
            seconds_by_name[name].append(_seconds(run))
    return {name: median(samples) for name, samples in seconds_by_name.items()}


def _seconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _start(name: str, seconds: float, bare: float) -> Line:
    over = (seconds - bare) * 1000
    goal, met = f"<= {START_MS:g} ms over", over <= START_MS
    return Line(f"one query in {name}, to no sandbox", f"{seconds:.3g} s", f"{bare:.3g} s", seconds / bare, goal, met)


def _stop(folder: Path, name: str, sql: str) -> Line:
    """A query that is refused for what it took: how long after its soft limit it was over."""
    began = time.perf_counter()
    with suppress(Invalid):
        _run(folder, sql, Limits(seconds=SOFT_SECONDS, memory_mb=512, threads=1), None)
    late = time.perf_counter() - began - SOFT_SECONDS
    goal, met = f"<= {STOP_SECONDS:g} s late", late <= STOP_SECONDS + LOOKS
    return Line(
        f"stop of {name}, after its time", f"{late:.3g} s", f"{STOP_SECONDS:g} s", late / STOP_SECONDS, goal, met
    )
