"""What of a build runs people's code, as an entry of the sandbox: it takes JSON and files, and answers JSON and
files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.features.building.build import build_rows
from core.features.job_specs import BuildJobSpec
from core.sandbox.limits import Limits, Progress, no_progress

ENTRY = "core.features.building.sandbox_entry:build"


def build(
    spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """A BuildJobSpec to a BuildResult; `rows.parquet` lies in the outputs."""
    result = build_rows(
        BuildJobSpec.model_validate(spec), inputs=inputs, outputs=outputs, limits=limits, progress=progress
    )
    return result.model_dump(mode="json")
