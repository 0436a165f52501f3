"""The process that judges a version: its very file answers rows with labels, and the figures are those of its task."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.compute.process import JobContext, JobFailed, run_job
from core.foundation.errors import PortalError
from core.foundation.parquet import read_parquet, read_parquets, write_parquet
from core.foundation.text import _
from core.tasks.label_columns import codes_of, texts_in
from core.tasks.values import BINARY
from core.training.judging.values import MODEL, PREDICTIONS, REQUESTS, RESULT, Judged, JudgingSpec
from core.training.splits import EVENT_TIME, LABEL, ROW_ID

if TYPE_CHECKING:
    import pyarrow as pa

RESULT_NAME = "judged"
# What a load test repeats, and a parity check draws from.
MOST_REQUESTS = 20_000


def main(context: JobContext) -> None:
    """Outputs: `judged.json`, the predictions and, where they are wanted, the rows as callers send them."""
    try:
        _judge(context, JudgingSpec.model_validate(context.payload))
    except PortalError as error:
        raise JobFailed(error.in_full) from error


def _judge(context: JobContext, spec: JudgingSpec) -> None:
    from core.training.evaluation import OnnxModel, judged_split, write_predictions

    context.progress(0.0, stage=_("reading the rows"))
    rows = read_parquets([context.inputs[name] for name in spec.files])
    inputs, labelled = _inputs(rows, spec), _labelled(rows, spec)
    context.progress(0.3, stage=_("asking the model"))
    model = OnnxModel(context.inputs[MODEL].read_bytes(), signature=spec.signature, threads=context.cpus)
    outputs = model.outputs(inputs)
    context.progress(0.8, stage=_("measuring"))
    result = judged_split(RESULT_NAME, table=labelled, outputs=outputs, target=spec.target)
    write_predictions(labelled, outputs=outputs, target=spec.target, path=context.outputs / PREDICTIONS)
    if spec.keeps_requests:
        _write_requests(inputs, labelled, path=context.outputs / REQUESTS)
    learned = sum(_common(labelled, context.inputs[name]) for name in spec.learned)
    (context.outputs / RESULT).write_text(Judged(result=result, learned=learned).model_dump_json())


def _inputs(rows: "pa.Table", spec: JudgingSpec) -> "pa.Table":
    """The columns under the names of the inputs that they fill. JobFailed for one of another kind."""
    import pyarrow as pa

    columns = {name: _column(rows, column) for name, column in spec.columns.items()}
    for name, datatype in spec.signature.columns.items():
        if datatype == "BYTES":
            continue
        try:
            columns[name] = columns[name].cast(pa.float64(), safe=False)
        except pa.ArrowException as error:
            message = _("{name} takes numbers, and the column {column} holds something else")
            raise JobFailed(message.format(name=name, column=spec.columns[name])) from error
    return pa.table(columns)


def _labelled(rows: "pa.Table", spec: JudgingSpec) -> "pa.Table":
    """Id, label and group. Rows without an id are numbered, so that they are the same ones for every version."""
    import pyarrow as pa

    ids = _column(rows, spec.row_id).cast(pa.string()) if spec.row_id else pa.array(map(str, range(rows.num_rows)))
    group = spec.target.group
    groups = {group: _column(rows, group)} if group else {}
    return pa.table({ROW_ID: ids, LABEL: _label(rows, spec), **groups})


def _label(rows: "pa.Table", spec: JudgingSpec) -> "pa.ChunkedArray":
    """Of a yes or no in words 1 where it is the positive one."""
    import pyarrow as pa

    label = _column(rows, spec.label)
    if spec.target.task != BINARY or not spec.positive:
        return label
    texts = texts_in(label)
    if spec.positive not in texts.unique().to_pylist():
        raise JobFailed(_("No label is {name}").format(name=repr(spec.positive[:60])))
    others = [text for text in texts.unique().to_pylist() if text != spec.positive]
    codes = codes_of(texts, classes=[*others, spec.positive])
    return pa.chunked_array([pa.array((codes == len(others)).astype("int32"))])


def _column(rows: "pa.Table", name: str) -> "pa.ChunkedArray":
    if name not in rows.column_names:
        raise JobFailed(_("The rows have no column {name}").format(name=repr(name[:60])))
    return rows[name]


def _write_requests(inputs: "pa.Table", labelled: "pa.Table", *, path: Path) -> None:
    """With a moment, for versions that once wanted one. An input that is called as the id would hide it."""
    import pyarrow as pa

    moment = pa.array([datetime.now(UTC)] * labelled.num_rows, pa.timestamp("us", tz="UTC"))
    around = {ROW_ID: labelled[ROW_ID], EVENT_TIME: moment, LABEL: labelled[LABEL]}
    plain = {name: inputs[name] for name in inputs.column_names if name not in (ROW_ID, LABEL, EVENT_TIME)}
    if len(plain) < inputs.num_columns:
        return
    table = pa.table({**around, **plain}).slice(0, MOST_REQUESTS)
    write_parquet(table.to_batches(), path, schema=table.schema)


def _common(labelled: "pa.Table", learned: Path) -> int:
    """How many of the rows are among those."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = read_parquet(learned, columns=[ROW_ID])[ROW_ID].cast(pa.string())
    is_known = pc.is_in(labelled[ROW_ID].cast(pa.string()), value_set=ids.combine_chunks())
    return int(pc.sum(is_known).as_py() or 0)


if __name__ == "__main__":
    run_job(main)
