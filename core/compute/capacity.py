"""What this machine can give to jobs, and whether a job fits now, later or never."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from core.compute.devices import gpus_here
from core.compute.tables import JobRow
from core.compute.values import Fit, JobState, Resources
from core.foundation.settings import Settings
from core.foundation.text import _

PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Capacity:
    """Cores, MB and GPUs, all there are or those that are free."""

    cpus: int
    memory_mb: int
    devices: tuple[str, ...]

    def holds(self, wanted: Resources) -> bool:
        return wanted.cpus <= self.cpus and wanted.memory_mb <= self.memory_mb and wanted.gpus <= len(self.devices)

    def resources(self) -> Resources:
        """The largest resources that fit."""
        return Resources(cpus=max(1, self.cpus), memory_mb=max(128, self.memory_mb), gpus=len(self.devices))


def whole_capacity(settings: Settings) -> Capacity:
    return Capacity(cpus=settings.cpus, memory_mb=settings.memory_mb, devices=gpus_here())


def free_capacity(session: Session, whole: Capacity) -> Capacity:
    """What running jobs leave. Their rows count, whichever worker owns them."""
    running = col(JobRow.state) == JobState.RUNNING
    used = select(func.coalesce(func.sum(JobRow.cpus), 0), func.coalesce(func.sum(JobRow.memory_mb), 0)).where(running)
    cpus, memory_mb = session.exec(used).one()
    devices = whole.devices
    if devices:
        taken_devices = {device for row in session.exec(select(JobRow.devices).where(running)) for device in row}
        devices = tuple(device for device in devices if device not in taken_devices)
    return Capacity(cpus=whole.cpus - cpus, memory_mb=whole.memory_mb - memory_mb, devices=devices)


@dataclass(frozen=True)
class InLine:
    """A queued job, and since when it could have run."""

    job_id: str
    wanted: Resources
    since: datetime


def first_that_fits(line: Iterable[InLine], capacity: Capacity, *, now: datetime) -> str | None:
    """The id of the first in line that fits. A large job that has waited a minute blocks the line until it fits, so
    that small ones cannot keep it out for ever."""
    for job in line:
        if capacity.holds(job.wanted):
            return job.job_id
        if (now - job.since).total_seconds() > PATIENCE_SECONDS:
            return None
    return None


def fit_of(wanted: Resources, *, whole: Capacity, free: Capacity, ahead: int) -> Fit:
    if not whole.holds(wanted):
        return Fit(verdict="never", advice=_never(whole))
    if free.holds(wanted) and not ahead:
        return Fit(verdict="now", advice=_("It starts at once."))
    waits = _("It waits until running jobs end: {cpus} cores and {memory} MB are free now, {ahead} jobs are ahead.")
    return Fit(verdict="later", advice=waits.format(cpus=max(0, free.cpus), memory=max(0, free.memory_mb), ahead=ahead))


def _never(whole: Capacity) -> str:
    largest = _("It can never fit here. The largest that can: {cpus} cores, {memory} MB, {gpus} GPUs.")
    return largest.format(cpus=whole.cpus, memory=whole.memory_mb, gpus=len(whole.devices))
