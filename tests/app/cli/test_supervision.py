"""What `causeway up` does with processes that end: it starts them again for ever, says so, and leaves the others be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.supervision import LONGEST_PAUSE, STEADY_SECONDS, Part, PartProcess, Supervisor, pause_after
from core.compute.own_files import files_aside
from core.compute.parts import FILE, check_parts, endings_in
from core.foundation.errors import Unavailable
from tests.compute.running import wait_until

# A module that every Python has, and that ends at once.
ENDING = Part("worker", "this", "", "")


@pytest.fixture
def healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Part:
    """A part that runs until it is ended."""
    (tmp_path / "waiting_part.py").write_text("import signal; signal.pause()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return Part("portal", "waiting_part", "", "")


@pytest.fixture
def supervisor(tmp_path: Path, healthy: Part) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path / "home", (healthy, ENDING))
    supervisor.look(0.0)
    yield supervisor
    supervisor.stop()


def ended(process: PartProcess) -> None:
    wait_until(lambda: not process.is_running(), what="its end")


def test_what_keeps_ending_is_started_again_for_ever_and_takes_nothing_down(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    portal, worker = supervisor.processes
    before, now = portal.process, 0.0
    for times in range(1, 6):
        ended(worker)
        supervisor.look(now)
        assert (worker.endings, worker.next_start) == (times, now + pause_after(times))
        now += pause_after(times)
        supervisor.look(now)
    assert portal.is_running()
    assert portal.process is before
    (ending,) = endings_in(tmp_path / "home")
    assert (ending.part, ending.times, ending.log) == ("worker", 5, "logs/worker.log")
    with pytest.raises(Unavailable, match=r"The worker has ended 5 times and is started again at .* UTC"):
        check_parts(tmp_path / "home")
    supervisor.stop()
    assert not (tmp_path / "home" / FILE).exists()


def test_pauses_grow_up_to_a_minute() -> None:
    assert [pause_after(times) for times in (1, 2, 3, 4, 8, 9, 5_000)] == [0, 1, 2, 4, 60, 60, LONGEST_PAUSE]


def test_a_single_ending_is_mended_at_once_and_said_to_nobody(supervisor: Supervisor, tmp_path: Path) -> None:
    portal, _worker = supervisor.processes
    assert portal.process is not None
    portal.process.kill()
    ended(portal)
    supervisor.look(1.0)
    supervisor.look(1.0)
    assert portal.is_running()
    assert "portal" not in {ending.part for ending in endings_in(tmp_path / "home")}
    supervisor.look(1.0 + STEADY_SECONDS)
    assert portal.endings == 0


def test_a_process_that_cannot_be_started_counts_as_one_that_ended(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    supervisor = Supervisor(tmp_path, (ENDING,))
    for now in (0.0, 1.0, 2.0, 3.0):
        supervisor.look(now)
    assert supervisor.processes[0].endings >= 2
    supervisor.stop()


def test_what_a_dead_supervisor_said_counts_for_nothing_and_what_does_not_parse_is_set_aside(tmp_path: Path) -> None:
    ending = '{"part": "worker", "times": 9, "starts_at": 0, "log": ""}'
    dead = f'{{"pid": 1, "ticks": 1, "boot": "another", "endings": [{ending}]}}'
    (tmp_path / FILE).write_text(dead)
    assert endings_in(tmp_path) == ()
    assert (tmp_path / FILE).exists()
    (tmp_path / FILE).write_text(dead[:40])
    check_parts(tmp_path)
    (aside,) = files_aside(tmp_path)
    assert (aside.read_text(), (tmp_path / FILE).exists()) == (dead[:40], False)
