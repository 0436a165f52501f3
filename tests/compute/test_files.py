"""The files between worker, supervisor and job: whole or not there, and read to the last whole line."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.compute.causes import cause_of
from core.compute.devices import gpus_here
from core.compute.folders import AttemptFolder, JobFolder, place_once, read_json, write_json
from core.compute.job_monitor import BATCH_BYTES, read_events
from tests.conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> AttemptFolder:
    attempt_folder = JobFolder(tmp_path / "JOB-1").attempt(1)
    attempt_folder.prepare()
    return attempt_folder


def test_a_torn_last_line_waits_for_its_end(folder: AttemptFolder) -> None:
    folder.events.write_bytes(b'{"kind": "a"}\n{"kind": "b"')
    first = read_events(folder, start=0)
    assert (first.end, first.events) == (14, [{"kind": "a"}])
    with folder.events.open("ab") as file:
        file.write(b"}\n")
    assert read_events(folder, start=first.end).events == [{"kind": "b"}]


def test_lines_that_are_no_events_are_passed_over(folder: AttemptFolder) -> None:
    folder.events.write_bytes(b'rubbish\n17\n\xff\xfe\n\n{"kind": "a"}\n')
    assert read_events(folder, start=0).events == [{"kind": "a"}]


def test_a_line_longer_than_any_event_stops_nothing(folder: AttemptFolder) -> None:
    folder.events.write_bytes(b"x" * (BATCH_BYTES + 10) + b'\n{"kind": "a"}\n')
    first = read_events(folder, start=0)
    assert (first.end, first.events) == (BATCH_BYTES, [])
    assert read_events(folder, start=first.end).events == [{"kind": "a"}]


def test_of_many_progress_events_the_last_counts(folder: AttemptFolder) -> None:
    folder.events.write_bytes(b'{"kind": "progress", "fraction": 0.1}\n{"kind": "progress", "fraction": 0.2}\n')
    report = read_events(folder, start=0)
    assert (report.events, report.progress) == ([], {"kind": "progress", "fraction": 0.2})


def test_a_file_is_placed_once(tmp_path: Path) -> None:
    assert place_once(tmp_path / "one", {"by": 1})
    assert not place_once(tmp_path / "one", {"by": 2})
    assert read_json(tmp_path / "one") == {"by": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_only_the_owner_may_read_what_a_job_is_given(folder: AttemptFolder) -> None:
    write_json(folder.job_spec, {"ticket": "secret"})
    assert folder.job_spec.stat().st_mode & 0o777 == 0o600


def test_the_checkpoints_move_to_the_next_attempt(folder: AttemptFolder) -> None:
    (folder.checkpoints / "step").write_text("7")
    later = folder.job.attempt(3)
    later.prepare()
    assert (later.checkpoints / "step").read_text() == "7"
    assert not folder.checkpoints.exists()
    later.prepare()
    assert (later.checkpoints / "step").read_text() == "7"


def test_gpus_are_named_by_uuid_and_none_is_no_error(tmp_path: Path) -> None:
    assert gpus_here(tmp_path / "nowhere") == ()
    for bus, uuid in (("0000:01:00.0", "GPU-aaa"), ("0000:02:00.0", "GPU-bbb")):
        (tmp_path / bus).mkdir()
        (tmp_path / bus / "information").write_text(f"Model: \t\t NVIDIA H100\nGPU UUID:   \t {uuid}\nIRQ: 1\n")
    assert gpus_here(tmp_path) == ("GPU-aaa", "GPU-bbb")


RESULT = {"rc": 1, "signal": 0, "reason": ""}


@pytest.mark.parametrize(
    ("result", "outcome", "words", "passing"),
    [
        (None, None, "lost", True),
        ({**RESULT, "rc": -9, "signal": 9}, None, "signal 9 (SIGKILL)", True),
        ({**RESULT, "rc": -11, "signal": 11}, None, "signal 11 (SIGSEGV)", True),
        ({**RESULT, "rc": -9, "signal": 9, "reason": "memory"}, None, "out of memory", False),
        ({**RESULT, "rc": -9, "signal": 9, "reason": "stopped"}, None, "preempted", True),
        ({**RESULT, "rc": 143}, {"kind": "stopped"}, "preempted", True),
        (RESULT, {"kind": "memory", "message": "OutOfMemoryError: CUDA"}, "out of memory", False),
        (RESULT, {"kind": "space", "message": ""}, "no space", False),
        (RESULT, {"kind": "code", "message": "KeyError: 'x'"}, "code: KeyError: 'x'", False),
        ({**RESULT, "rc": 7}, None, "exit code 7", False),
    ],
)
def test_a_cause_is_named(
    result: dict[str, object] | None, outcome: dict[str, object] | None, words: str, passing: bool
) -> None:
    cause = cause_of(result, outcome, last_words="last line\n", memory_mb=512)
    assert cause.words.startswith(words)
    assert "last line" not in cause.words
    assert cause.passing is passing


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "one" / "inside").mkdir(parents=True)
    with pytest.raises(OSError):
        write_json(tmp_path / "one", {})
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_line_that_finds_no_space_is_taken_back_whole(tmp_path: Path) -> None:
    """The limit of a file's size stands for the end of a disk: what fits of a line is written, and says so."""
    path = tmp_path / "events"
    program = (
        "import resource, signal, sys, os; from core.compute.process import append_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "file = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
        "append_whole(file, b'a line of 17 one\\n')\n"
        "append_whole(file, b'another\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, "No space left on device" in done.stderr) == (1, True)
    assert path.read_bytes() == b"a line of 17 one\n"
