"""The only place where Locust is imported: doing so patches sockets, threads and time for the whole process. One user runs
the open-model generator; Locust gives it its process, its event loop and its signals."""

import json
import os
import random
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

import gevent
from locust import User, events, task
from locust.env import Environment
from pydantic import TypeAdapter

from core.foundation.values import Value
from core.loadtests.generator import Generator
from core.loadtests.http_client import Client
from core.loadtests.values import Plan, SeriesPoint, Slo, Target, Window

WATCH_SECONDS = 0.5


class Order(Value):
    """What the generator process is told, as a file. `bodies` is a file with one JSON request body a line."""

    plan: Plan
    target: Target
    bodies: Path
    windows: Path
    series: int
    parent: int


@events.init_command_line_parser.add_listener
def add_order(parser: ArgumentParser) -> None:
    parser.add_argument("--order", help="The file that says what to do.")


@events.init.add_listener
def watch_parent(environment: Environment, **_more: object) -> None:
    gevent.spawn(_end_with_parent, _order(environment).parent)


class OpenModel(User):
    """The one user: runs the whole plan once and ends the process."""

    fixed_count = 1

    @task
    def follow_plan(self) -> None:
        order = _order(self.environment)
        windows = _generate(order)
        _write(windows, into=order.windows)
        self.environment.process_exit_code = 0
        self.environment.runner.quit()


def _generate(order: Order) -> tuple[Window, ...]:
    bodies = order.bodies.read_bytes().splitlines()
    random.Random(order.plan.seed).shuffle(bodies)
    client = Client(order.target.url, headers=order.target.headers, timeout=order.plan.timeout_ms / 1e3)
    generator = Generator(order.plan, slo=_slo(order), client=client, bodies=bodies, emit=_emitter(order.series))
    return generator.run()


def _slo(order: Order) -> Slo:
    return order.target.slo


def _emitter(pipe: int) -> "Emitter":
    return Emitter(pipe)


class Emitter:
    """Writes each second as one line into a pipe. When nobody reads any more the process ends."""

    def __init__(self, pipe: int) -> None:
        self.pipe = pipe

    def __call__(self, point: SeriesPoint) -> None:
        try:
            os.write(self.pipe, point.model_dump_json().encode() + b"\n")
        except BrokenPipeError:
            os._exit(1)


def _order(environment: Environment) -> Order:
    return Order.model_validate_json(Path(environment.parsed_options.order).read_bytes())


def _write(windows: Sequence[Window], *, into: Path) -> None:
    temporary = into.with_suffix(".part")
    temporary.write_bytes(TypeAdapter(tuple[Window, ...]).dump_json(tuple(windows)))
    temporary.replace(into)


def _end_with_parent(parent: int) -> None:
    """A generator without its parent answers to no kill switch, so it ends itself."""
    while os.getppid() == parent:
        gevent.sleep(WATCH_SECONDS)
    os._exit(1)
