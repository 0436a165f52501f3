"""Load tests of endpoints: plans, the generator, and a report that says first whether it may be believed."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.loadtests.kind import LoadTestKind
    from core.loadtests.service import LoadTestService
    from core.loadtests.values import LoadTestState, LoadTestView, Plan, Profile, Report, SeriesPoint

VALUES = ("LoadTestState", "LoadTestView", "Plan", "Profile", "Report", "SeriesPoint")
__all__ = [
    "LoadTestKind",
    "LoadTestService",
    "LoadTestState",
    "LoadTestView",
    "Plan",
    "Profile",
    "Report",
    "SeriesPoint",
]

__getattr__ = lazily(
    __name__, {**dict.fromkeys(VALUES, "values"), "LoadTestKind": "kind", "LoadTestService": "service"}
)
