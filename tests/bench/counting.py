"""What counting costs a request of a model server, beside what Prometheus' client would cost: `scripts/bench counting`.
It counts as one answer of a prediction does: a class, three histograms and their sums."""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram

from core.foundation.storage import Store
from core.serving.counter_file import COUNTERS_FILE, CounterFile
from core.serving.model_server.counters import Counters
from tests.registry.onnx_files import tiny_model
from tests.serving.running import spec_of

# Many short rounds, of which the best was disturbed by nobody.
REQUESTS, ROUNDS = 2_000, 400
COPIES = 200


def main() -> int:
    draw = random.Random(1)
    times = [int(draw.lognormvariate(13, 0.6)) for _request in range(REQUESTS)]
    counters = Counters()
    print(f"own lists           {nanoseconds(counting_of(counters), times):7.0f} ns a request")
    print(f"prometheus-client   {nanoseconds(library(), times):7.0f} ns a request")
    print(f"copying to the file {microseconds_of_a_copy(counters):7.0f} us, once a second")
    return 0


def counting_of(counters: Counters) -> Callable[[int], None]:
    def count(spent: int) -> None:
        counters.count(200, total_ns=spent, waited_ns=spent >> 3, compute_ns=spent >> 1)

    return count


def library() -> Callable[[int], None]:
    registry = CollectorRegistry()
    answers = Counter("answers", "Answers.", ["code"], registry=registry).labels("2xx")
    total, waiting, compute = (Histogram(name, name, registry=registry) for name in ("total", "waiting", "compute"))

    def count(spent: int) -> None:
        answers.inc()
        total.observe(spent / 1e9)
        waiting.observe(spent / 8e9)
        compute.observe(spent / 2e9)

    return count


def nanoseconds(count: Callable[[int], None], times: list[int]) -> float:
    """The best round, less what calling nothing costs in the same loop."""
    return best(count, times) - best(lambda _spent: None, times)


def best(count: Callable[[int], None], times: list[int]) -> float:
    rounds = []
    for _round in range(ROUNDS):
        began = time.perf_counter_ns()
        for spent in times:
            count(spent)
        rounds.append((time.perf_counter_ns() - began) / len(times))
    return min(rounds)


def microseconds_of_a_copy(counters: Counters) -> float:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        spec = spec_of(Store(home / "store"), model=tiny_model(), online=home / "online.sqlite")
        file = CounterFile(home / COUNTERS_FILE, spec=spec)
        began = time.perf_counter_ns()
        for _copy in range(COPIES):
            file.copy(counters.counts())
        return (time.perf_counter_ns() - began) / COPIES / 1_000


if __name__ == "__main__":
    raise SystemExit(main())
