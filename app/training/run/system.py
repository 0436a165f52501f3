"""What a run used of the machine over its time, and what it ran on."""

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers, times
from app.ui.panels.figure import Line, Panel, panels
from app.ui.wording import counted
from core.compute.values import Job
from core.foundation.text import _
from core.training.values import Run


def system_of(run: Run) -> None:
    job = portal().compute.get_job(actor(), job_id=run.job_id)
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        _usage(run, job)
    with right:
        _facts(run, job)


def _usage(run: Run, job: Job) -> None:
    points = portal().compute.usage(actor(), job_id=run.job_id)
    frame.section(_("Used"), hint=_("by its processes, over the last attempt"))
    if not points:
        waits = _("The first figures come after a few seconds.")
        st.caption(waits if not run.state.is_over else _("It was over before anything was measured."))
        return
    seconds = [round(point.seconds) for point in points]
    cores, memory = [point.cores for point in points], [point.memory_mb for point in points]
    has = numbers.number(job.resources.cpus)
    shown = [
        Panel(
            title=_("Processor"),
            hint=_("cores used, mean {mean}, has {most}").format(
                mean=numbers.figure(sum(cores) / len(cores), 2), most=has
            ),
            lines=[Line(name=_("cores"), xs=seconds, ys=cores, color=0, is_running=not run.state.is_over)],
        ),
        Panel(
            title=_("Memory"),
            hint=_("MB, peak {peak} of {most}").format(
                peak=numbers.number(round(max(memory))), most=numbers.number(job.resources.memory_mb)
            ),
            lines=[Line(name=_("MB"), xs=seconds, ys=memory, color=3, is_running=not run.state.is_over)],
        ),
    ]
    panels(shown, key="usage", x=_("seconds since it began"), alt=_("Cores and memory used over the time"))


def _facts(run: Run, job: Job) -> None:
    frame.section(_("Ran on"))
    facts = {links.escape(name): links.code(value) for name, value in run.environment.items()}
    memory = numbers.number(job.resources.memory_mb)
    cores = counted(job.resources.cpus, _("core"), _("cores"))
    resources = _("{cores}, {memory} MB").format(cores=cores, memory=memory)
    if job.resources.gpus:
        resources += _(", {n} GPUs").format(n=job.resources.gpus)
    facts |= {_("Resources"): resources, _("Attempt"): numbers.number(job.attempt)}
    facts |= {_("Started"): times.absolute(job.started_at), _("Took"): times.duration_of(job, now=frame.now())}
    frame.facts(facts)
    if run.seconds:
        frame.section(_("Where the time went"))
        frame.facts(
            {links.escape(name.replace("_", " ")): numbers.duration(spent) for name, spent in run.seconds.items()}
        )
