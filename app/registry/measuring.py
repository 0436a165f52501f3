"""What is being measured of a version now, by the jobs about it and about the endpoints that serve it."""

from collections.abc import Sequence

import streamlit as st

from app.ui import frame, links
from app.ui.jobs import stage_line, under_way
from core.compute.values import Job
from core.foundation.text import _
from core.promotion.evidence_kinds.table import evidence_kinds
from core.registry.values import ModelVersion
from core.serving.values import Endpoint
from core.training.judging.kind import JUDGE


def measured_now(version: ModelVersion, serving_at: Sequence[Endpoint]) -> tuple[Job, ...]:
    """The jobs that judge it or come to evidence, running and waiting."""
    kinds = {JUDGE, *(kind.job_kind for kind in evidence_kinds().values())}
    subjects = (version.id, *(endpoint.id for endpoint in serving_at))
    return tuple(job for subject in subjects for job in under_way(subject) if job.kind in kinds)


def measuring(version: ModelVersion, serving_at: Sequence[Endpoint], *, jobs: Sequence[Job]) -> None:
    """A live bar for each of `jobs`; the page is drawn anew when another list of them runs."""
    ids = [job.id for job in jobs]

    def drawn() -> bool:
        current = measured_now(version, serving_at)
        with frame.card("measuring", tight=True):
            for job in current:
                links.link(job.id, job.title, icon=":material/progress_activity:")
                st.progress(job.progress or 0.0, text=stage_line(job))
        return [job.id for job in current] == ids

    if jobs:
        frame.section(_("Being measured"), hint=str(len(jobs)))
        frame.live(drawn, running=True)


def follow(jobs: Sequence[Job], kind: str) -> bool:
    """The way to the job of a kind, where one is under way; returns whether there is."""
    job = next((job for job in jobs if job.kind == kind), None)
    if job is not None:
        links.follow(job.id, _("Follow it"))
    return job is not None
