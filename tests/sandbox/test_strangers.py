"""Code that people write has a process to itself: those who check it run in another one, and what it says is read like
the words of a stranger. Whatever it does, a refusal in words comes of it."""

import json
from pathlib import Path

import pytest

from core.features.logic.pandas_logic import run_python
from core.foundation.errors import Invalid
from core.sandbox.limits import Limits, TimedOut
from core.sandbox.messages import message_of, refusal_of
from tests.features.departures import build, flights
from tests.sandbox.attacks import PIPE
from tests.sandbox.running import job_spec_of, run

CALL = {
    "entry": "core.features.logic.python_call:call",
    "job_spec": {},
    "inputs": {},
    "outputs": "/",
    "ahead_seconds": 0,
}
FORGED = {
    "nonsense": "nonsense",
    "a list": "[1, 2]",
    "nothing": "{}",
    "two messages in one": '{"result": [null], "progress": [0.5, ""]}',
    "another result": '{"result": {"features": [], "rows": 3}}',
    "too many results": '{"result": [null, null]}',
    "a letter that is none": '{"result": [["\\ud800", ""]]}',
    "numbers as words": '{"result": [[1, 2]]}',
    "no number": '{"progress": [NaN, ""]}',
    "an endless number": '{"progress": [1e999, ""]}',
    "more than all": '{"progress": [7, ""]}',
    "nested": '{"result": ' + "[" * 100_000,
    "nested and closed": '{"result": ' + "[" * 5000 + "]" * 5000 + "}",
    "digits": '{"result": ' + "9" * 100_000 + "}",
    "an unknown key": '{"resolt": 1}',
    "a call": json.dumps({"call": CALL}),
    "a refusal without words": '{"refused": ["Invalid"]}',
    "a refusal of numbers": '{"refused": [1, 2, 3, 4, 5]}',
    "a refusal at no line": '{"refused": ["Invalid", "x", "", "", -1]}',
}


def refusal_of_line(folder: Path, line: str) -> Invalid:
    """The refusal that comes of a line that code sends instead of its frame."""
    code = f"{PIPE}\ndef features(flights):\n    os.write(pipe(), {(line + chr(10)).encode()!r})\n    return flights\n"
    with pytest.raises(Invalid) as refusal:
        run(folder, job_spec_of(code), keep_warm=True)
    return refusal.value


def refusal_by_form(line: str) -> Invalid:
    with pytest.raises(Invalid) as refusal:
        message_of(line.encode())
    return refusal.value


def is_message(line: str) -> bool:
    try:
        return message_of(line.encode()).model_fields_set <= {"result", "call"}
    except Invalid:
        return False


@pytest.mark.parametrize("what", FORGED)
def test_what_code_says_is_read_like_the_words_of_a_stranger(what: str, tmp_path: Path) -> None:
    line = FORGED[what]
    # Of some the form is right, and it is what a process of people's code may not say.
    refused = refusal_of_line(tmp_path, line) if is_message(line) else refusal_by_form(line)
    assert refused.message == "The code returned a malformed result"


def test_code_passes_for_no_machine_that_fails_and_no_right_that_is_missing(tmp_path: Path) -> None:
    forged = json.dumps({"refused": ["Unavailable", "The store\n\u202e is gone", "Again.", "sql", 0]})
    refusal = refusal_of_line(tmp_path, forged)
    assert (type(refusal), refusal.message, refusal.hint) == (Invalid, "The store   is gone", "Again.")
    for kind in ("NotAllowed", "NotFound", "Conflict", "PortalError", "__class__"):
        message = message_of(json.dumps({"refused": [kind, "x", "", "", 0]}).encode())
        assert type(refusal_of(message, untrusted=True)) is Invalid
    assert type(refusal_of(message_of(b'{"refused": ["TimedOut", "", "", "", 0]}'), untrusted=True)) is TimedOut


ERRORS = {
    "that cannot say itself": "class E(Exception):\n    def __str__(self): raise RuntimeError('/secret')\nraise E",
    "that says a number": "class E(Exception):\n    def __str__(self): return 3\nraise E",
    "that ends what reads it": "class E(Exception):\n    def __str__(self): raise SystemExit\nraise E",
    "that cannot be pickled": "class E(Exception):\n    def __reduce__(self): raise RuntimeError\nraise E('x')",
    "without a name": "raise type('\\ud800', (Exception,), {})('\\udfff')",
    "of ours": "from core.foundation.errors import Unavailable\nraise Unavailable('The store is gone')",
    "of ours without words": "from core.foundation.errors import Invalid\nraise Invalid(object())",
    "that is no exception": "raise KeyboardInterrupt",
    "when its frame is read": (
        "class N:\n    def __str__(self): raise RuntimeError\nreturn flights.rename(columns={'delay': N()})"
    ),
    "in what removes it": "class D:\n    def __del__(self): raise RuntimeError\nD()\nraise ValueError",
}


@pytest.mark.parametrize("what", ERRORS)
def test_no_error_of_code_shows_anything_of_ours(what: str, tmp_path: Path) -> None:
    code = "def features(flights):\n" + "\n".join(f"    {line}" for line in ERRORS[what].splitlines())
    with pytest.raises(Invalid) as refusal:
        run(tmp_path, job_spec_of(code), keep_warm=True)
    words = refusal.value.in_full
    assert type(refusal.value) is Invalid
    assert not any(part in words for part in ("Traceback", "File", ".py", "/secret")), words
    assert words.encode()


CHEATS = {
    "patches the checks": (
        "import core.features.building.build as build, core.features.building.future_leakage_queries as queries\n"
        "for module in (build, queries):\n"
        "    module.compare = module.check_repeats = module.view_leaks = lambda *a, **k: ()\n"
    ),
    "patches what runs it": (
        "import gc\n"
        "for thing in [thing for thing in gc.get_objects() if type(thing).__name__ == 'Builder']:\n"
        "    thing.refuse_chance = thing.leaks = lambda *a: ()\n"
    ),
    "remembers what it gave": "import builtins\nfirst = getattr(builtins, 'first', None)\n",
    "keeps what it gave in a file": (
        "import glob, pandas\n"
        "kept = [*glob.glob('first.pickle'), *glob.glob('../../**/first.pickle', recursive=True)]\n"
        "first = pandas.read_pickle(kept[0]) if kept else None\n"
    ),
}
LEAKING = """
import builtins
def features(flights):
    made = flights[["carrier"]].assign(left_at=flights["due_at"], x=flights["delay"].astype("Float64"))
    first = globals().get("first")
    builtins.first = made if first is None else first
    try:
        builtins.first.to_pickle("first.pickle")
    except OSError:
        pass
    return builtins.first
"""


@pytest.mark.parametrize("how", CHEATS)
def test_logic_that_uses_the_future_is_found_whatever_it_does_to_the_checks(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Invalid, match="Future leakage in x"):
        build(tmp_path, "", python=CHEATS[how] + LEAKING, table=flights(60))


def test_chance_is_found_whatever_it_remembers(tmp_path: Path) -> None:
    chance = LEAKING.replace('flights["delay"]', "pandas.Series(numpy.random.default_rng().random(len(flights)))")
    code = "import numpy, pandas\n" + CHEATS["remembers what it gave"] + chance
    with pytest.raises(Invalid, match="does not give the same x twice"):
        build(tmp_path, "", python=code, table=flights(60), marks={})


FORGING = """
import os, sys
def features(flights):
    open("frame_0.arrow", "wb").write({data})
    os.write(int(sys.argv[1]), b'{{"result": [null]}}\\n')
    os._exit(0)
"""


@pytest.mark.parametrize("data", ["b''", "b'ARROW1' + bytes(1000) + b'ARROW1'", "os.urandom(5000)"])
def test_a_frame_that_is_forged_is_refused(data: str) -> None:
    limits = Limits(seconds=20, memory_mb=256, rows=100, threads=1)
    with pytest.raises(Invalid, match="malformed result"):
        run_python(FORGING.format(data=data), [{"flights": flights(3)}], limits=limits)
