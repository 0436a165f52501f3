"""What the processes of an attempt used over its time, in at most so many points: when there are more, every second one
goes and the pace is halved. Only the standard library: the supervisor writes it."""

import json
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

MOST_POINTS = 240
# Seconds since the start, processor seconds used until then, bytes of memory then.
Sample = tuple[float, float, int]


class UsageRecord:
    """The writing side. A disk that is full costs points, never the job."""

    def __init__(self, path: Path, *, every: float) -> None:
        self._path, self._every, self._next = path, every, 0.0
        self._samples: list[Sample] = []

    def is_due(self, seconds: float) -> bool:
        return seconds >= self._next

    def add(self, sample: Sample) -> None:
        self._samples.append(sample)
        if len(self._samples) > MOST_POINTS:
            self._samples = self._samples[::2]
            self._every *= 2
        self._next = sample[0] + self._every
        text = "".join(f"{json.dumps(point)}\n" for point in self._samples)
        with suppress(OSError):
            self._path.write_text(text)


def read_samples(path: Path) -> list[Sample]:
    """What was written so far; a line that is half written is passed over."""
    samples: list[Sample] = []
    with suppress(OSError):
        for line in path.read_text().splitlines():
            with suppress(ValueError):
                seconds, cpu_seconds, memory = json.loads(line)
                samples.append((seconds, cpu_seconds, memory))
    return samples


def cores_used(samples: list[Sample]) -> list[tuple[float, float, int]]:
    """Seconds, cores used on average since the point before, bytes of memory. A process that has ended takes what it
    used with it, which is no negative use."""
    pairs = pairwise(samples)
    return [
        (end[0], max(0.0, (end[1] - start[1]) / (end[0] - start[0])), end[2])
        for start, end in pairs
        if end[0] > start[0]
    ]
