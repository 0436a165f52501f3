"""The editor of acceptance conditions: one line each, with the metric, the direction that fits it, and the limit."""

from collections.abc import Sequence

import streamlit as st

from app.ui.numbers import is_less_better, metric_name, unit_of
from app.ui.wording import COMPARISONS
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.requirements.values import Comparison, Criterion
from core.tasks.metrics import OPERATIONAL
from core.tasks.task import all_tasks

MOST = 20


def edit_criteria(criteria: Sequence[Criterion], *, key: str) -> tuple[Criterion, ...]:
    """Draws the lines and returns what stands in them. Invalid when a limit is missing."""
    task = _task(criteria, key=key)
    lines: list[int] = st.session_state.setdefault(f"{key}_lines", list(range(max(1, len(criteria)))))
    given = dict(enumerate(criteria))
    entered = [_line(number, given.get(number), task=task, key=key, removable=len(lines) > 1) for number in list(lines)]
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


def _task(criteria: Sequence[Criterion], *, key: str) -> str:
    """The task whose metrics are offered: at first that of all conditions there are."""
    names = {criterion.metric for criterion in criteria}
    fitting = [name for name, task in all_tasks().items() if names & {metric.name for metric in task.metrics}]
    tasks = {"": _("Any task"), **{name: _(task.title) for name, task in all_tasks().items() if task.metrics}}
    options = list(tasks)
    first = options.index(fitting[0]) if len(fitting) == 1 else 0
    return st.selectbox(_("What is predicted"), options, index=first, format_func=tasks.__getitem__, key=f"{key}_task")


def offered(task: str, *, given: str = "") -> tuple[str, ...]:
    """The metrics of a task, those that say most of it first, then those of what serves; without a task those of all,
    one task after the other. One that was `given` stays."""
    chosen = [all_tasks()[task]] if task else list(all_tasks().values())
    first = chosen[0].leading if task else ()
    metrics = [*(metric for it in chosen for metric in it.metrics), *OPERATIONAL]
    return tuple(dict.fromkeys([*first, *(metric.name for metric in metrics), *([given] if given else [])]))


def _line(
    number: int, given: Criterion | None, *, task: str, key: str, removable: bool
) -> tuple[str, Comparison, float | None]:
    metrics, comparisons = list(offered(task, given=given.metric if given else "")), list(Comparison)
    with st.container(
        key=f"line_{key}_{number}", horizontal=True, gap="small", vertical_alignment="center", wrap=False
    ):
        metric = st.selectbox(
            _("Metric"),
            metrics,
            index=metrics.index(given.metric) if given else number % len(metrics),
            format_func=lambda name: label_of(name, task=task),
            key=f"{key}_metric_{number}_{task}" if task else f"{key}_metric_{number}",
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


def label_of(metric: str, *, task: str) -> str:
    """The name with its unit, which way is better, and among the metrics of all tasks those that it judges: one of
    another task is never measured."""
    unit = unit_of(metric).strip()
    better = _("less is better") if is_less_better(metric) else _("more is better")
    tasks = [_(own.title).lower() for own in all_tasks().values() if any(it.name == metric for it in own.metrics)]
    judged = "" if task and tasks else ", ".join(tasks) or _("while it serves")
    return " · ".join(part for part in (f"{metric_name(metric)}{f' ({unit})' if unit else ''}", better, judged) if part)
