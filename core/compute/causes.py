"""Why a job ended, in words, and whether trying again can help."""

from dataclasses import dataclass
from signal import Signals
from typing import Any

from core.foundation.text import _

MOST = 2000


@dataclass(frozen=True)
class Cause:
    """`words` are for people. `passing` means that the same job may succeed when it runs again; being `preempted` is
    nobody's failure and costs no attempt. What is `unforeseen` has its reason in what the process said to operators."""

    words: str
    passing: bool
    preempted: bool = False
    unforeseen: bool = False


def cause_of(
    result: dict[str, Any] | None, outcome: dict[str, Any] | None, *, last_words: str, memory_mb: int
) -> Cause:
    """From the supervisor's result (None when it died itself), what the job said, and the end of what it said to its
    standard error."""
    if result is None:
        return Cause(_("lost: the process and its supervisor are gone"), passing=True)
    if result["reason"] == "memory":
        return Cause(_out_of_memory(memory_mb), passing=False)
    if result["reason"] == "time":
        words = _("out of time: its limit is {seconds} s; request more, or make the work smaller")
        return Cause(words.format(seconds=result["seconds"]), passing=False)
    if result["reason"] == "stopped" and outcome is None:
        return _preempted()
    if outcome is not None:
        return _cause_of_outcome(outcome, memory_mb=memory_mb)
    if result["signal"]:
        return _signalled(int(result["signal"]))
    if "No space left on device" in last_words:
        return Cause(no_space(), passing=False)
    return Cause(_("exit code {code}").format(code=result["rc"]), passing=False, unforeseen=True)


def _cause_of_outcome(outcome: dict[str, Any], *, memory_mb: int) -> Cause:
    message = str(outcome.get("message", ""))
    if outcome.get("kind") == "stopped":
        return _preempted()
    words = {
        "failed": message,
        "memory": f"{_out_of_memory(memory_mb)} ({message})",
        "space": no_space(),
        "nan": _("not a number: {message}").format(message=message),
    }
    # Where in the code it happened is for those who read the operators' log.
    words_of_kind = words.get(str(outcome.get("kind"))) or _("code: {message}").format(message=message)
    return Cause(words_of_kind[:MOST], passing=False)


def _signalled(number: int) -> Cause:
    names = {signal.value: signal.name for signal in Signals}
    words = _("signal {number} ({name})").format(number=number, name=names.get(number, "?"))
    if number == Signals.SIGKILL:
        words += _(": killed from outside, perhaps by the system because memory ran out")
    return Cause(words, passing=True, unforeseen=True)


def _preempted() -> Cause:
    words = _("preempted: the portal or its machine was stopped; it goes on from its checkpoint")
    return Cause(words, passing=True, preempted=True)


def _out_of_memory(memory_mb: int) -> str:
    return _("out of memory: its limit is {memory} MB; request more, or make the work smaller").format(memory=memory_mb)


def no_space() -> str:
    """Said when the disk of the job folders is full."""
    return _("no space: the disk of the job folders is full; free some and run it again")
