"""What a training set would have learned from the future: the same join with and without known-at, compared. Late rows
and corrections are what other feature stores let through; here a person sees which inputs they would have changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.features.engines.comparison import Difference, differences
from core.features.engines.port import Engine, JoinView, Matches, Part
from core.features.training_sets.job_spec import EVENT_TIME, LABEL
from core.features.training_sets.label_leakage import columns_auc
from core.features.training_sets.values import LateView, LeakDifference, LeakReport
from core.foundation.parquet import read_parquet, row_count
from core.tasks.values import Target


@dataclass(frozen=True)
class Joined:
    """A join that was made: the parts that the engine wrote, and the files of the splits by their names. These are the
    same where the splits are windows of time."""

    entity: Path
    known_at: bool
    parts: tuple[Part, ...]
    matches: dict[JoinView, Matches]
    files: dict[str, Path]

    @property
    def learned(self) -> Path:
        """The split to learn from, which is the earliest."""
        return next(iter(self.files.values()))


def leak_report(engine: Engine, joined: Joined, *, target: Target | None, late: Sequence[JoinView]) -> LeakReport:
    """`late` are the views with rows that were written late. The other question is asked of them alone: without any the
    answer is known and costs nothing. `target` is there where models can learn from the label."""
    rows = sum(row_count(part.path) for part in joined.parts)
    if not late:
        return LeakReport(rows=rows, views=(), differences=())
    with TemporaryDirectory(dir=joined.entity.parent) as folder:
        parts = [replace(part, path=Path(folder) / part.path.name) for part in joined.parts]
        rejoined = engine.join(
            late, entity=joined.entity, event_time=EVENT_TIME, known_at=not joined.known_at, parts=parts
        )
        latest = rejoined if joined.known_at else [joined.matches[view] for view in late]
        views = tuple(LateView(view=view.name, rows=matches.late) for view, matches in zip(late, latest, strict=True))
        return LeakReport(rows=rows, views=views, differences=_differences(joined, parts, late, target))


def _differences(
    joined: Joined, others: Sequence[Part], views: Sequence[JoinView], target: Target | None
) -> tuple[LeakDifference, ...]:
    columns = {name: view.name for view in views for _feature, name, _kind in view.outputs}
    pairs = [(part.path, other.path) for part, other in zip(joined.parts, others, strict=True)]
    by_column = differences(pairs, list(columns))
    changed = tuple(name for name, difference in by_column.items() if difference.rows)
    mine, other = (_auc(path, changed, target) if target else {} for path in pairs[0])
    known, latest = (mine, other) if joined.known_at else (other, mine)
    return tuple(
        _leak_difference(name, columns[name], difference, known.get(name), latest.get(name))
        for name, difference in by_column.items()
    )


def _leak_difference(
    name: str, view: str, difference: Difference, known: float | None, latest: float | None
) -> LeakDifference:
    return LeakDifference(
        column=name,
        view=view,
        rows=difference.rows,
        share=difference.rows / difference.of if difference.of else 0.0,
        mean_difference=difference.distance / difference.pairs if difference.pairs else None,
        auc_known=known,
        auc_latest=latest,
    )


def _auc(path: Path, columns: tuple[str, ...], target: Target) -> dict[str, float]:
    return columns_auc(read_parquet(path, columns=[LABEL, *columns]), target=target, columns=columns)
