"""SQL and pandas of one feature: what must agree does, and every planted difference is found and shown."""

from pathlib import Path
from typing import Any

import pytest

from core.features.building.agreement import same
from core.features.values import Check
from core.sandbox.limits import TimedOut
from tests.features.departures import VIEW_SQL, build

PANDAS = """
import pandas as pd

def features(flights):
    timed = flights.dropna(subset=["carrier", "left_at"]).sort_values("left_at")
    rows = []
    for carrier, part in timed.groupby("carrier"):
        moments, delays = part["left_at"].to_numpy(), part["delay"].to_numpy("float64", na_value=float("nan"))
        for moment in moments:
            window = delays[(moments >= moment - pd.Timedelta("1D")) & (moments {end} moment)]
            window = {values}
            rows.append((carrier, moment, {mean} if len(window) else None))
    made = pd.DataFrame(rows, columns=["carrier", "left_at", "mean_delay"])
    return made.astype({{"carrier": "string", "left_at": "datetime64[us, UTC]", "mean_delay": "Float64"}})
"""
FINITE, MEAN = "window[window == window]", "window.mean()"
DAY_SQL = """
SELECT carrier, date_trunc('day', left_at) + INTERVAL 1 DAY AS day, count(*) AS flights
FROM flights WHERE left_at IS NOT NULL GROUP BY ALL
"""
DAY_PANDAS = """
def features(flights):
    timed = flights.dropna(subset=["left_at"])
    day = timed["left_at"]{zone}.dt.floor("D"){back} + pd.Timedelta("1D")
    return timed.assign(day=day).groupby(["carrier", "day"], dropna=False).size().reset_index(name="flights")
"""
LAST_SQL = """
SELECT carrier, date_trunc('hour', left_at) + INTERVAL 1 HOUR AS hour, arg_max(delay, (left_at, id)) AS last
FROM flights WHERE left_at IS NOT NULL AND id IS NOT NULL AND carrier IS NOT NULL AND delay IS NOT NULL GROUP BY ALL
"""
LAST_PANDAS = """
def features(flights):
    timed = flights.dropna(subset=["left_at", "id", "carrier", "delay"]).sort_values({by})
    timed = timed.assign(hour=timed["left_at"].dt.floor("h") + pd.Timedelta("1h"))
    return timed.groupby(["carrier", "hour"])["delay"].{take}().reset_index(name="last")
"""


def agreed(folder: Path, sql: str, python: str, **changes: Any) -> Check:
    result = build(folder, sql, python="import pandas as pd\n" + python, marks={}, **changes)
    (check,) = [check for check in result.checks if check.name == "SQL and pandas agree"]
    return check


def window(*, end: str = "<", values: str = FINITE, mean: str = MEAN) -> str:
    return PANDAS.format(end=end, values=values, mean=mean)


def test_two_forms_of_one_meaning_agree_on_every_sample(tmp_path: Path) -> None:
    check = agreed(tmp_path, VIEW_SQL, window())
    assert (check.verdict, check.rows) == ("pass", ())
    assert "of 9 samples" in check.detail


def test_the_day_and_the_last_one_agree_when_they_are_written_alike(tmp_path: Path) -> None:
    assert agreed(tmp_path, DAY_SQL, DAY_PANDAS.format(zone="", back=""), event_time="day").verdict == "pass"
    last = LAST_PANDAS.format(by='["left_at", "id"]', take="last")
    assert agreed(tmp_path, LAST_SQL, last, event_time="hour").verdict == "pass"


PLANTED = {
    "a mean of whole numbers as a whole number": (VIEW_SQL, window(mean="window.mean() // 1"), {}),
    "nulls that count as nought": (
        VIEW_SQL,
        window(values="np.nan_to_num(window)").replace("pd\n", "pd, numpy as np\n"),
        {},
    ),
    "a window that has the event in it": (VIEW_SQL, window(end="<="), {}),
    "a window that is a row too short": (VIEW_SQL, window(values=f"({FINITE})[1:]"), {}),
    "a local day": (
        DAY_SQL,
        DAY_PANDAS.format(
            zone='.dt.tz_convert("America/New_York").dt.tz_localize(None)', back='.dt.tz_localize("UTC")'
        ),
        {"event_time": "day"},
    ),
    "a tie that is broken the other way": (
        LAST_SQL,
        "def features(flights):\n"
        '    timed = flights.dropna(subset=["left_at", "id", "carrier", "delay"])\n'
        '    timed = timed.sort_values(["left_at", "id"], ascending=[True, False])\n'
        '    timed = timed.assign(hour=timed["left_at"].dt.floor("h") + pd.Timedelta("1h"))\n'
        '    return timed.groupby(["carrier", "hour"])["delay"].last().reset_index(name="last")\n',
        {"event_time": "hour"},
    ),
    "a group without values that is left out": (
        "SELECT carrier, max(left_at) AS at, sum(delay) AS total FROM flights GROUP BY carrier",
        "def features(flights):\n"
        "    found = flights.groupby('carrier').agg(at=('left_at', 'max'), total=('delay', 'sum')).reset_index()\n"
        "    return found[found['total'] != 0]\n",
        {"event_time": "at"},
    ),
    "text that is trimmed": (
        "SELECT carrier, left_at, carrier || ' ' AS word FROM flights",
        "def features(flights):\n    return flights[['carrier', 'left_at']].assign(word=flights['carrier'])\n",
        {},
    ),
    "a column that is not there": (
        "SELECT carrier, left_at, distance FROM flights",
        "def features(flights):\n    return flights[['carrier', 'left_at']]\n",
        {},
    ),
    "an error on no rows": (
        "SELECT carrier, left_at, distance FROM flights",
        "def features(flights):\n"
        "    flights['distance'].iloc[0]\n"
        "    return flights[['carrier', 'left_at', 'distance']]\n",
        {},
    ),
    "whole numbers beyond 2^53 through fractions": (
        "SELECT carrier, left_at, id + 9007199254740993 AS n FROM flights",
        "def features(flights):\n"
        "    n = (flights['id'] + 9007199254740993).astype('Float64').astype('Int64')\n"
        "    return flights[['carrier', 'left_at']].assign(n=n)\n",
        {},
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_difference_is_found_and_shown(tmp_path: Path, case: str) -> None:
    sql, python, changes = PLANTED[case]
    check = agreed(tmp_path, sql, python, **changes)
    assert check.verdict == "fail", check
    assert check.columns[0] == "sample"
    assert check.columns[-2:] == ("SQL", "pandas")
    assert check.rows
    assert all(row[-2] != row[-1] for row in check.rows), check.rows
    assert check.detail.startswith("Differences: ")


def test_time_that_is_over_is_no_difference(tmp_path: Path) -> None:
    """The sandbox says so from within the code, on whichever sample it is then."""
    over = "from core.sandbox.limits import TimedOut\n" + window().replace(
        "    timed =", "    if len(flights) < 400:\n        raise TimedOut('It took too long')\n    timed ="
    )
    with pytest.raises(TimedOut, match="It took too long"):
        agreed(tmp_path, VIEW_SQL, over)


def test_the_samples_are_the_same_each_time(tmp_path: Path) -> None:
    first, second = (agreed(tmp_path, VIEW_SQL, window(end="<=")) for _ in range(2))
    assert first == second


def test_what_neither_form_can_run_on_is_inconclusive_and_no_rows_are_no_data(tmp_path: Path) -> None:
    sql = "SELECT carrier, left_at, distance FROM flights WHERE carrier = 'A' AND left_at < TIMESTAMPTZ '2013-01-02'"
    python = (
        "def features(flights):\n"
        "    early = flights['left_at'] < pd.Timestamp('2013-01-02', tz='UTC')\n"
        "    chosen = ((flights['carrier'] == 'A') & early).fillna(False).astype(bool)\n"
        "    return flights[chosen][['carrier', 'left_at', 'distance']]\n"
    )
    assert agreed(tmp_path, sql, python).verdict in ("pass", "no data")


@pytest.mark.parametrize(
    ("left", "right", "alike"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-6, False),
        (1, 1.0, True),
        (2**53 + 1, 2**53, False),
        (True, 1, False),
        ("1", 1, False),
        (None, float("nan"), True),
        (None, 0, False),
        (float("inf"), float("inf"), True),
        ("a", "A", False),
    ],
)
def test_what_is_the_same(left: Any, right: Any, alike: bool) -> None:
    assert same(left, right) is alike
    assert same(right, left) is alike
