"""Locust as a process of its own against a real server: the truth about a stall, the cap on the rate, the kill
switch."""

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

import psutil
import pytest

from core.loadtests.report.judge import report_of
from core.loadtests.values import Profile, Report, Slo
from tests.loadtests.running import RunningJob, running_job, target_of, target_server, wait_until
from tests.loadtests.test_arrivals import most_in_a_second
from tests.loadtests.windows import plan_of


def report_from(job: RunningJob, *, slo: Slo, **plan: object) -> Report:
    return report_of(job.windows(), plan=plan_of(**plan), target=target_of("http://h/", slo=slo), payload_digest="ef")


def generators(job: RunningJob) -> list[psutil.Process]:
    """The Locust processes that the job has started."""
    return psutil.Process(job.process.pid).children(recursive=True)


def closed_loop(port: int, *, until: Event) -> list[float]:
    """What a caller who waits for each answer before asking again sees, in milliseconds."""
    connection, times = HTTPConnection("127.0.0.1", port, timeout=10), []
    while not until.wait(0.01):
        began = time.perf_counter()
        connection.request("POST", "/predict", b"{}")
        connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1e3)
    connection.close()
    return times


def test_a_stall_is_felt_by_every_request_that_was_due_during_it(tmp_path: Path) -> None:
    """The server halts for 0.6 s after each 1.4 s: 30 % of all requests are due during a halt. A closed loop asks once
    during each, so it sees one slow answer where sixty callers would have waited."""
    plan = {"rate": 100, "rate_cap": 200, "seconds": 7, "in_flight": 400, "timeout_ms": 3_000}
    slo, over = Slo(p99_ms=100), Event()
    with (
        target_server(stall=0.6, stall_every=1.4) as server,
        running_job(tmp_path, plan=plan_of(**plan), url=server.url, slo=slo) as job,
        ThreadPoolExecutor(1) as pool,
    ):
        waiting = pool.submit(closed_loop, server.port, until=over)
        assert job.finish() == 0
        over.set()
        report, closed = report_from(job, slo=slo, **plan), sorted(waiting.result())
    percentiles = {percentile.fraction: percentile.ms or 0.0 for percentile in report.percentiles}
    assert percentiles[0.5] < 150
    assert percentiles[0.9] > 200
    assert 400 <= percentiles[0.99] <= 1_200
    assert closed[int(0.9 * len(closed))] < 100
    assert report.rates[0].slow_share == pytest.approx(0.25, abs=0.12)
    assert not report.holds_slo


def test_no_second_exceeds_the_cap_and_the_test_ends_in_time(tmp_path: Path) -> None:
    """As the server counts them: 50 in flight, 100 per second, whatever rate the plan wants."""
    plan = plan_of(rate=400, rate_cap=100, seconds=4, in_flight=50)
    with target_server(service=0.001) as server, running_job(tmp_path, plan=plan, url=server.url) as job:
        assert job.finish() == 0
        arrivals = server.seen()["arrivals"]
    # A busy server notices some of one second in the next.
    assert most_in_a_second(arrivals) <= 120
    assert len(arrivals) >= 80 * 4
    assert arrivals[-1] - arrivals[0] <= 4 + 1


def test_the_payload_is_real_rows_and_the_job_tells_each_second(tmp_path: Path) -> None:
    plan = {"profile": Profile.SMOKE, "rate": 100, "seconds": 4.5}
    with target_server(fail_every=20) as server, running_job(tmp_path, plan=plan_of(**plan), url=server.url) as job:
        assert job.finish() == 0
        bodies = [json.loads(body) for body in server.seen()["bodies"]]
    assert all(set(body["rows"][0]) == {"flight", "due_at", "carrier", "distance", "tailnum"} for body in bodies)
    assert len({body["rows"][0]["tailnum"] for body in bodies}) > 50
    assert [point.second for point in job.points()] == list(range(len(job.points())))
    assert sum(point.achieved for point in job.points()) == pytest.approx(450, rel=0.25)
    report = report_from(job, slo=Slo(p99_ms=100), **plan)
    assert set(report.failures) == {"status 503"}
    assert report.error_rate == pytest.approx(0.05, abs=0.02)
    assert not report.holds_slo


def test_the_capacity_of_a_real_server_is_found_or_the_test_says_that_it_was_not_fit(tmp_path: Path) -> None:
    """Five milliseconds for each request, one after the other: 200 per second and no more."""
    caps = {"rate": 1_600, "rate_cap": 1_600, "in_flight": 1_000}
    plan = {"profile": Profile.CAPACITY, "seconds": 10, "window_seconds": 0.6, "timeout_ms": 500, **caps}
    with (
        target_server(service=0.005) as server,
        running_job(tmp_path, plan=plan_of(**plan), url=server.url) as job,
    ):
        assert job.finish() == 0
        report = report_from(job, slo=Slo(p99_ms=50), **plan)
    rates = {row.rate: row for row in report.rates}
    assert {100, 200} <= set(rates)
    assert not any(row.holds for row in report.rates if row.rate >= 300)
    capacity = report.capacity.rate if report.capacity else None
    assert (report.validity, capacity) == ("VALID", pytest.approx(190, abs=90)) or report.reasons


def test_the_kill_switch_stops_the_load_at_once(tmp_path: Path) -> None:
    with target_server() as server, running_job(tmp_path, plan=plan_of(seconds=600), url=server.url) as job:
        wait_until(lambda: len(job.points()) >= 2)
        processes = generators(job)
        job.process.send_signal(signal.SIGTERM)
        assert job.finish(seconds=5) == 143
        assert psutil.wait_procs(processes, timeout=0)[1] == []
    assert not (job.folder.path / "generator.json").exists()


def test_the_generator_dies_with_the_job_that_started_it(tmp_path: Path) -> None:
    with target_server() as server, running_job(tmp_path, plan=plan_of(seconds=600), url=server.url) as job:
        wait_until(lambda: len(job.points()) >= 1)
        processes = generators(job)
        os.kill(job.process.pid, signal.SIGKILL)
        assert processes
        assert psutil.wait_procs(processes, timeout=10)[1] == []


def test_a_target_that_is_not_there_ends_the_test_within_seconds(tmp_path: Path) -> None:
    with target_server() as server:
        url = server.url
    with running_job(tmp_path, plan=plan_of(seconds=600), url=url) as job:
        assert job.finish(seconds=30) == 0
    report = report_from(job, slo=Slo(p99_ms=50))
    assert report.validity == "INVALID"
    assert "the target never answered: connection refused" in report.reasons[0]


def test_a_split_without_rows_fails_with_its_cause(tmp_path: Path) -> None:
    with running_job(tmp_path, plan=plan_of(), url="http://127.0.0.1:9/x", rows=0) as job:
        assert job.finish() == 3
    assert "the held-out rows are empty" in json.loads(job.folder.outcome.read_text())["message"]
