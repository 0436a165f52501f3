"""CPU milliseconds of the portal's process for a page's full rerun and for one tick of a live part, beside an empty
Streamlit page on the same server settings. Needs an installation with something in it: set CAUSEWAY_HOME to it.

    CAUSEWAY_HOME=~/.causeway scripts/bench pages [RUN-7, a run under way, for its live part]

With --history it makes installations of its own instead, a small one and one with a long history, and measures every
list and every page of both, the pages in a browser; it needs nothing but a browser. Words name the pages that are
measured, --lists leaves all of them out, and --postgresql measures the lists on PostgreSQL, too.

    scripts/bench pages --history [--lists] [--postgresql] [runs version]"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.session import COOKIE
from core.foundation.actors import Actor
from core.foundation.errors import Unavailable
from core.foundation.settings import load_settings
from core.portal import Portal, build_portal
from tests.bench.history.report import main as history
from tests.http import web

ROUNDS, RERUNS = 5, 20
FULL_LIMIT, LIVE_LIMIT = 150.0, 20.0
NEEDS = (
    "This needs an installation with the demonstration in it, and {home} has none: run scripts/up once, or set "
    "CAUSEWAY_HOME to one that has."
)
EMPTY = "import streamlit as st\nst.title('Empty')\n"
PAGES = ("", "datasets", "features", "runs", "models", "endpoints", "promotions", "audit")


class Visitor:
    """One browser tab, as Streamlit's websocket sees it."""

    def __init__(self, socket_: websockets.ClientConnection, process: psutil.Process) -> None:
        self.socket = socket_
        self.process = process
        self.fragments: list[str] = []

    async def measure(self, page: str, *, query: str = "", fragment: str = "") -> float:
        """CPU milliseconds that the server spends on one run of a page or of a live part: the mean of many runs, since
        the system counts CPU in steps of 10 ms."""
        before = self._spent()
        for _run in range(RERUNS):
            await self.rerun(page, query=query, fragment=fragment)
        return (self._spent() - before) * 1e3 / RERUNS

    async def rerun(self, page: str, *, query: str = "", fragment: str = "") -> None:
        """One run of a page or of a live part, to its end."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_name = page
        if fragment:
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
        await self.socket.send(message.SerializeToString())
        await self._finished()

    async def _finished(self) -> None:
        while True:
            message = ForwardMsg()
            message.ParseFromString(bytes(await asyncio.wait_for(self.socket.recv(), 30)))
            if message.WhichOneof("type") == "auto_rerun":
                self.fragments.append(message.auto_rerun.fragment_id)
            if message.WhichOneof("type") == "script_finished":
                return

    def _spent(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], *, port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    """A server process, once it answers."""
    server = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not answers(f"http://127.0.0.1:{port}/_stcore/health"):
            if time.monotonic() > deadline:
                raise TimeoutError(command)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    try:
        return web.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False


async def measure(
    process: psutil.Process, *, port: int, cookie: str, pages: tuple[str, ...], run: str = ""
) -> dict[str, list[float]]:
    """CPU milliseconds by page, and of live parts under "live"."""
    headers = {"Origin": f"http://127.0.0.1:{port}", "Cookie": cookie}
    url = f"ws://127.0.0.1:{port}/_stcore/stream"
    cpu_ms: dict[str, list[float]] = {page or "home": [] for page in pages}
    async with websockets.connect(url, subprotocols=["streamlit"], additional_headers=headers, max_size=None) as link:  # type: ignore[list-item]
        visitor = Visitor(link, process)
        for page in pages * 3:
            await visitor.rerun(page)
        for _round in range(ROUNDS):
            for page in pages:
                cpu_ms[page or "home"].append(await visitor.measure(page))
        cpu_ms["live"] = await live(visitor, f"id={run}") if run else []
    return cpu_ms


async def live(visitor: Visitor, query: str) -> list[float]:
    """Ticks of the live part of a run's page, while the run is under way."""
    visitor.fragments.clear()
    await visitor.rerun("run", query=query)
    if not visitor.fragments:
        return []
    fragment = visitor.fragments[0]
    return [await visitor.measure("run", query=query, fragment=fragment) for _round in range(ROUNDS)]


def empty_page() -> dict[str, list[float]]:
    """The peer: a page with a title, served by Streamlit alone with the same settings."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        options = ["--server.headless=true", "--runner.postScriptGC=false", "--browser.gatherUsageStats=false"]
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", *options]
        with running(command, port=port, environment={}) as process:
            return asyncio.run(measure(process, port=port, cookie="", pages=("",)))


def demonstrated() -> Portal:
    """The installation of the settings; ends with a sentence where the demonstration was never walked in it."""
    settings = load_settings()
    portal = build_portal(settings)
    try:
        if portal.training.list_runs(Actor.system("bench"), limit=1).total:
            return portal
    except Unavailable:
        pass
    sys.exit(NEEDS.format(home=settings.home))


def our_pages(portal: Portal) -> dict[str, list[float]]:
    sessions = portal.sessions
    person = next(person for person in sessions.people() if person.handle == "mei")
    port = free_port()
    environment = {"CAUSEWAY_PORTAL_PORT": str(port)}
    cookie = f"{COOKIE}={sessions.sign_in_as(person.id)}"
    run = sys.argv[1] if len(sys.argv) > 1 else ""
    with running([sys.executable, "-m", "app.server"], port=port, environment=environment) as process:
        return asyncio.run(measure(process, port=port, cookie=cookie, pages=PAGES, run=run))


def main() -> None:
    portal = demonstrated()
    peer = median(empty_page()["home"])
    print(f"{'page':<14} {'CPU ms':>8} {'x empty':>8} {'of limit':>9}")
    print(f"{'empty':<14} {peer:>8.1f} {1:>8.2f}")
    for name, times in our_pages(portal).items():
        limit = LIVE_LIMIT if name == "live" else FULL_LIMIT
        if times:
            print(f"{name:<14} {median(times):>8.1f} {median(times) / peer:>8.2f} {median(times) / limit:>9.2f}")


if __name__ == "__main__":
    sys.exit(history() if "--history" in sys.argv else main())
