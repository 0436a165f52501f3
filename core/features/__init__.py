"""Feature views and their versions, training sets by point-in-time join, and the online store."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.features.kinds import BuildKind, JoinKind
    from core.features.service import FeatureService
    from core.features.values import (
        EntityQuery,
        Feature,
        FeatureContract,
        FeatureVersion,
        FeatureView,
        LeakFinding,
        RequestField,
        ServedView,
        Split,
        SplitFile,
        TrainingSet,
        TrainingSetState,
        VersionState,
        ViewUse,
    )

VALUES = (
    "EntityQuery",
    "Feature",
    "FeatureContract",
    "FeatureVersion",
    "FeatureView",
    "LeakFinding",
    "RequestField",
    "ServedView",
    "Split",
    "SplitFile",
    "TrainingSet",
    "TrainingSetState",
    "VersionState",
    "ViewUse",
)

__all__ = [
    "BuildKind",
    "EntityQuery",
    "Feature",
    "FeatureContract",
    "FeatureService",
    "FeatureVersion",
    "FeatureView",
    "JoinKind",
    "LeakFinding",
    "RequestField",
    "ServedView",
    "Split",
    "SplitFile",
    "TrainingSet",
    "TrainingSetState",
    "VersionState",
    "ViewUse",
]

__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(VALUES, "values"),
        **dict.fromkeys(("BuildKind", "JoinKind"), "kinds"),
        "FeatureService": "service",
    },
)
