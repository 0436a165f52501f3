"""What of a join runs people's code, as an entry of the sandbox: it takes JSON and files, and answers JSON and
files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.features.training_sets.entities import build_entity
from core.features.training_sets.job_spec import ENTITY_ROWS, JoinJobSpec
from core.foundation.text import _
from core.sandbox.limits import Limits, Progress, no_progress

ENTRY = "core.features.training_sets.sandbox_entry:build"


def build(
    spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """The entity rows of a JoinJobSpec to EntityRows; their file lies in the outputs."""
    join = JoinJobSpec.model_validate(spec)
    progress(0.05, _("Running the query"))
    path = outputs / ENTITY_ROWS
    rows = build_entity(join.entity, sources=join.sources, inputs=inputs, path=path, limits=limits, shares=join.shares)
    return rows.model_dump(mode="json")
