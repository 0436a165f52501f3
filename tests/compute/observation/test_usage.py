"""What a job used is recorded in a bounded number of points, and read with whatever was written so far."""

from itertools import pairwise
from pathlib import Path

from core.compute.observation.usage import MOST_POINTS, UsageRecord, cores_used, read_samples


def test_a_long_record_has_ever_wider_steps(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    record = UsageRecord(path, every=1.0)
    for second in range(1000):
        if record.is_due(second):
            record.add((float(second), second / 2, 5))
    samples = read_samples(path)
    seconds = [sample[0] for sample in samples]
    steps = {later - earlier for earlier, later in pairwise(seconds)}
    assert MOST_POINTS / 2 <= len(samples) <= MOST_POINTS
    assert (seconds[0], seconds[-1], steps) == (0.0, 992.0, {8.0})
    assert {cores for _seconds, cores, _memory in cores_used(samples)} == {0.5}


def test_half_a_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    path.write_text("[0.0, 0.0, 10]\n[2.0, 3.0, 20]\n[4.0, 1.0, 30]\n[5.0, 2")
    assert read_samples(path) == [(0.0, 0.0, 10), (2.0, 3.0, 20), (4.0, 1.0, 30)]
    # A process that ended took its seconds along.
    assert cores_used(read_samples(path)) == [(2.0, 1.5, 20), (4.0, 0.0, 30)]
    assert read_samples(tmp_path / "none") == []


def test_where_nothing_can_be_written_nothing_breaks(tmp_path: Path) -> None:
    record = UsageRecord(tmp_path / "no such folder" / "usage.jsonl", every=1.0)
    record.add((0.0, 0.0, 1))
    assert not record.is_due(0.5)
