"""A run in words: what one must know before its figures are read."""

from collections.abc import Iterator, Mapping

from core.compute.values import JobState
from core.foundation.text import _, grouped, significant, thousands
from core.registry.sentences import title_of
from core.registry.values import at_chance, judging
from core.tasks.measures.claims import gain, outcome
from core.tasks.task import quality_metrics, task_called
from core.tasks.values import Interval
from core.training.automatic.values import Entry, Leaderboard
from core.training.diagnosis.values import Comparison, Judgement, Remark
from core.training.values import Run

SPOKEN = 2
LOSSES = ("train_loss", "validation_loss")


def remarks_of(run: Run) -> tuple[Remark, ...]:
    """What alarms comes first."""
    remarks = [*_endings(run, run.judgement), *_comparisons(run, run.judgement), *_of_board(run.judgement.leaderboard)]
    return tuple(sorted(remarks, key=lambda remark: not remark.is_alarm))


def alarms_of(run: Run) -> list[str]:
    """What alarms, in a word or two."""
    return [remark.kind for remark in remarks_of(run) if remark.is_alarm]


def losses_of(task: str) -> tuple[str, ...]:
    """The names of what a run of that task reports and that should fall."""
    falling = [metric.name for metric in task_called(task).metrics if metric.better == "down"]
    return (*LOSSES, *(f"validation_{name}" for name in falling[:1]))


def _endings(run: Run, judgement: Judgement) -> Iterator[Remark]:
    if run.state in (JobState.CANCELLED, JobState.FAILED):
        was_stopped = run.state is JobState.CANCELLED
        how = _("it was stopped") if was_stopped else _("it failed")
        at = _(" after step {n}").format(n=thousands(judgement.last_step)) if judgement.last_step is not None else ""
        text = _("Ended early: {how}{at}, and there is no model.").format(how=how, at=at)
        yield Remark(kind="ended early", text=text)
    if jump := judgement.jump:
        words = _("The loss jumped at step {n}: from about {before} to {after}. A lower learning rate may help.")
        text = words.format(n=thousands(jump.step), before=_plain(jump.before), after=_plain(jump.after))
        yield Remark(kind="loss jumped", text=text)


def _comparisons(run: Run, judgement: Judgement) -> Iterator[Remark]:
    evaluation = judging(run.evaluations)
    name = evaluation.holdout_name if evaluation else ""
    comparison = next((comparison for comparison in judgement.comparisons if comparison.split == name), None)
    if evaluation is None or comparison is None:
        return
    leading = task_called(run.task).leading[0]
    if _has_learned_nothing(comparison, leading=leading, figures=evaluation.metrics):
        words = _("Learned nothing: on {split}, its {metric} is no better than that of one answer for all rows.")
        yield Remark(kind="learned nothing", text=words.format(split=name, metric=title_of(leading)))
    if leading in comparison.against_baseline:
        yield _against_baseline(comparison, leading=leading, figures=evaluation.metrics, task=run.task)


def _has_learned_nothing(comparison: Comparison, *, leading: str, figures: Mapping[str, Interval]) -> bool:
    """No better than the constant by what says most, and by no figure that chance is known of either: a model whose
    classes are balanced may be right about the order and wrong about the shares."""
    delta = comparison.against_constant.get(leading)
    if delta is None or outcome(delta, better=quality_metrics()[leading].better) == "better":
        return False
    by_chance = [name for name, metric in quality_metrics().items() if metric.chance is not None and name in figures]
    return all(at_chance({name: figures[name]}) for name in by_chance)


def _against_baseline(comparison: Comparison, *, leading: str, figures: Mapping[str, Interval], task: str) -> Remark:
    shown = [metric.name for metric in task_called(task).metrics if metric.name in task_called(task).leading[:SPOKEN]]
    parts = [
        _("{metric} {value} against {baseline}, {difference}").format(
            metric=title_of(name),
            value=_plain(figures[name].value),
            baseline=_plain(comparison.baseline[name].value),
            difference=difference_in_words(name, comparison.against_baseline[name]),
        )
        for name in shown
        if name in figures and name in comparison.baseline and name in comparison.against_baseline
    ]
    result = outcome(comparison.against_baseline[leading], better=quality_metrics()[leading].better)
    words = {
        "better": _("Better than the linear baseline on {split}: {parts}."),
        "worse": _("Worse than the linear baseline on {split}: {parts}."),
        "same": _("The linear baseline is as good on {split}: {parts}."),
    }[result]
    text = words.format(split=comparison.split, parts="; ".join(parts))
    return Remark(kind="worse than baseline" if result == "worse" else "baseline", text=text)


def difference_in_words(metric: str, delta: Interval) -> str:
    """ "better by 0.0074 (0.0050 to 0.0098)", or that nothing can be claimed."""
    better = quality_metrics()[metric].better
    turned, result = gain(delta, better=better), outcome(delta, better=better)
    if result == "same":
        words = _("which may be chance ({low} to {high})")
        return words.format(low=_plain(turned.low), high=_plain(turned.high))
    if result == "worse":
        turned = Interval(value=-turned.value, low=-turned.high, high=-turned.low)
    words = _("better by {value} ({low} to {high})") if result == "better" else _("worse by {value} ({low} to {high})")
    return words.format(value=_plain(turned.value), low=_plain(turned.low), high=_plain(turned.high))


def _of_board(board: Leaderboard | None) -> Iterator[Remark]:
    if board is None:
        return
    yield Remark(kind="winner", text=reason_in_words(board))
    if board.unfinished:
        words = _("{n} of {total} candidates did not finish: {cause}.")
        cause = next(entry.cause for entry in board.entries if entry.figure is None)
        text = words.format(n=board.unfinished, total=len(board.entries), cause=cause.rstrip("."))
        yield Remark(kind="time over", text=text)


def reason_in_words(board: Leaderboard) -> str:
    """Who won and why, and how far from the baseline; all on the rows of validation."""
    metric = title_of(board.metric)
    single = _with_figure(board.entries[0], metric=metric)
    if board.is_blended and board.gain:
        members = sum(entry.weight > 0 for entry in board.entries)
        words = _("A blend of {n} won: on validation it is {difference} in {metric} than the best alone, {single}.")
        difference = difference_in_words(board.metric, board.gain)
        text = words.format(n=members, difference=difference, metric=metric, single=single)
    else:
        more = _(" A blend is no better by more than chance.") if board.gain else ""
        text = _winner_in_words(board, metric=metric, single=single) + more
    return " ".join(filter(None, (text, _distance_in_words(board), _rows_in_words(board))))


def _winner_in_words(board: Leaderboard, *, metric: str, single: str) -> str:
    if board.winner:
        words = _("{winner} won: {single} is no better by more than chance, and the simpler of two as good is taken.")
        text = words.format(winner=_with_figure(board.entries[board.winner], metric=metric), single=single)
    else:
        number = sum(entry.figure is not None for entry in board.entries)
        text = _("The best of {n} on validation is {single}.").format(n=number, single=single)
    if board.slope == 1.0:
        return text
    return text + _(" Its probabilities are calibrated, by a slope of {slope}.").format(slope=f"{board.slope:.2f}")


def _rows_in_words(board: Leaderboard) -> str:
    if not board.parts:
        return ""
    words = _("Few rows are held out, so {n} of training and validation judge, each by a fit that had not seen it.")
    return words.format(n=board.rows)


def _with_figure(entry: Entry, *, metric: str) -> str:
    return f"{entry.recipe} ({metric} {_plain(entry.figure.value)})" if entry.figure else entry.recipe


def _distance_in_words(board: Leaderboard) -> str:
    if not board.baseline:
        return ""
    if board.distance is None:
        return _("It is the linear baseline itself.")
    if outcome(board.distance, better=quality_metrics()[board.metric].better) == "same":
        words = _("The linear baseline is as good there: the difference {difference}.")
        return words.format(difference=difference_in_words(board.metric, board.distance))
    words = _("Against the linear baseline it is {difference}.")
    return words.format(difference=difference_in_words(board.metric, board.distance))


def _plain(value: float) -> str:
    return grouped(f"{value:z.4f}") if abs(value) < 10 else significant(value)
