"""The log of a process: every line with what is known, in one form for our code and for libraries, without secrets."""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.foundation.observability.logs import Lines, log_context

ROOT = Path(__file__).resolve().parents[3]
TALKATIVE = """
import logging, sys, warnings
from core.foundation.observability.logs import adopt_loggers, configure_logs, log_context
configure_logs(process="worker", form=sys.argv[1], level=sys.argv[2], secrets=[("swordfish", "***")])
foreign = logging.getLogger("library")
foreign.addHandler(logging.StreamHandler())
foreign.propagate = False
adopt_loggers()
with log_context(job="JOB-3", request=""):
    logging.getLogger("core.compute").info("started %s", "swordfish", extra={"attempt": 2})
logging.getLogger("core.compute").debug("a detail")
foreign.info("nobody asked")
foreign.warning("password=hunter2 of %s", "sc://host:1/;token=hunter2")
warnings.warn("old")
try:
    secret = "hunter2"
    raise ValueError("swordfish")
except ValueError:
    logging.getLogger("app").exception("error abc123")
"""


def lines_of(form: str, level: str = "info") -> list[str]:
    command = [sys.executable, "-c", TALKATIVE, form, level]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_has_one_document_a_line_with_all_that_is_known() -> None:
    lines = [json.loads(line) for line in lines_of("json")]
    started, foreign, warning, error = lines
    assert list(started)[:7] == ["time", "level", "event", "logger", "process", "pid", "job"]
    assert (started["event"], started["level"], started["process"]) == ("started ***", "info", "worker")
    assert (started["job"], started["attempt"], started["logger"]) == ("JOB-3", 2, "core.compute")
    assert started["time"].endswith("Z")
    assert foreign["event"] == "password=*** of sc://host:1/;token=***"
    assert "job" not in foreign
    assert "old" in warning["event"]
    assert (error["event"], error["exception"].splitlines()[-1]) == ("error abc123", "ValueError: ***")


def test_a_console_gets_the_same_as_words_and_tracebacks_without_local_variables() -> None:
    text = "\n".join(lines_of("console"))
    assert "started ***" in text
    assert "job=JOB-3" in text
    assert "ValueError: ***" in text
    assert "hunter2" not in text.replace('secret = "hunter2"', "")
    assert "\x1b[" not in text


def test_the_level_decides_what_our_own_code_says() -> None:
    assert not [line for line in lines_of("json", "warning") if json.loads(line)["level"] == "info"]
    assert [line for line in lines_of("json", "debug") if "a detail" in line]
    assert not [line for line in lines_of("json", "debug") if "nobody asked" in line]


@pytest.mark.parametrize("where", ["fail()", "threading.Thread(target=fail).start()"])
def test_what_ends_a_process_or_a_thread_is_a_line_without_secrets(where: str) -> None:
    script = (
        "import threading\nfrom core.foundation.observability.logs import configure_logs\n"
        "def fail(): raise ValueError('redis://:hunter2@cache')\n"
        f"configure_logs(process='worker', form='json')\n{where}\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    line = json.loads(done.stderr)
    assert (line["event"], line["process"]) == ("unhandled error", "worker")
    assert line["exception"].endswith("ValueError: redis://***@cache")


def test_what_is_known_of_the_work_ends_with_it() -> None:
    assert written(logging.makeLogRecord({"msg": "before"})).keys().isdisjoint({"request", "job"})
    with log_context(request="r-1", object="EP-1"), log_context(job="JOB-1", object="MV-1"):
        inside = written(logging.makeLogRecord({"msg": "inside"}))
    assert (inside["request"], inside["job"], inside["object"]) == ("r-1", "JOB-1", "MV-1")
    assert "request" not in written(logging.makeLogRecord({"msg": "after"}))


def test_the_time_of_a_line_is_when_it_was_said() -> None:
    record = logging.makeLogRecord({"msg": "earlier", "created": time.mktime((2026, 1, 2, 3, 4, 5, 0, 0, 0))})
    assert written(record)["time"].startswith("2026-01-0")


@pytest.mark.parametrize("message", ["{", "%s", '"', "line\nbreak", "\x00\x1b[31m"])
def test_whatever_is_said_is_one_line(message: str) -> None:
    record = logging.makeLogRecord({"msg": message, "caller": message})
    line = Lines(as_json=True, facts={"process": "portal"}).format(record)
    assert json.loads(line)["event"] == json.loads(line)["caller"] == message
    assert "\n" not in line
    assert Lines(as_json=False, facts={}).format(record).isprintable()


def written(record: logging.LogRecord) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Lines(as_json=True, facts={"process": "portal"}).format(record))
    return document
