"""Feature views and their versions, training sets by point-in-time join, and the online store."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.features.catalog import CatalogFeature, CatalogScope
    from core.features.feature_parity_kind import FeatureParityKind
    from core.features.kinds import BuildKind, JoinKind
    from core.features.materialize_kind import MaterializationReconciler, MaterializeKind
    from core.features.online_service import OnlineService
    from core.features.online_values import (
        FeatureParity,
        FeatureParityReport,
        Materialization,
        MaterializedPart,
        MissingOnline,
        OnlineAnswer,
    )
    from core.features.service import FeatureService
    from core.features.statistics_values import (
        DeadFeature,
        FeatureCost,
        FeatureDrift,
        FeatureUsage,
        FeatureWindow,
        Freshness,
        Window,
    )
    from core.features.training_set_values import LeakReport, TrainingSet, TrainingSetManifest, TrainingSetState
    from core.features.values import (
        AliasStretch,
        Check,
        Consumer,
        EntityQuery,
        Feature,
        FeatureContract,
        FeatureRule,
        FeatureVersion,
        FeatureView,
        Impact,
        LeakFinding,
        LogicPreview,
        RequestField,
        ServedView,
        Split,
        SplitFile,
        VersionState,
        VersionTests,
        ViewUse,
    )

VALUES = (
    "VersionTests",
    "LogicPreview",
    "Impact",
    "FeatureRule",
    "Consumer",
    "Check",
    "AliasStretch",
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
    "VersionState",
    "ViewUse",
)
TRAINING_SETS = ("LeakReport", "TrainingSet", "TrainingSetManifest", "TrainingSetState")

STATISTICS = (
    "DeadFeature",
    "FeatureCost",
    "FeatureDrift",
    "FeatureUsage",
    "FeatureWindow",
    "Freshness",
    "Window",
)

__all__ = [
    "AliasStretch",
    "BuildKind",
    "CatalogFeature",
    "CatalogScope",
    "Check",
    "Consumer",
    "DeadFeature",
    "EntityQuery",
    "Feature",
    "FeatureContract",
    "FeatureCost",
    "FeatureDrift",
    "FeatureParity",
    "FeatureParityKind",
    "FeatureParityReport",
    "FeatureRule",
    "FeatureService",
    "FeatureUsage",
    "FeatureVersion",
    "FeatureView",
    "FeatureWindow",
    "Freshness",
    "Impact",
    "JoinKind",
    "LeakFinding",
    "LeakReport",
    "LogicPreview",
    "Materialization",
    "MaterializationReconciler",
    "MaterializeKind",
    "MaterializedPart",
    "MissingOnline",
    "OnlineAnswer",
    "OnlineService",
    "RequestField",
    "ServedView",
    "Split",
    "SplitFile",
    "TrainingSet",
    "TrainingSetManifest",
    "TrainingSetState",
    "VersionState",
    "VersionTests",
    "ViewUse",
    "Window",
]

__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(VALUES, "values"),
        **dict.fromkeys(STATISTICS, "statistics_values"),
        **dict.fromkeys(TRAINING_SETS, "training_set_values"),
        **dict.fromkeys(("CatalogFeature", "CatalogScope"), "catalog"),
        **dict.fromkeys(("BuildKind", "JoinKind"), "kinds"),
        **dict.fromkeys(("MaterializationReconciler", "MaterializeKind"), "materialize_kind"),
        **dict.fromkeys(
            (
                "FeatureParity",
                "FeatureParityReport",
                "Materialization",
                "MaterializedPart",
                "MissingOnline",
                "OnlineAnswer",
            ),
            "online_values",
        ),
        "FeatureParityKind": "feature_parity_kind",
        "OnlineService": "online_service",
        "FeatureService": "service",
    },
)
