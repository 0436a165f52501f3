"""Response times in buckets fine enough for three significant digits. Locust's own statistics round 0.4 ms to 0 and
know two digits, which says nothing about a service that answers in a millisecond."""

from collections.abc import Iterator, Mapping

HALF = 1024
BITS = 11


def bucket_of(microseconds: int) -> int:
    """The bucket of a time. Exact below 2,048 us; above, each power of two is cut into 1,024 buckets, so that a
    bucket is at most 0.1 % wide (the layout of HdrHistogram, Gil Tene)."""
    shift = microseconds.bit_length() - BITS
    return microseconds if shift <= 0 else (shift << 10) + (microseconds >> shift)


def middle_of(bucket: int) -> float:
    """The middle of a bucket, in microseconds."""
    if bucket < 2 * HALF:
        return float(bucket)
    shift = (bucket >> 10) - 1
    low = (bucket - (shift << 10)) << shift
    return low + ((1 << shift) - 1) / 2


class Histogram:
    """Counts of times. `counts` maps a bucket to how many times fell into it."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def add(self, seconds: float) -> None:
        """Counts one time. A negative one, from a clock that was read in the wrong order, counts as zero."""
        bucket = bucket_of(int(seconds * 1e6)) if seconds > 0 else 0
        self.counts[bucket] = self.counts.get(bucket, 0) + 1

    def merge(self, other: "Histogram") -> None:
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def at_rank(self, rank: int) -> float:
        """The `rank`-th smallest time in milliseconds, counted from 1. LookupError when there are fewer."""
        for bucket, passed in self._cumulated():
            if passed >= rank:
                return middle_of(bucket) / 1e3
        raise LookupError(rank)

    def percentile(self, fraction: float) -> float | None:
        """The smallest time in milliseconds that at least `fraction` of all times do not exceed; None when empty."""
        total = self.total
        # The small number keeps 0.99 * 100 from being 99.00000000000001.
        return self.at_rank(max(1, -int(-(fraction * total - 1e-9) // 1))) if total else None

    def _cumulated(self) -> Iterator[tuple[int, int]]:
        passed = 0
        for bucket in sorted(self.counts):
            passed += self.counts[bucket]
            yield bucket, passed
