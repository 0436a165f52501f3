"""Lines of a log by words and level, a page at a time."""

import pytest

from core.compute.observation.lines import level_of, select_lines
from core.compute.values import LogLevel

LOG = "\n".join(f"12:00:{number:02d}  step {number}" for number in range(1, 31)) + "\nWARNING: slow\nValueError: no"


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("12:00:01  step 3, loss 0.4", "info"),
        ("2026-01-01 12:00:01,120 WARNING trainer: slow", "warning"),
        ("/lib/x.py:3: UserWarning: deprecated", "warning"),
        ("WARN slow", "warning"),
        ("[ERROR] it broke", "error"),
        ("Traceback (most recent call last):", "error"),
        ("ValueError: no such column", "error"),
        ("no errors so far, mean error 0.2", "info"),
        ("", "info"),
    ],
)
def test_a_level_is_read_off_the_beginning_of_a_line(line: str, level: str) -> None:
    assert level_of(line) == level


def test_the_last_lines_come_first_and_earlier_ones_when_asked() -> None:
    last = select_lines(LOG, search="", level=None, before=0, limit=4)
    assert [line.number for line in last.lines] == [29, 30, 31, 32]
    assert (last.matching, last.total, last.warnings, last.errors) == (32, 32, 1, 1)
    earlier = select_lines(LOG, search="", level=None, before=29, limit=2)
    assert [line.number for line in earlier.lines] == [27, 28]


def test_words_and_levels_narrow_what_is_shown() -> None:
    steps = select_lines(LOG, search="STEP 2", level=None, before=0, limit=100)
    assert ([line.number for line in steps.lines], steps.matching) == ([2, *range(20, 30)], 11)
    (warning,) = select_lines(LOG, search="", level=LogLevel.WARNING, before=0, limit=9).lines
    assert (warning.number, warning.text) == (31, "WARNING: slow")
    assert select_lines("", search="", level=None, before=0, limit=9).total == 0
