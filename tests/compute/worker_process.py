"""`python -m core.worker`, with the demo kind among its kinds."""

from core.portal import Portal
from core.worker import Worker, serve
from tests.compute.demo_kind import KINDS


def build(portal: Portal) -> Worker:
    return Worker(portal.foundation, kinds=KINDS)


if __name__ == "__main__":
    raise SystemExit(serve(build))
