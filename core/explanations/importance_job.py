"""The process that measures what inputs matter: held-out rows through the very ONNX file, one input shuffled after the
other. It is bounded in rows, inputs and time, and what was left out is said."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.compute.process import JobContext, JobFailed, run_job
from core.explanations.grouping import correlated, numbers_among
from core.explanations.shuffling import Losses, shuffled_losses
from core.explanations.values import ImportanceReport, InputImportance, MeasuredImportance
from core.foundation.errors import PortalError
from core.foundation.parquet import read_parquet
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.signature import Signature
from core.tasks.prediction_files import predictions_of
from core.tasks.task import task_of
from core.tasks.values import Interval, Target
from core.training.evaluation import OnnxModel

if TYPE_CHECKING:
    import pyarrow as pa

MODEL, ROWS, REPORT = "model", "rows", "report.json"
MOST_ROWS, REPEATS, SECONDS = 4_000, 3, 60.0
# Of more inputs those are measured that matter most in a first look at fewer rows.
MOST_INPUTS, FIRST_ROWS = 100, 500


class ImportanceSpec(Value):
    """Measures a version on the rows of a split. `views` has the inputs of each feature view by the view's name,
    `features` for each of them the id of the feature version and its name there."""

    version_id: str
    signature: Signature
    training_set: str
    holdout: str
    holdout_name: str
    views: dict[str, tuple[str, ...]]
    features: dict[str, tuple[str, str]]
    seed: int = 1


def main(context: JobContext) -> None:
    """Outputs: `report.json`, a MeasuredImportance."""
    job_spec = ImportanceSpec.model_validate(context.payload)
    context.progress(0.0, stage=_("reading held-out rows"))
    model = OnnxModel(context.inputs[MODEL].read_bytes(), signature=job_spec.signature, threads=context.cpus)
    try:
        report = measure(
            read_parquet(context.inputs[ROWS]),
            model,
            job_spec=job_spec,
            progress=lambda share: context.progress(share, stage=_("shuffling inputs")),
        )
    except PortalError as error:
        raise JobFailed(error.in_full) from error
    measured = MeasuredImportance(version_id=job_spec.version_id, report=report)
    (context.outputs / REPORT).write_text(measured.model_dump_json())


def measure(
    table: "pa.Table", model: OnnxModel, *, job_spec: ImportanceSpec, progress: Any = lambda _share: None
) -> ImportanceReport:
    """The same for the same seed, unless time runs out."""
    target, rows = job_spec.signature.target, table.num_rows
    table = drawn(table, target=target, seed=job_spec.seed)
    losses = _losses_of(model, target)
    names = tuple(job_spec.signature.filled)
    chosen = _chosen(table, names, losses=losses, seed=job_spec.seed)
    groups, together = _grouped(table, names, views=job_spec.views)
    known, repeats = shuffled_losses(
        table,
        {_key(columns): columns for columns in (*((name,) for name in chosen), *groups, *together)},
        losses=losses,
        seed=job_spec.seed,
        repeats=REPEATS,
        seconds=SECONDS,
        progress=progress,
    )
    return ImportanceReport(
        task=target.task,
        metric=task_of(target).leading[0],
        training_set=job_spec.training_set,
        holdout=job_spec.holdout,
        holdout_name=job_spec.holdout_name,
        rows=table.num_rows,
        rows_in_all=rows,
        repeats=repeats,
        seed=job_spec.seed,
        inputs=_first(_single(name, known[_key((name,))], features=job_spec.features) for name in chosen),
        groups=_first(_several(title, columns, known) for columns, title in groups.items()),
        together=_first(_several(", ".join(columns)[:400], columns, known) for columns in together),
        left_out=len(names) - len(chosen),
    )


def drawn(table: "pa.Table", *, target: Target, seed: int) -> "pa.Table":
    """Some of the rows, in their order; of a task that judges groups whole groups."""
    if table.num_rows <= MOST_ROWS:
        return table
    random = np.random.default_rng(seed)
    if not target.group:
        return table.take(np.sort(random.choice(table.num_rows, MOST_ROWS, replace=False)))
    codes = table[target.group].combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    sizes = np.bincount(codes)
    order = random.permutation(len(sizes))
    some = order[: max(1, int(np.searchsorted(sizes[order].cumsum(), MOST_ROWS, side="right")))]
    return table.take(np.flatnonzero(np.isin(codes, some)))


def _losses_of(model: OnnxModel, target: Target) -> Losses:
    task = task_of(target)

    def losses(table: "pa.Table") -> Any:
        return task.losses(predictions_of(table, outputs=model.outputs(table), target=target))

    return losses


def _chosen(table: "pa.Table", names: Sequence[str], *, losses: Losses, seed: int) -> tuple[str, ...]:
    if len(names) <= MOST_INPUTS:
        return tuple(names)
    first = table.slice(0, FIRST_ROWS)
    known, _repeats = shuffled_losses(first, {name: (name,) for name in names}, losses=losses, seed=seed, repeats=1)
    most = set(sorted(names, key=lambda name: -known[name].value)[:MOST_INPUTS])
    return tuple(name for name in names if name in most)


def _grouped(
    table: "pa.Table", names: Sequence[str], *, views: Mapping[str, tuple[str, ...]]
) -> tuple[dict[tuple[str, ...], str], tuple[tuple[str, ...], ...]]:
    """The inputs of each view with its name, and numbers that go together."""
    groups = {columns: view for view, columns in views.items() if len(columns) > 1}
    together = correlated(numbers_among(table, names))
    return groups, tuple(columns for columns in together if columns not in groups)[:MOST_INPUTS]


def _key(columns: tuple[str, ...]) -> str:
    return "\n".join(columns)


def _single(name: str, interval: Interval, *, features: Mapping[str, tuple[str, str]]) -> InputImportance:
    view, feature = features.get(name, ("", ""))
    return InputImportance(name=name, importance=interval, view=view, feature=feature)


def _several(title: str, columns: tuple[str, ...], known: Mapping[str, Interval]) -> InputImportance:
    return InputImportance(name=title, importance=known[_key(columns)], columns=columns)


def _first(entries: Any) -> tuple[InputImportance, ...]:
    return tuple(sorted(entries, key=lambda entry: (-entry.importance.value, entry.name)))


if __name__ == "__main__":
    run_job(main)
