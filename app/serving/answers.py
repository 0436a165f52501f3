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
        if answer.low is not None and answer.high is not None:
            between = _("between {low} and {high}")
            if target.interval is not None:
                between = _("in {share} of the cases between {low} and {high}")
            ends = {"low": numbers.number(answer.low), "high": numbers.number(answer.high)}
            st.caption(between.format(share=numbers.percent(target.interval), **ends))
        if answer.shares:
            shown = list(answer.shares.items())[:MOST_SHARES]
            names, shares = (
                [escape(name, quote=False) for name, _share in shown],
                [100 * share for _name, share in shown],
            )
            charts.ranking(names, shares, key=f"answer_{number}", x="%", alt=_("Probability of each class"))


def words_of(answer: ShownAnswer) -> str:
    if isinstance(answer.value, str):
        return answer.value
    return numbers.percent(answer.value) if answer.is_share else numbers.number(answer.value)
