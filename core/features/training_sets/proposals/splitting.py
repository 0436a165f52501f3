"""How the rows of a proposal are split: by time where they have one, else by share."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from core.features.training_sets.proposals.survey import Column
from core.features.training_sets.values import ShareSplits, Split
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.duckdb_session import one_row, quoted
from core.sandbox.locked_session import plain
from core.tasks.task import task_called
from core.tasks.values import BINARY

if TYPE_CHECKING:
    import duckdb

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
DAY = timedelta(days=1)
Splitting = tuple[tuple[Split, ...], ShareSplits | None, str]


def by_time(session: "duckdb.DuckDBPyConnection", sql: str, *, moment: str) -> Splitting | None:
    """Windows of whole days with about the usual shares of the rows; None where there are too few days."""
    at = f"CAST({quoted(moment)} AS TIMESTAMPTZ)"
    places = f"quantile_disc({at}, [0.7, 0.85])"
    first, last, middle = one_row(session, f"SELECT min({at}), max({at}), {places} FROM (\n{plain(sql)}\n)")
    days = [_day(instant) for instant in (first, *middle)]
    ends = [*days, _day(last) + DAY]
    if any(left >= right for left, right in pairwise(ends)):
        return None
    windows = zip(SHARES, pairwise(ends), strict=True)
    splits = tuple(Split(name=name, start=start.date(), end=end.date()) for name, (start, end) in windows)
    reason = _(
        "The rows have a moment: what is learned is older than what is judged. Train has the first 70 % of the rows, "
        "in whole days, validation and test 15 % each."
    )
    return splits, None, reason


def by_share(*, group: str, label: Column | None) -> Splitting:
    """`group` is what the group's column is called."""
    if group:
        shares = ShareSplits(shares=SHARES, by="grouped", column=group)
        return (), shares, _("Rows of one {group} belong together, so they lie in one split.").format(group=group)
    if label is not None and _has_classes(label):
        return (), ShareSplits(shares=SHARES, by="stratified"), _("Each class of the label has the same share in all.")
    return (), ShareSplits(shares=SHARES), _("The rows stand for themselves: chance decides.")


def _has_classes(label: Column) -> bool:
    if BINARY in label.tasks[:1] or not label.tasks:
        return bool(label.tasks)
    values = label.values.drop_null()
    if label.distinct * 2 > len(values):
        return False
    try:
        return bool(task_called(label.tasks[0]).target_of(values, label="").classes)
    except Invalid:
        # That it cannot be learned is said where its splits are counted; another label may still be chosen.
        return False


def _day(instant: Any) -> datetime:
    moment: datetime = instant.astimezone(UTC)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
