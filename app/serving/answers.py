"""What a model says of one row, in the words of its task."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from app.ui import charts, links, numbers
from core.foundation.text import _
from core.tasks.task import task_of
from core.tasks.values import ShownAnswer, Target

# Of more classes the most probable ones.
MOST_SHARES = 8


def show_answer(prediction: Mapping[str, Any], *, target: Target) -> None:
    """Each part as a figure, the probabilities of names as bars, and an interval below the number."""
    for number, answer in enumerate(task_of(target).shown(prediction, target=target)):
        st.metric(links.escape(answer.title), words_of(answer), border=True)
        if interval := interval_of(answer, promised=target.interval):
            st.caption(interval)
        if answer.shares:
            _bars(answer.shares, key=f"answer_{number}")


def interval_of(answer: ShownAnswer, *, promised: float | None) -> str:
    """Where the number should lie; empty where the model gives no interval."""
    if answer.low is None or answer.high is None:
        return ""
    words = _("between {low} and {high}") if promised is None else _("{share} of the time between {low} and {high}")
    ends = {"low": numbers.number(answer.low), "high": numbers.number(answer.high)}
    return words.format(share=numbers.percent(promised), **ends)


def _bars(shares: Mapping[str, float], *, key: str) -> None:
    largest = list(shares.items())[:MOST_SHARES]
    names, percents = [escape(name, quote=False) for name, _share in largest], [100 * share for _name, share in largest]
    charts.ranking(names, percents, key=key, x="%", alt=_("Probability of each class"))


def words_of(answer: ShownAnswer) -> str:
    if isinstance(answer.value, str):
        return answer.value
    return numbers.percent(answer.value) if answer.is_share else numbers.number(answer.value)
