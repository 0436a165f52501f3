"""What one must know of a run before its figures are read: what alarms, how it stands beside the baseline, and, where
several recipes were tried, who won."""

from collections.abc import Mapping

import streamlit as st

from app.ui import frame, links, numbers
from app.ui.numbers import metric_name
from app.ui.parameters import plain, recipes, title_of
from app.ui.tables import reading
from core.foundation.text import _
from core.tasks.values import Interval
from core.training.automatic.values import Entry, Leaderboard
from core.training.diagnosis.values import Remark
from core.training.values import RecipeCard, Run

ALARM, BETTER, PLAIN = ":orange[:material/warning:]", ":gray[:material/balance:]", ":gray[:material/info:]"
WON = ":gray[:material/leaderboard:]"
MARKS = {"baseline": BETTER, "winner": WON}


def judgement(run: Run) -> None:
    """The remarks of a run, one a line, and its leaderboard where it has one."""
    for remark in run.remarks:
        st.markdown(remark_line(remark))
    if run.judgement.leaderboard is not None:
        drawn(run.judgement.leaderboard, cards=recipes())


def remark_line(remark: Remark) -> str:
    mark = ALARM if remark.is_alarm else MARKS.get(remark.kind, PLAIN)
    # Escaped as a whole, its colon would bring a backslash that takes the bold from what stands before.
    first, colon, rest = remark.text.partition(":")
    if not (remark.is_alarm and colon):
        return f"{mark} {links.escape(remark.text)}"
    return f"{mark} **{links.escape(first)}**: {links.escape(rest)}"


def drawn(board: Leaderboard, *, cards: Mapping[str, RecipeCard]) -> None:
    """The candidates of a run, the best first, with a mark at the one that answers."""
    metric = metric_name(board.metric)
    words = _("{metric} on {n} rows of training and validation, left out in {parts} parts") if board.parts else ""
    words = words or _("{metric} on {n} rows of validation")
    hint = words.format(metric=metric, n=numbers.number(board.rows), parts=board.parts)
    frame.section(_("Leaderboard"), hint=hint)
    total = sum(entry.weight for entry in board.entries)
    lines = [_candidate(entry, cards.get(entry.recipe), total=total) for entry in board.entries]
    if board.is_blended:
        seconds = sum(entry.seconds for entry in board.entries)
        lines = [(_("**Blend**"), "", _figure(board.blend), "", numbers.duration(seconds)), *lines]
    candidates, *rest = map(list, zip(*lines, strict=True))
    winner = 0 if board.is_blended else board.winner
    candidates[winner] += f" {_won(is_first=winner == 0)}"
    names = (_("Candidate"), _("Parameters"), metric, _("In the blend"), _("Took"))
    columns = dict(zip(names, (candidates, *rest), strict=True))
    reading(columns, alt=_("Candidates, the best first"))


def _candidate(entry: Entry, card: RecipeCard | None, *, total: float) -> tuple[str, str, str, str, str]:
    changed = [f"{links.escape(title_of(name, card))} `{plain(value)}`" for name, value in entry.params.items()]
    params = ", ".join(changed) or _(":gray[defaults]")
    part = numbers.percent(entry.weight / total, 0) if entry.weight else ""
    figure = f":gray[{links.escape(entry.cause)}]" if entry.figure is None else _figure(entry.figure)
    return f"`{entry.recipe}`", params, figure, part, numbers.duration(entry.seconds)


def _won(*, is_first: bool) -> str:
    """The mark of what answers, with the reason where it is not the first of the list."""
    mark = _(":green-badge[:material/check: Won]")
    return mark if is_first else mark + _(" :gray[the first is no better by more than chance, and this is simpler]")


def _figure(interval: Interval | None) -> str:
    if interval is None:
        return ""
    ends = _("{low} to {high}").format(low=numbers.number(interval.low), high=numbers.number(interval.high))
    return f"{numbers.number(interval.value)} :gray[{ends}]"
