"""The folder between the portal and a script: what it finds in `input`, and what it may leave in `output`."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from core.features.training_sets.job_spec import WEIGHT
from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.foundation.parquet import write_parquet
from core.foundation.text import _
from core.foundation.validation import invalid_of
from core.registry.foreign.values import TensorMapping
from core.registry.onnx_safety import LARGEST_BYTES
from core.tasks.predictions import Outputs
from core.tasks.task import task_of
from core.tasks.values import OutputSpec, Target
from core.training.splits import LABEL, ROW_ID, TRAIN, VALIDATION

if TYPE_CHECKING:
    import pyarrow as pa

MODEL, MAPPING, PREDICTIONS = "model.onnx", "mapping.json", "predictions"
# What a script learns from; the labels of other rows are for the judge.
WITH_LABELS = (TRAIN, VALIDATION)
LARGEST_MAPPING, LARGEST_PREDICTIONS = 5_000_000, 500_000_000


class Results(NamedTuple):
    """What a script left: a file and how columns fill it, and its predictions by split and row id."""

    model: bytes | None
    mapping: TensorMapping | None
    predictions: Mapping[str, Mapping[str, Any]]


def write_input(
    folder: Path,
    *,
    tables: "Mapping[str, pa.Table]",
    contract: FeatureContract,
    target: Target,
    params: Mapping[str, Any],
) -> None:
    """`contract.json`, `params.json` and a Parquet file for each split."""
    folder.mkdir(parents=True)
    document = contract_of(contract, target=target, splits={name: table.num_rows for name, table in tables.items()})
    document["weight"] = WEIGHT if all(WEIGHT in table.column_names for table in tables.values()) else ""
    (folder / "contract.json").write_text(json.dumps(document, indent=1))
    (folder / "params.json").write_text(json.dumps(params, indent=1, default=str))
    for name, table in tables.items():
        columns = [column for column in table.column_names if column != LABEL or name in WITH_LABELS]
        shown = table.select(columns)
        write_parquet(shown.to_batches(), folder / f"{name}.parquet", schema=shown.schema)


def contract_of(contract: FeatureContract, *, target: Target, splits: Mapping[str, int]) -> dict[str, Any]:
    """What a script has to know of its rows."""
    return {
        "row_id": ROW_ID,
        "label": LABEL,
        "task": target.task,
        "classes": list(target.classes),
        "group": target.group,
        "categories": list(contract.categories()),
        "numbers": list(contract.numbers()),
        "texts": list(contract.texts()),
        "outputs": [spec.model_dump(mode="json") for spec in task_of(target).outputs(target)],
        "splits": dict(splits),
        "without_labels": [name for name in splits if name not in WITH_LABELS],
    }


def read_output(folder: Path, *, tables: "Mapping[str, pa.Table]", target: Target) -> Results:
    """Raises Invalid where there is nothing, or something of another form."""
    model, mapping = _file(folder / MODEL, most=LARGEST_BYTES), _file(folder / MAPPING, most=LARGEST_MAPPING)
    predicted = {}
    for name, table in tables.items():
        data = _file(folder / PREDICTIONS / f"{name}.parquet", most=LARGEST_PREDICTIONS)
        if data is not None:
            predicted[name] = _predictions(data, table=table, split=name, target=target)
    missing = [name for name in tables if name not in predicted and name != TRAIN]
    if model is None and (missing or not predicted):
        raise Invalid(
            _("The script left no {model}, and no predictions of {splits}").format(
                model=MODEL, splits=", ".join(missing)
            ),
            hint=_("It writes into the folder that CAUSEWAY_OUTPUT names: model.onnx, or predictions/<split>.parquet."),
        )
    return Results(model, _mapping(mapping), predicted)


def _file(path: Path, *, most: int) -> bytes | None:
    """None where there is none. A link would be one of ours: the sandbox makes none."""
    if path.is_symlink() or not path.is_file():
        return None
    if path.stat().st_size > most:
        message = _("{name} is larger than {most} MB")
        raise Invalid(message.format(name=path.name, most=most // 1_000_000))
    return path.read_bytes()


def _mapping(data: bytes | None) -> TensorMapping | None:
    if data is None:
        return None
    try:
        return TensorMapping.model_validate_json(data)
    except ValidationError as error:
        refusal = invalid_of(error, model=TensorMapping)
        raise Invalid(f"{MAPPING}: {refusal.message}", hint=refusal.hint) from error


def _predictions(data: bytes, *, table: "pa.Table", split: str, target: Target) -> dict[str, Any]:
    """The outputs of the task, in the order of the rows of the split."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        given = pq.read_table(pa.BufferReader(data))
        given.validate(full=True)
        places = _places(given, table=table, split=split)
        specs = task_of(target).outputs(target)
        outputs = {spec.name: _output(given, spec) for spec in specs if spec.datatype != "BYTES"}
        outputs |= {spec.name: _names(given, spec, outputs, target) for spec in specs if spec.datatype == "BYTES"}
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, NotImplementedError) as error:
        why = str(error).partition("\n")[0][:200]
        raise _spoiled(split, why) from error
    return {name: values[places] for name, values in outputs.items()}


def _places(given: "pa.Table", *, table: "pa.Table", split: str) -> Any:
    """Where each row of the split stands in the file."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if ROW_ID not in given.column_names:
        raise _spoiled(split, _("there is no column {name}").format(name=ROW_ID))
    ids = given[ROW_ID].cast(pa.string())
    places = pc.index_in(table[ROW_ID].cast(pa.string()), value_set=ids)
    if len(ids) != table.num_rows or places.null_count or len(pc.unique(ids)) < len(ids):
        reason = _("it has {n} rows, and not each row of the split once")
        raise _spoiled(split, reason.format(n=len(ids)))
    return np.asarray(places.to_numpy())


def _output(given: "pa.Table", spec: OutputSpec) -> Any:
    import numpy as np
    import pyarrow as pa

    if spec.name not in given.column_names:
        raise KeyError(_("there is no column {name}").format(name=spec.name))
    column = given[spec.name].combine_chunks()
    if spec.names is None:
        values = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
    else:
        flat = column.flatten().cast(pa.float64()).to_numpy(zero_copy_only=False)
        values = np.asarray(flat).reshape(len(column), len(spec.names))
    if not np.isfinite(values).all():
        raise ValueError(_("a value of {name} is no number").format(name=spec.name))
    return values


def _names(given: "pa.Table", spec: OutputSpec, outputs: Outputs, target: Target) -> Any:
    """The class of a row: as it says, or the most probable one."""
    import numpy as np
    import pyarrow as pa

    if spec.name in given.column_names:
        return np.asarray(given[spec.name].cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)
    largest = next(iter(outputs.values())).argmax(axis=1)
    return np.asarray(target.classes, dtype=object)[largest]


def _spoiled(split: str, why: str) -> Invalid:
    return Invalid(
        _("The predictions of {split} cannot be read: {why}").format(split=split, why=why),
        hint=_("Parquet with row_id and a column for each output of contract.json, each row once."),
    )
