"""The benchmark of inference for a moment, so that it cannot rot; what it measures there says nothing."""

import pytest

from tests.bench.inference.measure import measure
from tests.bench.measuring.lines import print_table


def test_every_figure_is_there_with_its_goal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(measure(seconds=0.05, rounds=1, columns=10, sizes=(1,)))
    output = capsys.readouterr().out
    for name in ("connections, to raw ASGI", "connections, to in process", "session.run of 10 columns"):
        assert name in output
    assert ">= 1.2 x" in output
