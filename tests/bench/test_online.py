"""The benchmark of the online store on very little data, so that it cannot rot; what it measures there says nothing."""

from pathlib import Path

import pytest

from tests.bench.measuring.lines import print_table
from tests.bench.online.days import days_lines
from tests.bench.online.measure import BATCHES, measure


def test_every_figure_is_there_with_its_goal(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(measure(keys=1000, feast_keys=0, batches=dict.fromkeys(BATCHES, 2), days=10))
    output = capsys.readouterr().out
    for name in (
        "look-up of 500, to raw SQLite",
        "Redis, look-up of 1",
        "HTTP, look-up of 100",
        "one new day of 11",
    ):
        assert name in output
    assert "redis, 500 rows of 3 views" in output
    assert "Feast: left out" in output


def test_one_new_day_gives_the_rows_of_a_full_recompute(tmp_path: Path) -> None:
    _ratio, differing = days_lines(tmp_path / "days", days=20, rows_a_day=50)
    assert differing.peer == "0"
