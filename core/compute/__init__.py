"""Long work as rows: ordered by a domain, run as processes of their own, taken in once."""

from typing import TYPE_CHECKING

from core.foundation.exports import lazily

if TYPE_CHECKING:
    from core.compute.kinds import JobKind, PlainKind, Reconciler
    from core.compute.service import ComputeService
    from core.compute.values import Fit, Job, JobOrder, JobState, LogPart, Resources

__all__ = [
    "ComputeService",
    "Fit",
    "Job",
    "JobKind",
    "JobOrder",
    "JobState",
    "LogPart",
    "PlainKind",
    "Reconciler",
    "Resources",
]

__getattr__ = lazily(
    __name__,
    {
        **dict.fromkeys(("JobKind", "PlainKind", "Reconciler"), "kinds"),
        **dict.fromkeys(("Fit", "Job", "JobOrder", "JobState", "LogPart", "Resources"), "values"),
        "ComputeService": "service",
    },
)
