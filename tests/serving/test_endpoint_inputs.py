"""What an endpoint is asked that its models never learned: the shares, and when they ask for attention."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.serving.counter_file import SERVERS, counted_in
from core.serving.endpoint_inputs import endpoint_inputs
from core.serving.input_gaps import InputGaps
from core.serving.values import EndpointInputs, InputGap
from tests.serving.counted_inputs import write_counts


def gap(share: float, before: float | None, *, rows: int = 1000) -> InputGap:
    return InputGap(
        name="carrier",
        kind="unknown",
        rows=rows,
        count=round(rows * share),
        rows_before=0 if before is None else 1000,
        count_before=round(1000 * (before or 0)),
    )


@pytest.mark.parametrize(
    ("shown", "has_jumped"),
    [
        (gap(0.06, 0.0), True),
        (gap(0.04, 0.0), False),
        (gap(0.5, 0.2), False),
        (gap(0.7, 0.2), True),
        (gap(0.49, None), False),
        (gap(0.5, None), True),
        (gap(0.9, 0.0, rows=99), False),
        (gap(0.0, 0.5, rows=0), False),
    ],
)
def test_a_share_jumps_when_it_is_several_times_what_it_was_and_no_longer_small(
    shown: InputGap, has_jumped: bool
) -> None:
    assert shown.has_jumped is has_jumped


def test_servers_of_an_endpoint_add_up_and_those_that_ended_do_not(tmp_path: Path) -> None:
    before = InputGaps(1000, {"carrier": 10})
    write_counts(tmp_path, "EP-1", recent=InputGaps(100, {"carrier": 50}, {"weather": 20}), before=before)
    write_counts(tmp_path, "EP-1", recent=InputGaps(300), before=before, server="two")
    write_counts(tmp_path, "EP-2", recent=InputGaps(7, {"event_time": 7}), before=InputGaps(), server="three")
    servers, now = list(counted_in(tmp_path / SERVERS)), datetime.now(UTC)
    carrier = InputGap(name="carrier", kind="unknown", rows=400, count=50, rows_before=2000, count_before=20)
    weather = InputGap(name="weather", kind="missing", rows=400, count=20, rows_before=2000, count_before=0)
    assert endpoint_inputs(servers, endpoint_id="EP-1", now=now) == EndpointInputs(rows=400, gaps=(carrier, weather))
    assert endpoint_inputs(servers, endpoint_id="EP-1", now=now + timedelta(hours=1)) == EndpointInputs(rows=0, gaps=())
