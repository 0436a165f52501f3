"""Features that use the present time are refused in pandas as they are in SQL."""

from pathlib import Path

import pytest

from core.features.building.present_time import present_time_check_of_sample
from core.features.logic.pandas_logic import run_python
from core.foundation.errors import Invalid
from core.sandbox.present_time import AHEAD_SECONDS, SHARED_FILES, SHARED_MEMORY, clear_away
from tests.features.departures import LIMITS, VIEW_SQL, build, flights

# Each is a way to see a clock, or a part of what it says.
CLOCKS = """
import datetime, os, time
import duckdb, numpy, pandas as pd, pyarrow.compute as pc
def features(flights):
    now = datetime.datetime.now()
    seen = {
        "pandas": str(pd.Timestamp.now().normalize()), "today": str(pd.Timestamp.today().date()),
        "datetime": str(now.date()), "utc": str(datetime.datetime.now(datetime.UTC).date()),
        "date": str(datetime.date.today()), "time": time.time() // 86400, "nanoseconds": time.time_ns() // 10**15,
        "clock": time.clock_gettime(time.CLOCK_REALTIME) // 86400, "text": time.strftime("%Y-%m-%d"),
        "numpy": str(numpy.datetime64("now", "D")), "to_datetime": str(pd.to_datetime("now").date()),
        "engine": str(duckdb.sql("SELECT today()").fetchall()[0][0]),
        "year": now.year, "month": now.month, "weekday": now.weekday(), "hour": now.hour,
    }
    return flights[["carrier"]].head(1).assign(**seen, steady=time.monotonic() > 0, environment=str(sorted(os.environ)))
"""
USING = """
import pandas as pd
def features(flights):
    age = (pd.Timestamp.now(tz="UTC") - flights["due_at"]).dt.days
    return flights[["carrier", "left_at"]].assign(age=age{more})
"""
STEADY = "def features(flights):\n    return flights[['carrier', 'left_at', 'distance']]\n"


def test_every_way_to_see_the_clock_sees_another_one() -> None:
    (now,), (later,) = (
        run_python(CLOCKS, [{"flights": flights(3)}], limits=LIMITS, ahead_seconds=ahead)
        for ahead in (0, AHEAD_SECONDS)
    )
    assert not isinstance(now, Invalid)
    assert not isinstance(later, Invalid)
    same = [name for name in now.column_names if now.column(name).equals(later.column(name))]
    assert same == ["carrier", "steady", "environment"]


def test_nothing_of_another_clock_stays_on_the_machine() -> None:
    pid = 2**31
    paths = [SHARED_MEMORY / name.format(pid=pid) for name in SHARED_FILES]
    for path in paths:
        path.touch()
    clear_away(pid)
    assert [path for path in paths if path.exists()] == []


def test_pandas_that_uses_the_present_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        build(tmp_path, "", python=USING.format(more=""), table=flights(60), marks={})
    assert refusal.value.message == "Python: age depends on the present time"
    assert "not from the clock" in refusal.value.hint


def test_pandas_beside_sql_is_tried_on_a_sample(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="age depends on the present time"):
        build(tmp_path, VIEW_SQL, python=USING.format(more=", mean_delay=1.0"), table=flights(60), marks={})


def test_what_takes_its_times_from_its_sources_passes(tmp_path: Path) -> None:
    result = build(tmp_path, "", python=STEADY, table=flights(60), marks={})
    assert [check.verdict for check in result.checks if check.name == "Pandas does not use the present time"] == [
        "pass"
    ]


def test_a_failure_by_another_clock_is_said_as_that() -> None:
    code = "import time\ndef features(flights):\n    assert time.time() < {end}, 'too late'\n    return flights\n"
    limited = code.format(end=f"{AHEAD_SECONDS} + {__import__('time').time()}")
    with pytest.raises(Invalid, match="by a clock that is more than a year ahead it fails: Python: AssertionError"):
        present_time_check_of_sample(limited, {"flights": flights(3)}, limits=LIMITS, has_clock=True)


def test_without_another_clock_it_says_that_it_was_not_checked() -> None:
    check = present_time_check_of_sample(STEADY, {"flights": flights(3)}, limits=LIMITS, has_clock=False)
    assert check.verdict == "inconclusive"
    assert check.detail.startswith("Not checked: this machine has no libfaketime")
