"""A job's log: bounded, readable while it grows, and with offsets that keep their meaning."""

import re
from pathlib import Path

import pytest

from core.compute.executors.local import ROOT
from core.compute.logs import BoundedLog, log_size, read_log
from core.compute.values import JobState
from core.portal import Portal
from tests.compute.demo_kind import KINDS, submit
from tests.compute.running import SYSTEM, run_job_here
from tests.conftest import People


def test_a_log_keeps_its_end_within_its_bytes(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path, most_bytes=400)
    for number in range(100):
        log.write(b"line %03d\n" % number)
    assert log_size(tmp_path) == 900
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 400
    start, data = read_log(tmp_path, offset=-1, limit=18)
    assert (start, data) == (882, b"line 098\nline 099\n")


def test_an_offset_means_the_same_byte_until_that_byte_is_gone(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path, most_bytes=400)
    log.write(b"a" * 100 + b"b" * 100)
    assert read_log(tmp_path, offset=95, limit=10) == (95, b"aaaaabbbbb")
    log.write(b"c" * 300)
    assert read_log(tmp_path, offset=95, limit=5) == (100, b"bbbbb")
    assert read_log(tmp_path, offset=195, limit=10) == (195, b"bbbbbccccc")
    assert read_log(tmp_path, offset=500, limit=10) == (500, b"")


def test_a_supervisor_that_goes_on_writing_goes_on_where_the_log_ended(tmp_path: Path) -> None:
    BoundedLog(tmp_path, most_bytes=400).write(b"x" * 150)
    BoundedLog(tmp_path, most_bytes=400).write(b"y" * 10)
    assert read_log(tmp_path, offset=145, limit=100) == (145, b"xxxxx" + b"y" * 10)


def test_an_empty_log_reads_as_nothing(tmp_path: Path) -> None:
    assert read_log(tmp_path / "log", offset=-1, limit=10) == (0, b"")


@pytest.mark.usefixtures("people")
def test_f75_a_job_that_prints_9_megabytes_keeps_100_kilobytes_of_them(portal: Portal) -> None:
    job_id = submit(portal, way="chatter", lines=95_000)
    assert run_job_here(portal, job_id, kinds=KINDS).state is JobState.SUCCEEDED
    end = portal.compute.read_log(SYSTEM, job_id=job_id)
    assert end.size == 95_000 * 95
    assert end.text.endswith("line 00094999 " + "x" * 80 + "\n")
    segments = list(portal.compute.folder(job_id).attempt(1).log.iterdir())
    assert sum(file.stat().st_size for file in segments) <= 100_000
    beginning = portal.compute.read_log(SYSTEM, job_id=job_id, offset=0, limit=100)
    assert beginning.offset > 0
    assert beginning.end == beginning.offset + 100


@pytest.mark.usefixtures("people")
def test_a_log_is_read_by_those_who_may_see_the_project(portal: Portal, people: People) -> None:
    from core.foundation.errors import NotFound

    job_id = submit(portal, way="greet")
    assert portal.compute.read_log(people.viewer, job_id=job_id).text == ""
    with pytest.raises(NotFound):
        portal.compute.read_log(people.outsider, job_id=job_id)


def test_people_read_what_a_job_prints_and_operators_what_it_logs(
    portal: Portal, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    job = run_job_here(portal, submit(portal, way="warn"), kinds=KINDS)
    assert portal.compute.read_log(people.viewer, job_id=job.id).text == "before it\n"
    passed_on = [record for record in caplog.records if f"attempt 1 of {job.id}" in record.getMessage()]
    assert len(passed_on) == 1
    assert "a warning with password=***" in passed_on[0].exception
    assert f"job={job.id}" in passed_on[0].exception


ERROR_ID = re.compile(r"error ([0-9a-f]{12})$", re.MULTILINE)


@pytest.mark.parametrize(("way", "words"), [("crash", "ZeroDivisionError: by zero"), ("end_at_once", "exit code 7")])
def test_an_error_is_one_sentence_for_people_and_a_traceback_for_operators(
    portal: Portal, people: People, caplog: pytest.LogCaptureFixture, way: str, words: str
) -> None:
    """Cases of every way in which a process ends that did not mean to: none shows a place in the code."""
    job = run_job_here(portal, submit(portal, way=way), kinds=KINDS)
    text = portal.compute.read_log(people.viewer, job_id=job.id).text
    assert words in job.cause
    assert not any(part in text + job.cause for part in ("Traceback", "File ", ".py", "line ", "raise ", str(ROOT)))
    error_id = ERROR_ID.search(job.cause)[1]
    records = [record for record in caplog.records if error_id in str(vars(record))]
    assert any(job.id in record.getMessage() and "Traceback" in record.exception for record in records)
    assert any("demo_job.py" in record.exception for record in records)
