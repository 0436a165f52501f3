"""What model servers count: the cells, the file that others read, and what Prometheus is told."""

import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.foundation.observability.metrics import exposition
from core.foundation.storage import Store
from core.serving.counter_file import (
    CELLS,
    COUNTERS_FILE,
    HEADER,
    LONGEST_US,
    Counted,
    CounterFile,
    begin_of,
    cell_of,
    counted_in,
    read_counters,
)
from core.serving.exposition import BOUNDS, buckets_of, families_of
from core.serving.input_gaps import MOST_NAMES, OTHERS, GapNames, InputGaps
from core.serving.model_server.counters import BEFORE_SECONDS, Copying, Counters
from core.serving.server_spec import READY_FILE, ServerSpec
from tests.compute.running import wait_until
from tests.registry.onnx_files import tiny_model
from tests.serving.running import GOOD_ROW, RunningServer, model_server, spec_of, start_server

TIMES = [*range(70), 127, 128, 1_000, 65_535, 1_000_000, LONGEST_US, *random.Random(1).choices(range(1 << 26), k=500)]


@pytest.fixture
def spec(tmp_path: Path) -> ServerSpec:
    return spec_of(Store(tmp_path / "store"), model=tiny_model(), online=tmp_path / "online.sqlite")


def test_every_time_has_a_cell_that_is_narrow() -> None:
    assert [cell_of(begin_of(cell)) for cell in range(CELLS)] == list(range(CELLS))
    assert all(begin_of(cell_of(us)) <= us for us in TIMES)
    widths = [(after - begin) / begin for begin, after in pairwise(map(begin_of, range(CELLS))) if begin]
    assert max(widths[63:]) <= 1 / 32
    assert (cell_of(0), cell_of(LONGEST_US), cell_of(1 << 60)) == (0, CELLS - 1, CELLS - 1)


def test_answers_are_counted_by_class_and_by_the_cells_of_their_times() -> None:
    counters = Counters()
    for us in TIMES:
        counters.count(200, total_ns=us * 1_000 + 999, waited_ns=us * 2_000, compute_ns=us * 1_000)
    counters.count(404, total_ns=5_000, waited_ns=1, compute_ns=None)
    assert counters.by_class == [0, 0, len(TIMES), 0, 1, 0]
    assert counters.sums == [sum(TIMES) + 5, 2 * sum(TIMES), sum(TIMES)]
    expected = [0] * CELLS
    for us in TIMES:
        expected[cell_of(us)] += 1
    assert counters.compute == expected
    assert sum(counters.waiting) == len(TIMES)
    assert sum(counters.total) == len(TIMES) + 1


def test_the_file_says_what_was_counted_since_when_and_for_whom(tmp_path: Path, spec: ServerSpec) -> None:
    file, counters = CounterFile(tmp_path / COUNTERS_FILE, spec=spec), Counters()
    empty = read(tmp_path)
    assert (sum(empty.by_class), empty.copied_us >= empty.started_us) == (0, True)
    counters.count(503, total_ns=7_000_000, waited_ns=1_000, compute_ns=3_000_000)
    file.copy(counters.counts())
    counted = read(tmp_path)
    assert counted.labels == {
        "endpoint": "late-arrival",
        "model": "late",
        "version": "1",
        "endpoint_id": "EP-1",
        "version_id": "MV-1",
    }
    assert list(counted.by_class) == [0, 0, 0, 0, 0, 1]
    assert {name: histogram.sum_us for name, histogram in counted.histograms.items()} == {
        "total": 7_000,
        "waiting": 1,
        "compute": 3_000,
    }
    assert list(counted.histograms["compute"].cells) == counters.compute
    assert counted.started_us == empty.started_us
    CounterFile(tmp_path / COUNTERS_FILE, spec=spec)
    assert read(tmp_path).started_us > empty.started_us
    assert sum(read(tmp_path).by_class) == 0


NAMES = GapNames(inputs=("carrier", "event_time"), views=("weather",))


def test_gaps_are_counted_by_input_and_view_now_and_as_they_were(
    tmp_path: Path, spec: ServerSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    counters = Counters(NAMES)
    copying = Copying(counters, spec=spec)
    counters.count_gaps(InputGaps(rows=10, unknown={"carrier": 2}))
    for _second in range(BEFORE_SECONDS):
        copying.copy()
    counters.count_gaps(InputGaps(rows=5, unknown={"carrier": 1, "event_time": 1}, missing={"weather": 4}))
    copying.copy()
    counted = read(tmp_path)
    assert counted.gaps == InputGaps(15, {"carrier": 3, "event_time": 1}, {"weather": 4})
    assert counted.gaps_before == InputGaps(10, {"carrier": 2, "event_time": 0}, {"weather": 0})
    assert counted.gaps.since(counted.gaps_before) == InputGaps(5, {"carrier": 1, "event_time": 1}, {"weather": 4})
    samples = {by: samples_of(exposition(families_of([counted])), by=by) for by in ("input", "view")}
    assert samples["input"]["causeway_unknown_inputs_total", "late-arrival", "1", "carrier"] == 3
    assert samples["view"]["causeway_missing_views_total", "late-arrival", "1", "weather"] == 4
    assert samples["view"]["causeway_predicted_rows_total", "late-arrival", "1", ""] == 15


def test_however_many_inputs_a_model_has_the_labels_are_bounded() -> None:
    counters = Counters(GapNames.of([f"input_{at}" for at in range(5_000)], [f"view_{at}" for at in range(3)]))
    counters.count_gaps(InputGaps(1, unknown={"input_0": 1, "input_98": 1, "input_99": 1, "input_4999": 1}))
    gaps = counters.names.gaps(counters.gaps)
    assert (len(gaps.unknown), len(gaps.missing)) == (MOST_NAMES, 3)
    assert {name: count for name, count in gaps.unknown.items() if count} == {"input_0": 1, "input_98": 1, OTHERS: 2}


@pytest.mark.parametrize("damage", ["missing", "cut", "another layout"])
def test_a_file_that_is_no_such_file_is_passed_over(tmp_path: Path, spec: ServerSpec, damage: str) -> None:
    path = tmp_path / "server" / COUNTERS_FILE
    path.parent.mkdir()
    CounterFile(path, spec=spec)
    data = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-8] if damage == "cut" else HEADER.pack(1, 0, 0, 0) + data[HEADER.size :])
    assert list(counted_in(tmp_path)) == []


def test_without_room_for_the_file_nothing_is_counted_and_all_is_served(
    tmp_path: Path, spec: ServerSpec, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    Copying(Counters(), spec=spec).copy()
    assert "nothing is counted" in caplog.text


def test_no_cell_lies_across_a_bound_of_a_bucket(tmp_path: Path, spec: ServerSpec) -> None:
    counters = Counters()
    for us in TIMES:
        counters.count(200, total_ns=us * 1_000, waited_ns=0, compute_ns=us * 1_000)
    CounterFile(tmp_path / COUNTERS_FILE, spec=spec).copy(counters.counts())
    buckets = buckets_of(read(tmp_path).histograms["compute"])
    assert len(BOUNDS) == len(set(BOUNDS)) == 28
    assert buckets[-1] == ("+Inf", len(TIMES))
    for bound, count in buckets[:-1]:
        assert count == sum(us < float(bound) * 1e6 for us in TIMES), bound
    assert float(buckets[0][0]) == pytest.approx(0.0002)
    assert float(buckets[27][0]) == pytest.approx(0.0002 * 1.333**27, rel=0.03)


def test_prometheus_is_told_of_every_class_of_answers_from_the_start(tmp_path: Path, spec: ServerSpec) -> None:
    (tmp_path / "server").mkdir()
    CounterFile(tmp_path / "server" / COUNTERS_FILE, spec=spec)
    samples = samples_of(exposition(families_of(list(counted_in(tmp_path)))))
    for code in ("2xx", "3xx", "4xx", "5xx"):
        assert samples["causeway_requests_total", "late-arrival", "1", code] == 0
    assert samples["causeway_request_seconds_count", "late-arrival", "1", ""] == 0
    assert samples["causeway_model_server_info", "late-arrival", "1", ""] == 1


@pytest.fixture
def server(tmp_path: Path, spec: ServerSpec, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    monkeypatch.setenv("CAUSEWAY_ACCESS_LOG", "true")
    monkeypatch.setenv("CAUSEWAY_LOG_FORMAT", "json")
    with model_server(tmp_path / "servers" / "one", spec) as running:
        yield running


def test_a_server_counts_what_it_answers_and_its_log_names_the_request(server: RunningServer, spec: ServerSpec) -> None:
    known = {"x-request-id": "11aa-22", "x-causeway-caller": "SA-1"}
    answer = server.client.post("/predict", json={"rows": [GOOD_ROW]}, headers=known)
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "11aa-22")
    refusal = server.client.post("/predict", json={}, headers={"x-request-id": "y" * 1_000})
    assert (refusal.status_code, refusal.headers["x-request-id"]) == (422, "y" * 128)
    assert "x-request-id" not in server.client.get("/v2/health/ready").headers
    wait_until(lambda: sum(read(server.folder).by_class) == 2, seconds=10, what="a copy of the counters")
    counted = read(server.folder)
    assert (counted.by_class[2], counted.by_class[4]) == (1, 1)
    assert (sum(counted.histograms["total"].cells), sum(counted.histograms["compute"].cells)) == (2, 1)
    served = next(line for line in lines_of(server.folder) if line.get("request") == "11aa-22")
    assert (served["event"], served["caller"], served["process"]) == ("POST /predict 200", "SA-1", "model server")
    assert served["total_us"] >= served["compute_us"] > 0
    server.process.kill()
    server.process.wait()
    again = start_server(server.folder, spec)
    wait_until(lambda: read(server.folder).started_us > counted.started_us, what="a fresh file")
    assert sum(read(server.folder).by_class) == 0
    again.terminate()
    again.wait(timeout=30)


def test_without_the_setting_no_request_is_logged(tmp_path: Path, spec: ServerSpec) -> None:
    with model_server(tmp_path / "one", spec) as running:
        assert running.post("/predict", {"rows": [GOOD_ROW]}).status_code == 200
        assert (running.folder / READY_FILE).exists()
    log = (tmp_path / "one" / "log").read_text()
    assert "serves late v1" in log
    assert "/predict" not in log


def read(folder: Path) -> Counted:
    counted = read_counters(folder / COUNTERS_FILE)
    assert counted is not None
    return counted


def lines_of(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


def samples_of(text: str, *, by: str = "code") -> dict[tuple[str, ...], float]:
    """Values by name, endpoint, version and class of status or another label; without the buckets."""
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        (sample.name, *(sample.labels.get(name, "") for name in ("endpoint", "version", by))): sample.value
        for sample in samples
        if "le" not in sample.labels
    }
