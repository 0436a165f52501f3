"""Sweeps: the search for good parameters, and its winner trained again before it may be cited."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.sweeps.controller import SweepController
    from core.sweeps.kind import SweepWorkerKind
    from core.sweeps.service import SweepService
    from core.sweeps.values import Confirmation, Dimension, Importance, Importances, Sweep, SweepState, Trial

VALUES = ("Confirmation", "Dimension", "Importance", "Importances", "Sweep", "SweepState", "Trial")
__all__ = [
    "Confirmation",
    "Dimension",
    "Importance",
    "Importances",
    "Sweep",
    "SweepController",
    "SweepService",
    "SweepState",
    "SweepWorkerKind",
    "Trial",
]

__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(VALUES, "values"),
        "SweepController": "controller",
        "SweepService": "service",
        "SweepWorkerKind": "kind",
    },
)
