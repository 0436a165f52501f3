"""User code does its work in the sandbox and reaches nothing else: not by files, not by the network, not by processes;
and whatever it does, it ends in time."""

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.foundation.errors import Invalid, Unavailable
from core.sandbox import landlock, seccomp
from core.sandbox.limits import HARD_SECONDS, Limits
from core.sandbox.runner import best_sandbox, run_sandboxed
from core.sandbox.sandbox import Sandbox
from tests.sandbox.attacks import ATTACKS, EXHAUSTING, IN_PARTS, PIPE
from tests.sandbox.running import ANSWERS, ENTRY, LIMITS, children, flights, job_spec_of, run

MEAN = """
def features(flights):
    made = flights.sort_values("moment").copy()
    made["mean"] = made.groupby("carrier")["delay"].transform("mean").astype("Float64")
    return made[["carrier", "moment", "mean"]]
"""


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder with a secret, a socket that listens, and the job's folder inside it."""
    (tmp_path / "secret.txt").write_text("the secret")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "listening"))
        listening.listen()
        yield tmp_path


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def attack(outside: Path, port: int, *, chosen: str = "") -> str:
    text = ATTACKS.replace("@outside@", str(outside)).replace("@port@", str(port))
    return text.replace("@chosen@", chosen).replace("@none@", "-1")


# The sandbox, and whether its process is forked from a starter.
STARTS = [(Sandbox.LANDLOCK, False), (Sandbox.LANDLOCK, True), (Sandbox.BUBBLEWRAP, False)]


@pytest.mark.parametrize(("sandbox", "keep_warm"), STARTS)
def test_user_code_works_in_the_sandbox(outside: Path, sandbox: Sandbox, keep_warm: bool) -> None:
    for job_spec in (
        job_spec_of(MEAN),
        job_spec_of(sql="SELECT carrier, moment, avg(delay) OVER (PARTITION BY carrier) AS mean FROM flights"),
    ):
        answer = run(outside, job_spec, sandbox=sandbox, keep_warm=keep_warm)
        means = {row[0]: row[2] for row in answer["preview"]["rows"]}
        assert means == {"A": 3.0, "B": 5.0}


@pytest.mark.parametrize(("sandbox", "keep_warm"), STARTS)
def test_no_attack_gets_anything(
    outside: Path, port: int, sandbox: Sandbox, keep_warm: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSEWAY_SECRET", "canary")
    job_spec = job_spec_of(attack(outside, port), keys=("attack",))
    answer = run(outside, job_spec, sandbox=sandbox, keep_warm=keep_warm)
    rows = {row[0]: row[2] for row in answer["preview"]["rows"]}
    assert answer["preview"]["total"] == len(re.findall(r"^def (?!_|called|features)", ATTACKS, re.MULTILINE)) > 60
    # Inside a namespace there are a root, processes and names of its own; nothing of ours is in them.
    own = {"list_root", "list_parent", "list_processes"}
    own |= {"read_own_memory_file", "read_environment_of_parent", "read_command_of_parent"}
    got = {name: outcome for name, outcome in rows.items() if outcome.startswith("GOT")}
    assert {name: got[name] for name in got if sandbox is Sandbox.LANDLOCK or name not in own} == {}
    assert (outside / "secret.txt").read_text() == "the secret"
    assert sorted(path.name for path in outside.iterdir()) == ["flights.parquet", "job", "listening", "secret.txt"]


def test_the_attacks_would_get_something_without_a_sandbox(outside: Path, port: int) -> None:
    """The same attacks, unprotected: so it is the sandbox that stops them. Only harmless ones are tried."""
    loose = Limits(seconds=20, memory_mb=512, rows=10_000, threads=1, sandboxed=False)
    for name in ("read_outside", "read_passwd", "tcp", "udp", "pair_of_sockets", "list_processes", "kill_parent"):
        with pytest.raises(Invalid) as refusal:
            run(outside, job_spec_of(attack(outside, port, chosen=name)), limits=loose)
        assert "gives a" in refusal.value.message, (name, refusal.value.message)


@pytest.mark.parametrize("what", EXHAUSTING)
def test_whatever_wears_the_machine_down_is_ended(outside: Path, what: str) -> None:
    code = f"{PIPE}\ndef features(flights):\n    {EXHAUSTING[what]}\n"
    limits = Limits(seconds=1, memory_mb=64, rows=10_000, threads=1)
    began = time.monotonic()
    with pytest.raises(Invalid) as refusal:
        run(outside, job_spec_of(code), limits=limits, keep_warm=True)
    assert refusal.value.message
    assert time.monotonic() - began < limits.seconds + HARD_SECONDS + 3


# What each limit says when it is the one that ended the code. None of these is ended by time.
LIMIT_MESSAGES = {
    "memory that is used": (EXHAUSTING["memory, slowly"], r"needs more memory than it may have \(64 MB\)"),
    "memory that is only asked for": (
        "import mmap; mmap.mmap(-1, 8 << 30, flags=mmap.MAP_PRIVATE)",
        "Cannot allocate memory",
    ),
    "answers": (EXHAUSTING["the answer"], "writes more output than it may"),
    "a file": ("open('big', 'wb').truncate(9 << 30)", "File too large"),
    "open files": ("x = [open('/dev/null') for _ in range(300)]", "Too many open files"),
}


@pytest.mark.parametrize("what", LIMIT_MESSAGES)
@pytest.mark.parametrize("keep_warm", [False, True])
def test_each_limit_ends_code_by_itself_long_before_its_time_is_over(outside: Path, what: str, keep_warm: bool) -> None:
    body, message = LIMIT_MESSAGES[what]
    limits = Limits(seconds=120, memory_mb=64, rows=10_000, threads=1)
    code = f"{PIPE}\ndef features(flights):\n    {body}\n    return flights\n"
    began = time.monotonic()
    with pytest.raises(Invalid, match=message):
        run(outside, job_spec_of(code), limits=limits, keep_warm=keep_warm)
    assert time.monotonic() - began < limits.seconds / 2


IN_PARTS_MESSAGES = {
    "disk, file by file": r"writes more files than it may \(128 MB\)",
    "names of files": r"writes more files than it may \(128 MB\)",
    "threads, small ones": r"starts more than \d+ threads",
}


@pytest.mark.parametrize("what", IN_PARTS)
def test_what_is_taken_in_small_parts_is_counted_together(outside: Path, what: str) -> None:
    limits = Limits(seconds=120, memory_mb=64, rows=10_000, threads=1)
    with pytest.raises(Invalid, match=IN_PARTS_MESSAGES[what]):
        run(outside, job_spec_of(f"def features(flights):\n    {IN_PARTS[what]}\n"), limits=limits, keep_warm=True)
    # Nothing of it stays.
    assert list((outside / "job").iterdir()) == []


RUNAWAY = {
    "a cross join": "SELECT count(*) AS n FROM range(10000000) a, range(10000000) b",
    "a long sum": "SELECT sum(range) AS n FROM range(10000000000000)",
    "a text of gigabytes": "SELECT length(repeat('x', 4000000000)) AS n",
    "a list of everything": "SELECT len(list(range)) AS n FROM range(1000000000)",
    "two long texts compared": "SELECT levenshtein(repeat('ab', 500000), repeat('ba', 500001)) AS n",
    "a mode over a wide frame": (
        "SELECT mode(range) OVER (ROWS BETWEEN 1000000 PRECEDING AND CURRENT ROW) AS n FROM range(2000000)"
    ),
    "a sort of everything": "SELECT range AS n FROM range(1000000000) ORDER BY hash(range)",
    "groups without end": (
        "SELECT count(*) AS n FROM (SELECT range % 999999999 AS g FROM range(1000000000) GROUP BY g)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", RUNAWAY)
def test_a_query_that_runs_away_is_ended(outside: Path, what: str) -> None:
    """Some functions of the engine hear no interrupt; the end of their process is the one thing that stops them."""
    sql = f"SELECT carrier, moment, x.n FROM flights, ({RUNAWAY[what]}) x"
    limits = Limits(seconds=1, memory_mb=256, rows=10_000, threads=1)
    began = time.monotonic()
    with pytest.raises(Invalid):
        run(outside, job_spec_of(sql=sql), limits=limits, keep_warm=True)
    assert time.monotonic() - began < limits.seconds + HARD_SECONDS + 3


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[1, 2]", "7", '"progress"', '{"progress": 1}', '{"refused": ["a"]}', '{"progress": [null, 1]}'],
)
def test_what_people_code_says_over_the_pipe_is_believed_by_its_form_alone(outside: Path, line: str) -> None:
    code = f"{PIPE}\ndef features(flights):\n    os.write(pipe(), {(line + chr(10)).encode()!r})\n    return flights\n"
    with pytest.raises(Invalid, match="malformed result"):
        run(outside, job_spec_of(code), keep_warm=True)


def test_a_stop_ends_the_code_at_once(outside: Path) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid, match="stopped"):
        run_sandboxed(
            ENTRY, job_spec_of("def features(flights):\n    while True: pass"), answers=ANSWERS,
            inputs={"flights": flights(outside)},
            outputs=outside / "job", limits=LIMITS, stop=lambda: time.monotonic() - began > 0.5,
        )  # fmt: skip
    assert time.monotonic() - began < 5


def test_an_error_arrives_as_what_it_is(outside: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        run(outside, job_spec_of("def features(flights):\n    return flights['nowhere']"))
    assert (refusal.value.field, refusal.value.message) == ("python", "Python: KeyError: 'nowhere'")


def test_no_process_outlives_its_run(outside: Path) -> None:
    before = children()
    with pytest.raises(Invalid):
        run(outside, job_spec_of("def features(flights):\n    import os; os.abort()"))
    assert children() - before == set()


def test_without_a_sandbox_user_code_is_refused(outside: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be sandboxed") as refused:
        run(outside, job_spec_of(MEAN), sandbox=Sandbox.NONE)
    assert "CAUSEWAY_USER_CODE" in refused.value.hint


def test_this_machine_has_the_strongest_sandbox() -> None:
    assert best_sandbox() is Sandbox.LANDLOCK
    assert landlock.version() >= 1


@pytest.mark.parametrize("machine", seccomp.MACHINES)
def test_the_filter_of_calls_is_well_formed(machine: str) -> None:
    """Every jump lands inside, and the last instruction answers; the kernel would refuse anything else."""
    instructions = seccomp.program(machine, own_id=1, keeping_files=True)
    assert len(instructions) < 4096
    assert instructions[-1] == (seccomp.ANSWER, 0, 0, seccomp.ALLOW)
    for place, (_code, if_true, if_false, _value) in enumerate(instructions):
        assert place + 1 + max(if_true, if_false) <= len(instructions)
