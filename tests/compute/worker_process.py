"""The process `causeway worker`, with the demo kind among its kinds."""

from core.portal import Portal
from core.worker import Worker, serve
from tests.compute.demo_kind import KINDS


def build(portal: Portal) -> Worker:
    return Worker(portal.foundation, kinds=KINDS)


def main() -> int:
    return serve(build)
