"""The only place where Locust is imported: doing so patches sockets, threads and time for the whole process. One user
runs the open-model generator; Locust gives it its process, its event loop and its signals."""

import gc
import os
import random
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path

import gevent
from locust import User, events
from locust.env import Environment
from pydantic import TypeAdapter

from core.loadtests.generator.http_client import Client
from core.loadtests.generator.open_model import Generator
from core.loadtests.values import GeneratorSpec, SeriesPoint, Window

WATCH_SECONDS = 0.5


def add_spec(parser: ArgumentParser) -> None:
    parser.add_argument("--generator-spec", help="The file that says what to do.")


def watch_parent(environment: Environment, **_more: object) -> None:
    gevent.spawn(_end_with_parent, _spec(environment).parent)


def follow_plan(user: User) -> None:
    """Runs the whole plan once and ends the process, with status 1 when it could not: Locust would begin anew."""
    user.environment.process_exit_code = 1
    try:
        spec = _spec(user.environment)
        _write(_generate(spec), into=spec.windows)
        user.environment.process_exit_code = 0
    finally:
        user.environment.runner.quit()


class OpenModel(User):  # type: ignore[misc]  # Locust carries no types that hold.
    """The one user. Arrivals are scheduled by the generator, not by the number of users."""

    fixed_count = 1
    tasks = (follow_plan,)


def _generate(spec: GeneratorSpec) -> tuple[Window, ...]:
    bodies = spec.bodies.read_bytes().splitlines()
    random.Random(spec.plan.seed).shuffle(bodies)
    client = Client(spec.target.url, headers=spec.target.headers, timeout=spec.plan.timeout_ms / 1e3)

    def emit(point: SeriesPoint) -> None:
        try:
            os.write(spec.series, point.model_dump_json().encode() + b"\n")
        except BrokenPipeError:
            os._exit(1)

    _take_precedence()
    # A full collection over everything that was imported would halt the generator for tens of milliseconds.
    gc.collect()
    gc.freeze()
    return Generator(spec.plan, slo=spec.target.slo, client=client, bodies=bodies, emit=emit).run()


def _take_precedence() -> None:
    """Where the system permits it, what measures goes before what is measured: a generator that waits for a core
    measures that wait. It takes no more of the core for it; above 80 % of one the test is INVALID."""
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def _write(windows: tuple[Window, ...], *, into: Path) -> None:
    temporary = into.with_suffix(".part")
    temporary.write_bytes(TypeAdapter(tuple[Window, ...]).dump_json(windows))
    temporary.replace(into)


def _spec(environment: Environment) -> GeneratorSpec:
    return GeneratorSpec.model_validate_json(Path(environment.parsed_options.generator_spec).read_bytes())


def _end_with_parent(parent: int) -> None:
    """A generator without its parent answers to no kill switch, so it ends itself."""
    while os.getppid() == parent:
        gevent.sleep(WATCH_SECONDS)
    os._exit(1)


events.init_command_line_parser.add_listener(add_spec)
events.init.add_listener(watch_parent)
