"""A sweep in pictures: the trials with the best value so far, parallel coordinates, importances, and the table of
trials."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.ui import cells, charts, frame, times
from app.ui.cells import Cell, Column, Row
from app.ui.components.rows import rows
from app.ui.numbers import metric_in_words, metric_name
from app.ui.panels.parallel import axis, shades
from app.ui.panels.parallel import parallel as draw
from app.ui.parameters import plain, recipes, title_of
from app.ui.wording import counted
from core.foundation.text import N_, _
from core.sweeps.values import Importances, Sweep, Trial

COLORS = {"complete": "blue", "pruned": "orange", "failed": "red"}
STATES = {"complete": N_("Complete"), "pruned": N_("Pruned"), "failed": N_("Failed")}
MOST_AXES, WIDE = 7, 150
TRIALS_HEIGHT = 538


def axis_of(sweep: Sweep) -> str:
    """The metric as an axis says it."""
    direction = _("lower is better") if sweep.direction == "minimize" else _("higher is better")
    return _("{metric} ({direction})").format(metric=metric_in_words(sweep.metric), direction=direction)


def history(sweep: Sweep, trials: Sequence[Trial]) -> None:
    """Every trial's value, and the best one so far as a stair."""
    valued = [trial for trial in trials if trial.value is not None and trial.state in STATES]
    frame.section(_("Best value so far"), hint=counted(len(valued), _("trial"), _("trials")))
    if not valued:
        st.caption(_("The first values come with the first trials."))
        return
    series, labels = {}, {}
    words = {state: _(word) for state, word in STATES.items()}
    for state, word in words.items():
        ours = [trial for trial in valued if trial.state == state]
        if ours:
            series[word] = ([trial.number for trial in ours], [trial.value for trial in ours])
            labels[word] = [_label(trial) for trial in ours]
    charts.points(
        series,
        key="history",
        x=_("trial"),
        y=axis_of(sweep),
        alt=_("Value of every trial, and the best so far"),
        colors={words[state]: color for state, color in COLORS.items()},
        labels=labels,
        line=_stair(sweep, valued),
        log_y=_is_wide(valued),
    )


def _is_wide(trials: Sequence[Trial]) -> bool:
    values = [trial.value for trial in trials if trial.value is not None]
    return min(values) > 0 and max(values) > 20 * min(values)


def _label(trial: Trial) -> str:
    params = "<br>".join(f"{name} {plain(value)}" for name, value in trial.params.items())
    return _("trial {n}").format(n=trial.number) + f"<br>{params}"


def _stair(sweep: Sweep, trials: Sequence[Trial]) -> charts.Points:
    """The best complete value up to each trial."""
    better: Callable[..., float] = min if sweep.direction == "minimize" else max
    xs: list[int] = []
    ys: list[float] = []
    for trial in trials:
        if trial.state == "complete" and trial.value is not None:
            ys.append(better([trial.value, *ys[-1:]]))
            xs.append(trial.number)
    if xs:
        xs.append(trials[-1].number)
        ys.append(ys[-1])
    return xs, ys


def parallel(sweep: Sweep, trials: Sequence[Trial]) -> None:
    """One line a complete trial through its parameters to its value; the better, the stronger."""
    complete = [trial for trial in trials if trial.value is not None and trial.state == "complete"]
    frame.section(_("Parameters and results"), hint=_("a line for each complete trial, darker for a better one"))
    if len(complete) < 2:
        st.caption(_("It takes two complete trials."))
        return
    card = recipes().get(sweep.recipe)
    axes = [
        axis(title_of(name, card), [trial.params.get(name) for trial in complete], log=dimension.log)
        for name, dimension in list(sweep.space.items())[:MOST_AXES]
    ]
    values = [float(trial.value or 0.0) for trial in complete]
    up = sweep.direction == "maximize"
    axes.append(axis(metric_name(sweep.metric), values, up=up))
    alt = _("Parallel coordinates of {n} trials").format(n=len(complete))
    names = [_("trial {n}:").format(n=trial.number) for trial in complete]
    draw(axes, shades=shades(values, up=up), names=names, key="parallel", alt=alt, room=WIDE)
    st.caption(_("Up is better on the last axis; steps of logarithmic ones are powers of ten."))


def importances(sweep: Sweep, importances: Importances) -> None:
    """How much each parameter mattered, with the estimator and what it rests on."""
    hint = (
        _("{method}, {n} trials").format(method=importances.method, n=importances.trials) if importances.shares else ""
    )
    frame.section(_("Parameter importance"), hint=hint)
    if not importances.shares:
        st.caption(_("Too few finished trials."))
        return
    card = recipes().get(sweep.recipe)
    names = [title_of(share.parameter, card) for share in importances.shares]
    charts.ranking(
        names, [100 * share.share for share in importances.shares], key="importances", x="%", alt=_("Importances")
    )
    if not importances.trusted:
        st.caption(_(":orange[:material/warning:] A hint only: below 50 finished trials the order may be chance."))


def trial_table(sweep: Sweep, trials: Sequence[Trial]) -> None:
    """Every trial with its parameters."""
    frame.section(_("Trials"), hint=str(len(trials) or ""))
    if not trials:
        st.caption(_("No trial has started."))
        return
    card = recipes().get(sweep.recipe)
    columns = (
        Column(_("Trial"), "number", 74),
        Column(_("State"), "state", 120),
        Column(metric_name(sweep.metric), "number", 104),
        Column(_("Best"), width=74),
        *(Column(title_of(name, card), "number", priority=2) for name in sweep.space),
        Column(_("Took"), "number", 96, priority=2),
    )
    lines = [_row(sweep, trial) for trial in trials]
    chosen = rows(columns, lines, key="trials", label=_("Trials"), choice="one", height=TRIALS_HEIGHT)
    for trial in trials:
        if str(trial.number) in chosen:
            _trial(sweep, trial)


def _row(sweep: Sweep, trial: Trial) -> Row:
    is_best = sweep.best is not None and trial.number == sweep.best.number
    duration = times.span(trial.started_at, trial.ended_at, now=frame.now(), measured=trial.ran_seconds)
    return Row(
        str(trial.number),
        (
            cells.number(trial.number),
            cells.state(trial.state),
            cells.number(trial.value),
            cells.text(_("Best") if is_best else "", color="green"),
            *(_parameter(trial.params.get(name)) for name in sweep.space),
            cells.text(duration),
        ),
    )


def _parameter(value: object) -> Cell:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return cells.number(float(str(value)), plain(value)) if is_number else cells.text(plain(value))


def _trial(sweep: Sweep, trial: Trial) -> None:
    with frame.card("trial"):
        frame.card_head(_("Trial {n}").format(n=trial.number), state=trial.state, text=trial.cause)
        if trial.retry_of is not None:
            st.caption(_("It repeats trial {n}, whose worker died.").format(n=trial.retry_of))
        if trial.steps:
            xs, ys = [step for step, _value in trial.steps], [value for _step, value in trial.steps]
            alt = _("Course of trial {n}").format(n=trial.number)
            charts.lines(
                {_("Validation"): (xs, ys)}, key="trial_steps", x=_("check"), y=axis_of(sweep), alt=alt, markers=True
            )
