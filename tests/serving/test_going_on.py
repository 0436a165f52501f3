"""What the gateway goes on through: files of its own that do not parse, a proxy that does not answer it, and a database
that somebody else holds."""

import threading
from pathlib import Path

import pytest

from core.foundation.errors import Unavailable
from core.gateway import Gateway, PortalOverDatabase, Report
from core.health.readiness import troubles_of
from core.serving.model_server.process import say_ready
from core.serving.service import EndpointService
from tests.compute.running import wait_until
from tests.registry.onnx_files import register_tiny
from tests.serving.running import (
    DISTANCE,
    CutOff,
    answering,
    answers,
    endpoint_now,
    gateway_over,
    portal_in,
    processes_of,
    route_to,
    settled,
    ticket_header,
)


def test_files_that_do_not_parse_are_set_aside_and_made_anew_while_callers_are_answered(tmp_path: Path) -> None:
    with portal_in(tmp_path / "home") as (portal, people):
        settings, endpoints = portal.foundation.settings, PortalOverDatabase(portal.endpoints)
        low, high = (
            register_tiny(portal, people.engineer, model=answering(p), features=DISTANCE, rows=50) for p in (0.1, 0.9)
        )
        endpoint = portal.endpoints.create_endpoint(
            people.engineer, project="PROJ-1", name="torn", environment="staging"
        )
        route_to(portal, endpoint.id, (low, 50), (high, 50))
        first = Gateway(settings, portal=endpoints)
        wait_until(lambda: first.tick() or endpoint_now(portal, endpoint.id).settled, what="a settled endpoint")
        url, ticket = endpoint_now(portal, endpoint.id).url, ticket_header(portal, people.engineer, endpoint.id)
        folder = settings.home / "gateway"
        files = [folder / "traffic.json", folder / "plans.json", *folder.glob("servers/*/server.json")]
        before, served = {process.pid for process in processes_of(str(folder))}, []
        for file in files:
            file.write_bytes(file.read_bytes()[:-9])
        with gateway_over(settings, endpoints):
            wait_until(
                lambda: served.append(answers(url, ticket)) or all(file.exists() for file in files), what="files anew"
            )
            served.append(answers(url, ticket))
            assert {process.pid for process in processes_of(str(folder))} == before
        end(first)
        assert (set(served), len(files)) == ({True}, 4)
        assert [len(list(file.parent.glob(f"{file.name}.damaged-*"))) for file in files] == [1, 1, 1, 1]
        notes = troubles_of(portal.foundation)
        assert any(words.startswith("traffic.json could not be read and was made anew") for words in notes.values())


def test_what_is_wanted_and_known_to_nobody_changes_nothing(tmp_path: Path) -> None:
    with portal_in(tmp_path / "home") as (portal, _people):
        gateway = Gateway(portal.foundation.settings, portal=CutOff())
        with pytest.raises(Unavailable, match="gone"):
            gateway.tick()
        end(gateway)


def end(gateway: Gateway) -> None:
    """One that was never run ends what it has started."""
    gateway.stop()
    gateway.run()


def test_an_envoy_that_cannot_be_talked_to_is_started_anew(tmp_path: Path) -> None:
    with portal_in(tmp_path / "home") as (portal, _people):
        settings, endpoints = portal.foundation.settings, PortalOverDatabase(portal.endpoints)
        first = Gateway(settings, portal=endpoints)
        first.tick()
        before = {process.pid for process in processes_of(str(first.folder))}
        (first.folder / "admin").write_text("nowhere")
        second = Gateway(settings, portal=endpoints, start_seconds=0.0)
        with pytest.raises(Unavailable, match="proxy does not answer"):
            second.tick()
        with gateway_over(settings, endpoints):
            wait_until(lambda: processes_of(str(first.folder)) != [], what="another Envoy")
            assert not before & {process.pid for process in processes_of(str(first.folder))}
        end(first)


class Stuck(PortalOverDatabase):
    """A portal that waits, until it is released, for whoever holds the database."""

    def __init__(self, serving: EndpointService) -> None:
        super().__init__(serving)
        self.begun, self.released = threading.Event(), threading.Event()

    def confirm(self, endpoint_id: str, *, report: Report) -> None:
        self.begun.set()
        self.released.wait()
        super().confirm(endpoint_id, report=report)


def test_a_report_that_waits_for_the_database_keeps_nobody_from_looking_after_the_servers(tmp_path: Path) -> None:
    with portal_in(tmp_path / "home") as (portal, people):
        version = register_tiny(portal, people.engineer, model=answering(0.1), features=DISTANCE, rows=50)
        endpoint = portal.endpoints.create_endpoint(
            people.engineer, project="PROJ-1", name="stuck", environment="staging"
        )
        route_to(portal, endpoint.id, (version, 100))
        stuck = Stuck(portal.endpoints)
        with gateway_over(portal.foundation.settings, stuck) as gateway:
            stuck.begun.wait()
            wait_until(lambda: gateway.servers_ready() == 1, what="a server")
            (server,) = (process for process in processes_of(str(gateway.folder)) if "core" in process.cmdline()[3])
            server.kill()
            wait_until(lambda: server.pid not in pids_of(gateway) and gateway.servers_ready() == 1, what="another one")
            assert not endpoint_now(portal, endpoint.id).settled
            stuck.released.set()
            settled(portal, endpoint.id)


def pids_of(gateway: Gateway) -> set[int]:
    return {process.pid for process in processes_of(str(gateway.folder))}


def test_a_server_says_that_it_is_ready_where_no_file_can_be_made(tmp_path: Path) -> None:
    """A name too long for a file beside it stands for a disk that is full."""
    ready = tmp_path / ("r" * 250)
    ready.write_text("1234567")
    say_ready(ready, 42)
    assert ready.read_text() == "42"
    with pytest.raises(OSError):
        say_ready(tmp_path / ("s" * 250), 42)
