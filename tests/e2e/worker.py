"""`python -m core.worker`, whose jobs are forked from a process that has loaded their libraries: how they are born is
tested elsewhere."""

from core.portal import Portal, job_kinds, reconcilers
from core.worker import Worker, serve
from tests.fakes.warm_executor import warm_executor


def build(portal: Portal) -> Worker:
    base = portal.foundation
    executor = warm_executor(base.settings)
    return Worker(base, kinds=job_kinds(portal), reconcilers=reconcilers(portal), executor=executor)


if __name__ == "__main__":
    raise SystemExit(serve(build))
