"""Datasets and their immutable snapshots."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.lake.import_kind import ImportKind
    from core.lake.import_values import Import, ImportChoices, ImportSource, ImportState
    from core.lake.imports import ImportService
    from core.lake.removal import RemovalReconciler
    from core.lake.service import LakeService
    from core.lake.sweep_schedule import SweepReconciler
    from core.lake.values import (
        ColumnProfile,
        ColumnSpec,
        Dataset,
        ImportReport,
        Snapshot,
        TablePreview,
        TimeZoneRule,
    )

__all__ = [
    "ColumnProfile",
    "ColumnSpec",
    "Dataset",
    "Import",
    "ImportChoices",
    "ImportKind",
    "ImportReport",
    "ImportService",
    "ImportSource",
    "ImportState",
    "LakeService",
    "RemovalReconciler",
    "Snapshot",
    "SweepReconciler",
    "TablePreview",
    "TimeZoneRule",
]

VALUES = ("ColumnProfile", "ColumnSpec", "Dataset", "ImportReport", "Snapshot", "TablePreview", "TimeZoneRule")
IMPORTS = ("Import", "ImportChoices", "ImportSource", "ImportState")
SERVICES = {
    "ImportKind": "import_kind",
    "ImportService": "imports",
    "LakeService": "service",
    "RemovalReconciler": "removal",
    "SweepReconciler": "sweep_schedule",
}
__getattr__ = lazily(
    __name__, {**dict.fromkeys(VALUES, "values"), **dict.fromkeys(IMPORTS, "import_values"), **SERVICES}
)
