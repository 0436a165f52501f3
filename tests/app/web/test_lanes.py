"""Whoever reads finds a free thread, however many wait to write."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import httpx
from starlette.applications import Starlette

from app.web.lanes import Lane
from app.web.operations import operation_routes
from app.web.rest import rest_routes
from core.foundation.errors import Unavailable
from core.portal import Portal
from tests.installed import People

# More than there are threads for everything together, by the framework's own count.
WRITERS = 60
SOON = 8.0
GOAL = {
    "project": "PROJ-1",
    "title": "On time",
    "criteria": [{"metric": "auc", "comparison": "at_least", "limit": 0.6}],
}


def locked(home: Path) -> sqlite3.Connection:
    holder = sqlite3.connect(home / "causeway.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    return holder


def test_reads_and_health_are_answered_while_writers_wait_for_a_locked_database(portal: Portal, people: People) -> None:
    headers = {"Authorization": f"Bearer {portal.sessions.begin(people.engineer.person_id)}"}
    app = Starlette(routes=[*rest_routes(lambda: portal), *operation_routes(lambda: portal)])
    holder = locked(portal.foundation.settings.home)

    async def ask() -> tuple[list[httpx.Response], list[httpx.Response]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
            create = "/api/v1/requirements/create_requirement"
            writers = [asyncio.create_task(client.post(create, json=GOAL)) for _writer in range(WRITERS)]
            paths = ["/api/v1/identity/whoami", "/health/ready", "/api/v1/requirements/list_requirements"] * 3
            reads = [await asyncio.wait_for(client.get(path), SOON) for path in paths]
            assert not any(writer.done() and writer.result().is_success for writer in writers)
            holder.rollback()
            return reads, await asyncio.gather(*writers)

    reads, writes = asyncio.run(ask())
    holder.close()
    assert {read.status_code for read in reads} == {200}
    assert {write.status_code for write in writes} <= {200, 503}
    acknowledged = {write.json()["id"] for write in writes if write.is_success}
    listed = portal.requirements.list_requirements(people.engineer, limit=200).items
    assert acknowledged == {requirement.id for requirement in listed}
    assert acknowledged


def test_who_finds_no_thread_in_time_is_refused_in_words_and_not_begun() -> None:
    until, begun = threading.Event(), []

    async def crowd(lane: Lane) -> list[object]:
        first = asyncio.create_task(lane.run(until.wait))
        await asyncio.sleep(0)
        others = [asyncio.create_task(lane.run(begun.append, number)) for number in range(2)]
        answers: list[object] = list(await asyncio.gather(*others, return_exceptions=True))
        until.set()
        assert await first
        await lane.run(begun.append, 7)
        return answers

    answers = asyncio.run(crowd(Lane("one", threads=1, most_waiting=1, seconds=0.01)))
    assert [type(answer) for answer in answers] == [Unavailable, Unavailable]
    assert begun == [7]


def test_a_lane_serves_one_event_loop_after_the_other() -> None:
    lane = Lane("short", threads=1)
    assert [asyncio.run(lane.run(int, "7")) for _loop in range(2)] == [7, 7]
