"""What was unknown or missing in the inputs of an endpoint, out of the counts that its model servers write down."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from core.serving.counter_file import Counted
from core.serving.input_gaps import InputGaps
from core.serving.values import EndpointInputs, InputGap

Kind = Literal["unknown", "missing"]
# A server that has not written for so long has ended; running ones write each second.
SILENT = timedelta(minutes=5)


def endpoint_inputs(servers: Iterable[Counted], *, endpoint_id: str, now: datetime) -> EndpointInputs:
    """Summed over the endpoint's servers that run."""
    oldest_us = (now - SILENT).timestamp() * 1e6
    running = [
        counted
        for counted in servers
        if counted.labels["endpoint_id"] == endpoint_id and counted.copied_us >= oldest_us
    ]
    counts = [(counted.gaps.since(counted.gaps_before), counted.gaps_before) for counted in running]
    gaps = [*_gaps(counts, "unknown"), *_gaps(counts, "missing")]
    ordered = sorted(gaps, key=lambda gap: (-gap.share, gap.name))
    return EndpointInputs(rows=sum(recent.rows for recent, _before in counts), gaps=tuple(ordered))


def _gaps(counts: Sequence[tuple[InputGaps, InputGaps]], kind: Kind) -> list[InputGap]:
    """Each input or view of which something was counted, out of the rows of the servers that have it."""
    names = dict.fromkeys(name for recent, _before in counts for name in getattr(recent, kind))
    gaps = (_gap(counts, kind, name) for name in names)
    return [gap for gap in gaps if gap.count or gap.count_before]


def _gap(counts: Sequence[tuple[InputGaps, InputGaps]], kind: Kind, name: str) -> InputGap:
    having = [pair for pair in counts if name in getattr(pair[0], kind)]
    recent, before = ([pair[at] for pair in having] for at in (0, 1))
    return InputGap(
        name=name,
        kind=kind,
        rows=sum(gaps.rows for gaps in recent),
        count=sum(getattr(gaps, kind)[name] for gaps in recent),
        rows_before=sum(gaps.rows for gaps in before),
        count_before=sum(getattr(gaps, kind)[name] for gaps in before),
    )
