"""What may be claimed of a difference. Nothing is, as long as its interval holds 0."""

from typing import Literal

from core.tasks.values import Better, Interval, Verdict


def gain(delta: Interval, *, better: Better) -> Interval:
    """A delta turned so that more is better."""
    if better == "up":
        return delta
    return Interval(value=-delta.value, low=-delta.high, high=-delta.low)


def non_inferiority(delta: Interval | None, *, better: Better, margin: float) -> Verdict:
    """Whether a candidate is at most `margin` worse: passed when the whole interval says so, failed when none
    of it does. W. C. Blackwelder, Controlled Clinical Trials 3 (1982)."""
    if delta is None:
        return Verdict.NO_DATA
    turned = gain(delta, better=better)
    if turned.low >= -margin:
        return Verdict.PASS
    return Verdict.FAIL if turned.high < -margin else Verdict.INCONCLUSIVE


def outcome(delta: Interval, *, better: Better) -> Literal["better", "worse", "same"]:
    """What can be claimed of a delta: "same" as long as its interval holds 0."""
    turned = gain(delta, better=better)
    if turned.low > 0:
        return "better"
    return "worse" if turned.high < 0 else "same"
