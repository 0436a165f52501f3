"""Models, their versions, and the evidence about them."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.registry.ingester import MlflowIngester
    from core.registry.service import RegistryService
    from core.registry.values import (
        Comparison,
        Evaluation,
        Evidence,
        EvidenceKind,
        Interval,
        Model,
        ModelVersion,
        NewEvidence,
        NewVersion,
        RunRecord,
        Verdict,
    )

VALUES = (
    "Comparison",
    "Evaluation",
    "Evidence",
    "EvidenceKind",
    "Interval",
    "Model",
    "ModelVersion",
    "NewEvidence",
    "NewVersion",
    "RunRecord",
    "Verdict",
)
__all__ = [
    "Comparison",
    "Evaluation",
    "Evidence",
    "EvidenceKind",
    "Interval",
    "MlflowIngester",
    "Model",
    "ModelVersion",
    "NewEvidence",
    "NewVersion",
    "RegistryService",
    "RunRecord",
    "Verdict",
]

__getattr__ = lazily(
    __name__, {**dict.fromkeys(VALUES, "values"), "RegistryService": "service", "MlflowIngester": "ingester"}
)
