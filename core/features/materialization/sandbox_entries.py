"""What of materializations and parity checks runs people's code, as entries of the sandbox: they take JSON and files,
and answer JSON and files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.features.job_specs import ROWS, BuildJobSpec
from core.features.materialization.job_spec import PartResult, TimeWindowJobSpec
from core.features.materialization.time_windows import compute_time_window, time_window_rows
from core.foundation.text import _
from core.sandbox.duckdb_session import open_session
from core.sandbox.limits import Limits, Progress, no_progress

WINDOWS_ENTRY = "core.features.materialization.sandbox_entries:compute_windows"
ROWS_ENTRY = "core.features.materialization.sandbox_entries:build_rows"


def compute_windows(
    spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
) -> list[dict[str, Any]]:
    """TimeWindowJobSpecs to the PartResults of all of them; the parts' files lie in the outputs."""
    windows = [TimeWindowJobSpec.model_validate(window) for window in spec["stretches"]]
    parts: list[PartResult] = []
    with open_session(threads=limits.threads, memory_mb=limits.memory_mb) as session:
        for number, window in enumerate(windows):
            progress(0.7 * number / len(windows), _("computing rows"))
            parts += compute_time_window(window, session=session, inputs=inputs, outputs=outputs, limits=limits)
    return [part.model_dump(mode="json") for part in parts]


def build_rows(
    spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
) -> None:
    """A BuildJobSpec to `rows.parquet` in the outputs, without checks."""
    progress(0.05, _("building the offline rows"))
    time_window_rows(
        BuildJobSpec.model_validate(spec), inputs=inputs, path=outputs / ROWS, events=(None, None), limits=limits
    )
