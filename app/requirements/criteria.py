"""The editor of acceptance conditions: one line each, with the metric, the direction that fits it, and the limit."""

from collections.abc import Sequence

import streamlit as st

from app.ui.numbers import is_less_better, metric_name, unit_of
from app.ui.wording import COMPARISONS
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.requirements.values import Comparison, Criterion
from core.tasks.task import all_metrics, all_tasks

MOST = 20


def edit_criteria(criteria: Sequence[Criterion], *, key: str) -> tuple[Criterion, ...]:
    """Draws the lines and returns what stands in them. Invalid when a limit is missing."""
    lines: list[int] = st.session_state.setdefault(f"{key}_lines", list(range(max(1, len(criteria)))))
    given = dict(enumerate(criteria))
    entered = [_line(number, given.get(number), key=key, removable=len(lines) > 1) for number in list(lines)]
    st.button(
        _("Add a condition"),
        icon=":material/add:",
        type="tertiary",
        key=f"{key}_add",
        disabled=len(lines) >= MOST,
        on_click=lambda: lines.append(max(lines) + 1),
    )
    missing = [entry for entry in entered if entry[2] is None]
    if missing:
        return ()
    return tuple(Criterion(metric=m, comparison=c, limit=limit) for m, c, limit in entered if limit is not None)


def require(criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
    """The conditions, or Invalid when a line has no limit."""
    if not criteria:
        raise Invalid(_("A condition has no limit yet"), hint=_("Say what must be reached."), field="criteria")
    return criteria


def _line(number: int, given: Criterion | None, *, key: str, removable: bool) -> tuple[str, Comparison, float | None]:
    metrics, comparisons = list(all_metrics()), list(Comparison)
    with st.container(
        key=f"line_{key}_{number}", horizontal=True, gap="small", vertical_alignment="center", wrap=False
    ):
        metric = st.selectbox(
            _("Metric"),
            metrics,
            index=metrics.index(given.metric) if given else number % len(metrics),
            format_func=_label,
            key=f"{key}_metric_{number}",
            label_visibility="collapsed",
        )
        usual = Comparison.AT_MOST if is_less_better(metric) else Comparison.AT_LEAST
        comparison = st.selectbox(
            _("Direction"),
            comparisons,
            index=comparisons.index(given.comparison if given and given.metric == metric else usual),
            format_func=lambda item: _(COMPARISONS[item]),
            key=f"{key}_comparison_{number}_{metric}",
            label_visibility="collapsed",
            width=130,
        )
        limit = st.number_input(
            _("Limit"),
            value=given.limit if given else None,
            format="%g",
            placeholder=_("limit"),
            key=f"{key}_limit_{number}",
            label_visibility="collapsed",
            width=150,
        )
        st.button(
            "",
            icon=":material/close:",
            type="tertiary",
            key=f"{key}_remove_{number}",
            help=_("Remove this condition"),
            disabled=not removable,
            on_click=_remove,
            args=(f"{key}_lines", number),
        )
    return metric, comparison, limit


def _remove(state: str, number: int) -> None:
    st.session_state[state].remove(number)


def _label(metric: str) -> str:
    """The name with its unit, and the tasks that it judges: a metric of another task is never measured."""
    unit = f" ({unit_of(metric).strip()})" if unit_of(metric) else ""
    tasks = [_(task.title) for task in all_tasks().values() if any(own.name == metric for own in task.metrics)]
    judged = ", ".join(tasks).lower() or _("while it serves")
    return f"{metric_name(metric)}{unit} · {judged}"
