"""People's code as the tests of the sandbox run it: a preview over six flights."""

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from core.features.job_specs import BuildJobSpec, SourceTable
from core.sandbox import starting
from core.sandbox.limits import Limits
from core.sandbox.runner import run_sandboxed
from core.sandbox.sandbox import Sandbox

ANSWERS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
ENTRY = "core.features.building.preview:preview_in_sandbox"
LIMITS = Limits(seconds=20, memory_mb=512, rows=10_000, threads=1)


def flights(folder: Path) -> Path:
    times = pa.array([number * 60_000_000 for number in range(6)], pa.timestamp("us", "UTC"))
    table = pa.table({"carrier": ["A", "B"] * 3, "moment": times, "delay": [1, None, 3, 4, 5, 6]})
    pq.write_table(table, folder / "flights.parquet")
    return folder / "flights.parquet"


def job_spec_of(python: str = "", *, sql: str = "", keys: tuple[str, ...] = ("carrier",)) -> dict[str, Any]:
    job_spec = BuildJobSpec(
        view="trial", sql=sql, python=python, sources=(SourceTable(name="flights", inputs=("flights",), known={}),),
        keys=keys, event_time="moment", created_time="", ttl_seconds=0, delay_seconds=0, categories=(), numbers=(),
    )  # fmt: skip
    return job_spec.model_dump(mode="json")


def run(
    folder: Path,
    job_spec: dict[str, Any],
    *,
    limits: Limits = LIMITS,
    sandbox: Sandbox | None = None,
    keep_warm: bool = False,
) -> dict[str, Any]:
    """In a new interpreter, or with `keep_warm` by the starter."""
    if not keep_warm:
        starting.dismiss()
    inputs, outputs = {"flights": flights(folder)}, folder / "job"
    answer: dict[str, Any] = run_sandboxed(
        ENTRY,
        job_spec,
        answers=ANSWERS,
        inputs=inputs,
        outputs=outputs,
        limits=limits,
        sandbox=sandbox,
        keep_warm=keep_warm,
    )
    return answer


def children(pid: int | None = None) -> set[str]:
    """Of a process, or of this one."""
    who = pid or os.getpid()
    return set(Path(f"/proc/{who}/task/{who}/children").read_text().split())
