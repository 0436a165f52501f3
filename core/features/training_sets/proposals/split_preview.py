"""How the rows of a training set would be split: how many rows each split has and how its labels are spread, by the
very code that joins, as an entry of the sandbox."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.job_specs import SourceTable
from core.features.training_sets.entities import build_entity
from core.features.training_sets.job_spec import EVENT_TIME, LABEL
from core.features.training_sets.proposals.values import DayRows, SplitRows, SplitsPreview
from core.features.training_sets.shares import IN_NONE, splits_of
from core.features.training_sets.values import EntityQuery, ShareSplits, Split
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.foundation.values import Value
from core.sandbox.limits import Limits, Progress, no_progress
from core.tasks.task import task_called, task_of
from core.tasks.values import BINARY, YES, Target

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

ENTRY = "core.features.training_sets.proposals.split_preview:preview"
NO_INPUTS: dict[str, Any] = {
    "categories": (), "numbers": (), "texts": (), "vectors": (), "images": {}, "image_sizes": {},
    "text_items": {}, "keys_only": (),
}  # fmt: skip
DAY_MICROSECONDS = 86_400_000_000
# A stretch of time is drawn in at most so many bars.
MOST_BARS, WIDTHS = 800, (1, 7, 28, 364)


class SplitsSpec(Value):
    """The rows, and how they are split."""

    entity: EntityQuery
    sources: tuple[SourceTable, ...]
    splits: tuple[Split, ...] = ()
    shares: ShareSplits | None = None


def preview(
    spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,
    limits: Limits,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """A SplitsSpec to a SplitsPreview."""
    progress(0.1, _("Running the query"))
    shown = preview_of(SplitsSpec.model_validate(spec), inputs=inputs, folder=outputs, limits=limits)
    return shown.model_dump(mode="json")


def preview_of(spec: SplitsSpec, *, inputs: Mapping[str, Path], folder: Path, limits: Limits) -> SplitsPreview:
    """Raises Invalid for all that is wrong with the ids, the moments, the labels and the splits."""
    # Nothing is learned here, so nothing but what splits and labels rest on is read, and no mark is tried out.
    fields = {**NO_INPUTS, "label_from": None, "weight": ""}
    without = {"label": "", "task": "", "group": ""} if spec.entity.label_from else {}
    entity = spec.entity.model_copy(update=fields | without)
    sources = tuple(source.model_copy(update={"known": {}}) for source in spec.sources)
    path = folder / "rows.parquet"
    build_entity(entity, sources=sources, inputs=inputs, path=path, limits=limits, shares=spec.shares)
    names, places = splits_of(path, spec.shares) if spec.shares else _windows(path, spec.splits)
    labels = _Labels.of(path, entity) if entity.can_teach else None
    windows = {split.name: split for split in spec.splits}
    splits = tuple(
        _split(name, places == number, labels=labels, window=windows.get(name)) for number, name in enumerate(names)
    )
    return SplitsPreview(rows=len(places), splits=splits, **(_days(path, labels) if entity.event_time else {}))


class _Labels:
    """The labels of all rows, and what models of them predict."""

    def __init__(self, column: "pa.ChunkedArray", target: Target) -> None:
        self.column, self.target, self.task = column, target, task_of(target)

    @classmethod
    def of(cls, path: Path, entity: EntityQuery) -> "_Labels":
        column = read_parquet(path, columns=[LABEL]).column(LABEL)
        try:
            target = task_called(entity.learned_task).target_of(column, label=entity.label, group=entity.group)
        except Invalid as error:
            reason = _("The label {name} does not fit its task: {reason}")
            words = reason.format(name=entity.label, reason=error.message)
            raise Invalid(words, hint=error.hint, field="entity.label") from error
        return cls(column, target)

    def levels(self) -> "tuple[np.ndarray | None, str]":
        """For each row whether it has the class that is followed through time, with that class, or its number."""
        import numpy as np

        labels = self.task.labels_of(self.column, target=self.target)
        if labels.ndim != 1:
            return None, ""
        if self.target.task == BINARY:
            return labels, YES
        if not self.target.classes:
            return labels, ""
        frequent = int(np.argmax(np.bincount(labels.astype(np.int64))))
        return (labels == frequent).astype(np.float64), self.target.classes[frequent]


def _windows(path: Path, splits: tuple[Split, ...]) -> "tuple[tuple[str, ...], np.ndarray]":
    import numpy as np

    days = _days_of(path)
    places = np.full(len(days), IN_NONE)
    for number, split in enumerate(splits):
        places[(days >= _day_number(split.start)) & (days < _day_number(split.end))] = number
    return tuple(split.name for split in splits), places


def _split(name: str, rows: "np.ndarray", *, labels: _Labels | None, window: Split | None) -> SplitRows:
    import pyarrow as pa

    spread, problem = None, "" if rows.any() else _("it has no rows")
    if labels and rows.any():
        task, target = labels.task, labels.target
        spread = task.spread_of(task.labels_of(labels.column.filter(pa.array(rows)), target=target), target=target)
        problem = task.refuse_labels(spread)
    days = {"start": window.start, "end": window.end} if window else {}
    return SplitRows(name=name, rows=int(rows.sum()), spread=spread, problem=problem, **days)


def _days(path: Path, labels: _Labels | None) -> dict[str, Any]:
    """The fields of a preview that say how the rows lie in time."""
    import numpy as np

    days = _days_of(path)
    span = int(days.max() - days.min()) + 1
    width = next((most for most in WIDTHS if span <= most * MOST_BARS), WIDTHS[-1])
    starts, bars = np.unique(days.min() + (days - days.min()) // width * width, return_inverse=True)
    rows = np.bincount(bars)
    levels, level_of = labels.levels() if labels else (None, "")
    means = [None] * len(rows) if levels is None else [float(mean) for mean in np.bincount(bars, levels) / rows]
    return {
        "days": tuple(
            DayRows(day=_day(int(start)), rows=int(count), level=None if mean is None else round(mean, 6))
            for start, count, mean in zip(starts, rows, means, strict=True)
        )[-MOST_BARS:],
        "days_each": width,
        "level_of": level_of,
    }


def _days_of(path: Path) -> "np.ndarray":
    """For each row the number of its day in UTC."""
    import numpy as np
    import pyarrow as pa

    moments = read_parquet(path, columns=[EVENT_TIME]).column(EVENT_TIME).cast(pa.timestamp("us", tz="UTC"))
    days: np.ndarray = np.floor_divide(moments.cast(pa.int64()).to_numpy(), DAY_MICROSECONDS)
    return days


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _day(number: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=number)).date()
