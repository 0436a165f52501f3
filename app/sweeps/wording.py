"""A sweep in words: how far it is, what its best is worth, and why that is measured again."""

from app.ui import links, numbers, times
from app.ui.numbers import metric_in_words, metric_value
from app.ui.wording import counted
from core.foundation.text import _
from core.registry.values import at_chance
from core.sweeps.values import Sweep, SweepState
from core.tasks.values import Interval

# With fewer the interval of the seeds says next to nothing.
FEW_SEEDS = 3


def interval_words(interval: Interval) -> str:
    return _("{value} ({low} to {high})").format(
        value=numbers.number(interval.value), low=numbers.number(interval.low), high=numbers.number(interval.high)
    )


def best_words(sweep: Sweep) -> str:
    """ "trial 5 with log loss 0.4103", empty while there is none."""
    if sweep.best is None:
        return ""
    return _("trial {n} with {metric} {value}").format(
        n=sweep.best.number, metric=metric_in_words(sweep.metric), value=metric_value(sweep.metric, sweep.best.value)
    )


def count_words(sweep: Sweep) -> str:
    """ "7 of 12 trials, 3 stopped early"."""
    parts = [_("{done} of {n} trials").format(done=sweep.done, n=sweep.trials)]
    if sweep.pruned:
        parts.append(_("{n} stopped early").format(n=sweep.pruned))
    if sweep.failed:
        parts.append(_("{n} failed").format(n=sweep.failed))
    return ", ".join(parts)


def answer(sweep: Sweep) -> str:
    """What one comes for, as Markdown."""
    if sweep.state is SweepState.RUNNING:
        best = _("best so far {best}").format(best=best_words(sweep)) if sweep.best else _("no value yet")
        parts = [f"**{count_words(sweep)}**", best, times.remaining(sweep.eta_seconds)]
        return ":blue[:material/progress_activity:] " + " · ".join(part for part in parts if part)
    if sweep.state is SweepState.CONFIRMING:
        return _(
            ":blue[:material/progress_activity:] **{best} won;** its parameters are trained again with {n} fresh seeds."
        ).format(best=best_words(sweep).capitalize(), n=sweep.confirm_seeds)
    if sweep.confirmation.value is not None:
        return _confirmed(sweep, sweep.confirmation.value)
    why = links.escape(sweep.cause) if sweep.cause else _("Its finished trials stay.")
    word = _("It failed.") if sweep.state is SweepState.FAILED else _("It was stopped.")
    color = "red" if sweep.state is SweepState.FAILED else "gray"
    return f":{color}[:material/error:] **{word}** {why}"


def _confirmed(sweep: Sweep, value: Interval) -> str:
    seeds = len(sweep.confirmation.run_ids)
    sentence = _("**Confirmed: {metric} {value}** on {split} with {seeds}").format(
        metric=metric_in_words(sweep.metric),
        value=interval_words(value),
        split=sweep.split,
        seeds=counted(seeds, _("fresh seed"), _("fresh seeds")),
    )
    unseen = sweep.confirmation.untouched.get(sweep.metric)
    rest = _("; {value} on the rows no trial saw").format(value=interval_words(unseen)) if unseen else ""
    if at_chance(sweep.confirmation.untouched) or at_chance({sweep.metric: value}):
        warning = _("**No better than chance.**")
        return f":orange[:material/warning:] {warning} {sentence}{rest}."
    if seeds < FEW_SEEDS:
        return f":orange[:material/warning:] {few_seeds(seeds)} {sentence}{rest}."
    return f":green[:material/verified:] {sentence}{rest}."


def few_seeds(seeds: int) -> str:
    """What so few seeds say about the chance of the seed, as Markdown."""
    if seeds == 1:
        return _("**One seed says nothing about the chance of the seed.** The interval is that of the rows alone.")
    return _("**Two seeds say almost nothing.** Three or more make the interval useful.")


def curse(sweep: Sweep) -> str:
    """Why the best trial's own value may not be cited, in one sentence; empty while there is nothing to say."""
    if sweep.best is None or sweep.confirmation.value is None:
        return ""
    return _(
        "The best of {n} trials is selected by its value, so its own {value} is biased upward; the confirmation is "
        "trained with seeds that no trial had."
    ).format(n=sweep.done, value=metric_value(sweep.metric, sweep.best.value))
