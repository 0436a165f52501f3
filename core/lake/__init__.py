"""Datasets and their immutable snapshots."""

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
