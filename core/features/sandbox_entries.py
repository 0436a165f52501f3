"""What of the jobs runs people's code, as entries of the cage: they take JSON and files, and answer JSON and files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.features.building.build import build_rows
from core.features.job_specs import ENTITY_ROWS, ROWS, BuildOrder, JoinOrder
from core.features.materialization.job_spec import PartResult, StretchOrder
from core.features.materialization.time_windows import compute_stretch, stretch_rows
from core.features.training_sets.entities import build_entity
from core.foundation.text import _
from core.sandbox.limits import Limits, Tell, silent


def build(
    order: Mapping[str, Any], *, inputs: Mapping[str, Path], outputs: Path, limits: Limits, tell: Tell = silent
) -> dict[str, Any]:
    """A BuildOrder to a BuildResult; `rows.parquet` lies in the outputs."""
    found = build_rows(BuildOrder.model_validate(order), inputs=inputs, outputs=outputs, limits=limits, tell=tell)
    return found.model_dump(mode="json")


def entity(
    order: Mapping[str, Any], *, inputs: Mapping[str, Path], outputs: Path, limits: Limits, tell: Tell = silent
) -> dict[str, Any]:
    """The entity rows of a JoinOrder to EntityRows; `entity.parquet` lies in the outputs."""
    wanted = JoinOrder.model_validate(order)
    tell(0.05, _("Running the query"))
    path = outputs / ENTITY_ROWS
    found = build_entity(wanted.entity, sources=wanted.sources, inputs=inputs, path=path, limits=limits)
    return found.model_dump(mode="json")


def stretches(
    order: Mapping[str, Any], *, inputs: Mapping[str, Path], outputs: Path, limits: Limits, tell: Tell = silent
) -> list[dict[str, Any]]:
    """StretchOrders to the PartResults of all of them; the parts' files lie in the outputs."""
    wanted = [StretchOrder.model_validate(each) for each in order["stretches"]]
    parts: list[PartResult] = []
    for number, stretch in enumerate(wanted):
        tell(0.7 * number / len(wanted), _("computing rows"))
        parts += compute_stretch(stretch, inputs=inputs, outputs=outputs, limits=limits)
    return [part.model_dump(mode="json") for part in parts]


def rows(
    order: Mapping[str, Any], *, inputs: Mapping[str, Path], outputs: Path, limits: Limits, tell: Tell = silent
) -> None:
    """A BuildOrder to `rows.parquet` in the outputs, without checks."""
    tell(0.05, _("building the offline rows"))
    wanted = BuildOrder.model_validate(order)
    stretch_rows(wanted, inputs=inputs, path=outputs / ROWS, events=(None, None), limits=limits)
