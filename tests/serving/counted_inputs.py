"""Counts of a model server, as one that runs leaves them in the home folder."""

from pathlib import Path

from core.foundation.storage import Store
from core.serving.counter_file import COUNTERS_FILE, SERVERS, CounterFile
from core.serving.input_gaps import GapNames, InputGaps
from core.serving.model_server.counters import Counters
from tests.registry.onnx_files import tiny_model
from tests.serving.running import spec_of

NAMES = GapNames(inputs=("carrier", "event_time"), views=("weather",))


def write_counts(home: Path, endpoint_id: str, *, recent: InputGaps, before: InputGaps, server: str = "one") -> Path:
    """What was counted in the last hour and before it; returns the file."""
    counters = Counters(NAMES)
    counters.count_gaps(before)
    counters.gaps_before = list(counters.gaps)
    counters.count_gaps(recent)
    spec = spec_of(Store(home / "store"), model=tiny_model(), online=home / "online.sqlite")
    path = home / SERVERS / server / COUNTERS_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    CounterFile(path, spec=spec.model_copy(update={"endpoint_id": endpoint_id}), names=NAMES).copy(counters.counts())
    return path
