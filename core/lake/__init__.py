"""Datasets and their immutable snapshots."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.lake.service import LakeService
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
    "ImportReport",
    "LakeService",
    "Snapshot",
    "TablePreview",
    "TimeZoneRule",
]

VALUES = ("ColumnProfile", "ColumnSpec", "Dataset", "ImportReport", "Snapshot", "TablePreview", "TimeZoneRule")
__getattr__ = lazily(__name__, {**dict.fromkeys(VALUES, "values"), "LakeService": "service"})
