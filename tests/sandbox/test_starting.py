"""A sandboxed process that is forked knows and may no more than a new interpreter, and the starter it comes from lasts
as long as its owner."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.compute.processes import identity_of
from core.foundation.errors import Invalid, Unavailable
from core.sandbox import starting
from core.sandbox.limits import Limits
from tests.compute.running import wait_until
from tests.sandbox.running import children, job_spec_of, run

SURROUNDINGS = """
import json, os, resource, signal, stat, sys, threading
def kind_of(handle):
    try:
        return stat.S_IFMT(os.fstat(handle).st_mode)
    except OSError:
        return 0
def features(flights):
    # Of the processor's time it has what the process that asks has left.
    limits = [resource.getrlimit(number) for number in range(16) if number != resource.RLIMIT_CPU]
    signals = [str(signal.getsignal(number)).split(' at ')[0] for number in (1, 10, 12, 13, 14, 15, 17)]
    own = [os.umask(0o77), os.path.basename(os.getcwd()), threading.active_count(), len(sys.argv), os.getsid(0)]
    handles = sorted(kind_of(handle) for handle in range(250))
    found = json.dumps([dict(os.environ), limits, signals, own, handles])
    return flights.assign(value=found)[["carrier", "moment", "value"]]
"""
OWNER = """
import sys
from pathlib import Path
from tests.sandbox.running import job_spec_of, run
run(Path(sys.argv[1]), job_spec_of("def features(flights):\\n    while True: pass"), keep_warm=True)
"""


@pytest.fixture
def cold() -> Iterator[None]:
    starting.dismiss()
    yield
    starting.dismiss()


def surroundings(folder: Path, *, keep_warm: bool) -> Any:
    """As code of people finds them."""
    answer = run(folder, job_spec_of(SURROUNDINGS), keep_warm=keep_warm)
    return json.loads(answer["preview"]["rows"][0][2])


def test_a_forked_process_finds_what_a_new_one_finds(
    tmp_path: Path, cold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSEWAY_SECRET", "canary")
    of_new = surroundings(tmp_path, keep_warm=False)
    assert of_new[0].keys() == starting.environment_of(1).keys()
    assert [surroundings(tmp_path, keep_warm=True) for _time in range(2)] == [of_new, of_new]


def test_one_starter_serves_all_starts_until_it_is_dismissed(tmp_path: Path, cold: None) -> None:
    before = children()
    for _time in range(2):
        surroundings(tmp_path, keep_warm=True)
        (starter,) = children() - before
    starting.dismiss()
    assert identity_of(int(starter)) is None


def test_after_the_end_of_a_starter_another_serves(tmp_path: Path, cold: None) -> None:
    before = children()
    expected = surroundings(tmp_path, keep_warm=True)
    (starter,) = children() - before
    os.kill(int(starter), signal.SIGKILL)
    assert [surroundings(tmp_path, keep_warm=True) for _time in range(2)] == [expected, expected]
    assert len(children() - before - {starter}) == 1


def test_code_that_ends_with_its_starter_is_not_blamed(tmp_path: Path, cold: None) -> None:
    before = children()

    def forked() -> list[tuple[int, int]]:
        return [(int(starter), int(child)) for starter in children() - before for child in children(int(starter))]

    def end_starter() -> None:
        wait_until(lambda: len(forked()) == 2, what="the process of the checks and that of the code")
        os.kill(forked()[0][0], signal.SIGKILL)

    ending = threading.Thread(target=end_starter)
    ending.start()
    with pytest.raises(Unavailable, match="What runs code was ended"):
        run(tmp_path, job_spec_of("def features(flights):\n    while True: pass"), keep_warm=True)
    ending.join()


def test_a_process_that_still_holds_the_channel_of_its_starter_does_not_hide_its_end() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs, subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(theirs.fileno(),)) as holder:
        theirs.close()
        starter = starting.Starter(ours)
        assert not starter.is_gone()
        forked = starting.Forked(holder.pid, os.pidfd_open(holder.pid), starter=starter)
        forked.kill()
        assert forked.was_taken_along(within=None)
        forked.wait()


@pytest.mark.parametrize("keep_warm", [True, False])
def test_code_that_ends_its_own_process_is_told_so(tmp_path: Path, cold: None, keep_warm: bool) -> None:
    with pytest.raises(Invalid, match="The code ended its process"):
        run(tmp_path, job_spec_of("import os\ndef features(flights):\n    os._exit(3)"), keep_warm=keep_warm)


@pytest.mark.parametrize("keep_warm", [True, False])
@pytest.mark.parametrize("way", ["SQL", "within a library"])
def test_time_that_is_over_is_told_as_that(tmp_path: Path, cold: None, way: str, keep_warm: bool) -> None:
    endless = "SELECT carrier, moment, count(*) AS value FROM flights, range(100000000) a, range(100000) b GROUP BY ALL"
    code = f"def features(flights):\n    import duckdb\n    return duckdb.sql('{endless}').df()"
    job_spec = job_spec_of(sql=endless) if way == "SQL" else job_spec_of(code)
    with pytest.raises(Invalid, match=r"took (too long|longer than)"):
        run(tmp_path, job_spec, limits=Limits(seconds=1.5, memory_mb=512, rows=100, threads=1), keep_warm=keep_warm)


def grandchildren_of(pid: int) -> list[tuple[int, int]]:
    """With their parents."""
    return [(int(child), int(grandchild)) for child in children(pid) for grandchild in children(int(child))]


def test_a_starter_and_what_it_forked_end_with_their_owner(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], env={**os.environ, "PYTHONPATH": os.getcwd()}
    )
    wait_until(lambda: len(grandchildren_of(owner.pid)) == 2, what="the process of the checks and that of the code")
    (starter, checks), (_starter, code) = grandchildren_of(owner.pid)
    owner.kill()
    owner.wait()
    for pid in (starter, checks, code):
        wait_until(lambda pid=pid: identity_of(pid) is None, what="their end")
