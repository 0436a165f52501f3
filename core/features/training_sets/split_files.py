"""What is known of the splits that were written: how many rows, how their labels are spread, and what models of them
predict."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.training_sets.job_spec import EVENT_TIME, LABEL, JoinJobSpec
from core.features.training_sets.values import SplitFile
from core.features.values import LabelType
from core.foundation.errors import Invalid
from core.foundation.parquet import read_parquet, row_count
from core.foundation.text import _
from core.tasks.task import task_called, task_of
from core.tasks.values import Target

if TYPE_CHECKING:
    import pyarrow as pa

DIGITS = 6


def split_files(
    job_spec: JoinJobSpec, files: Mapping[str, Path], *, entity: Path, label: LabelType
) -> tuple[tuple[SplitFile, ...], Target | None]:
    """The splits without their digests, and what models learn from their labels, where they can. Invalid when a split
    has no rows, or labels from which nothing can be learned."""
    for name, path in files.items():
        if not row_count(path):
            span = {} if job_spec.shares else _span(entity)
            hint = _("The rows run from {first} to {last}.").format(**span) if span else _("Make its share larger.")
            raise Invalid(_("The split {name} has no rows").format(name=name), hint=hint, field="splits")
    target = _target(job_spec, files)
    windows = {split.name: split for split in job_spec.splits}
    written = []
    for name, path in files.items():
        days = {"start": windows[name].start, "end": windows[name].end} if name in windows else {}
        file = SplitFile(name=name, **days, digest="", rows=row_count(path), newest_event=_newest(path, job_spec))
        written.append(file.model_copy(update=_of_labels(path, target=target, label=label, split=name)))
    return tuple(written), target


def cut_groups(files: Mapping[str, Path], *, group: str) -> int:
    """How many groups lie in more than one split."""
    import pyarrow as pa
    import pyarrow.compute as pc

    groups = [pc.unique(read_parquet(path, columns=[group]).column(group)) for path in files.values()]
    return sum(entry["counts"] > 1 for entry in pc.value_counts(pa.chunked_array(groups)).to_pylist())


def _target(job_spec: JoinJobSpec, files: Mapping[str, Path]) -> Target | None:
    import pyarrow as pa

    entity = job_spec.entity
    if not entity.can_teach:
        return None
    labels = pa.chunked_array([chunk for path in files.values() for chunk in _labels(path).chunks])
    try:
        return task_called(entity.learned_task).target_of(labels, label=entity.label, group=entity.group)
    except Invalid as error:
        reason = _("The label {name} does not fit its task: {reason}").format(name=entity.label, reason=error.message)
        raise Invalid(reason, hint=error.hint, field="entity.label") from error


def _of_labels(path: Path, *, target: Target | None, label: LabelType, split: str) -> dict[str, Any]:
    """What is said of the labels of a split: their spread where models can learn from them, else how many miss."""
    if target is None:
        return {} if label == "none" else {"unlabeled": _labels(path).null_count}
    task = task_of(target)
    spread = task.spread_of(task.labels_of(_labels(path), target=target), target=target)
    if reason := task.refuse_labels(spread):
        raise Invalid(
            _("Nothing can be learned from the split {name}: {reason}").format(name=split, reason=reason),
            hint=_("Its rows: {rows}.").format(rows=row_count(path)),
            field="splits",
        )
    fields = spread.as_fields()
    share = fields.get("positive_share")
    return fields if share is None else {"positive_share": round(share, DIGITS)}


def _labels(path: Path) -> "pa.ChunkedArray":
    return read_parquet(path, columns=[LABEL]).column(LABEL)


def _newest(path: Path, job_spec: JoinJobSpec) -> Any:
    import pyarrow.compute as pc

    if not job_spec.entity.event_time:
        return None
    return pc.max(read_parquet(path, columns=[EVENT_TIME]).column(EVENT_TIME)).as_py()


def _span(entity: Path) -> dict[str, date]:
    import pyarrow.compute as pc

    ends = pc.min_max(read_parquet(entity, columns=[EVENT_TIME]).column(EVENT_TIME)).as_py()
    return {"first": ends["min"].date(), "last": ends["max"].date()}
