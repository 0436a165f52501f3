"""The ONNX file that a script left, as one of ours: it takes the columns of the training set by name and gives what the
task says. It is read, mapped and tried where files from elsewhere are, with the same limits."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from core.features.values import FeatureContract
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.registry.foreign.conversion import Sent
from core.registry.foreign.process import converted
from core.registry.foreign.values import Answer, Tensor, TensorMapping, Trial
from core.registry.inspection import LIMITS, safe_signature
from core.registry.signature import Signature, TensorSpec
from core.tasks.task import task_of
from core.tasks.values import OutputSpec, Target
from core.training.preparation import numbers_of, texts_of
from core.training.recipe import Origins, inputs_of

if TYPE_CHECKING:
    import pyarrow as pa

EXAMPLE_ROWS = 64
SINGLE = ("probability", "value", "score")


class Wanted(NamedTuple):
    """What a model of the training set takes and predicts."""

    contract: FeatureContract
    target: Target


def mapped_model(content: bytes, *, rows: "pa.Table", wanted: Wanted, mapping: TensorMapping | None) -> bytes:
    """The file over the columns of the training set. Raises Invalid where it is none, unsafe, fails on the rows, or
    gives something else than the task."""
    example = _example(rows.slice(0, EXAMPLE_ROWS), wanted.contract)
    served, trial = converted(content, Sent(example=example, mapping=mapping), limits=LIMITS)
    answers = answers_for(trial, wanted.target)
    if answers != trial.mapping.answers:
        chosen = TensorMapping(inputs=trial.mapping.inputs, answers=answers)
        served, trial = converted(content, Sent(example=example, mapping=chosen), limits=LIMITS)
    _refuse_other_order(trial.mapping, wanted.contract)
    return _with_all_inputs(served, wanted.contract)


def signed(content: bytes, *, wanted: Wanted, origins: Origins) -> tuple[bytes, Signature]:
    """The file, which says where it comes from, and its signature."""
    import onnx

    model = onnx.load_model_from_string(content)
    facts = {name: str(text) for name, text in origins.origin.model_dump().items() if text}
    about = {**{entry.key: entry.value for entry in model.metadata_props}, **facts}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, dict(sorted(about.items())))
    data = model.SerializeToString(deterministic=True)
    columns = {spec.name: spec.columns for spec in _inputs(wanted.contract) if spec.columns}
    signature = safe_signature(data, limits=LIMITS).with_columns(columns)
    return data, signature.model_copy(update={"target": wanted.target})


def answers_for(trial: Trial, target: Target) -> tuple[Answer, ...]:
    """The answers of a file that are the outputs of the task: by their names, or the only ones of their form."""
    return tuple(_answer(spec, trial, target) for spec in task_of(target).outputs(target))


def _answer(spec: OutputSpec, trial: Trial, target: Target) -> Answer:
    proposed = {answer.name: answer for answer in trial.mapping.answers}
    tensors = {tensor.name: tensor for tensor in trial.file.outputs}
    known = proposed.get(spec.name)
    if spec.datatype == "BYTES":
        names = tuple(target.classes)
        source = known if known and known.role == "label" else _several(proposed, tensors, names=names)
        return source.model_copy(update={"name": spec.name, "role": "label", "classes": names})
    if spec.names is not None:
        source = known or _several(proposed, tensors, names=spec.names)
        _refuse_other_classes(tensors[source.tensor], names=spec.names)
        return source.model_copy(update={"name": spec.name, "role": "probabilities", "classes": spec.names})
    source = known or _single(proposed, spec)
    return source.model_copy(update={"name": spec.name})


def _single(proposed: Mapping[str, Answer], spec: OutputSpec) -> Answer:
    singles = [answer for answer in proposed.values() if answer.role in SINGLE]
    if len(singles) != 1:
        raise _other_outputs(proposed, (spec.name,))
    return singles[0]


def _several(proposed: Mapping[str, Answer], tensors: Mapping[str, Tensor], *, names: tuple[str, ...]) -> Answer:
    fitting = [
        answer
        for answer in proposed.values()
        if answer.role in ("values", "probabilities", "probability") and tensors[answer.tensor].shape == (len(names),)
    ]
    if not fitting:
        raise _other_outputs(proposed, names)
    return fitting[0]


def _other_outputs(proposed: Mapping[str, Answer], names: tuple[str, ...]) -> Invalid:
    return Invalid(
        _("The file gives {given}; what the task predicts is {wanted}").format(
            given=", ".join(proposed)[:200], wanted=", ".join(names)[:200]
        ),
        hint=_("Name the outputs as contract.json does, or say in mapping.json which they are."),
    )


def _refuse_other_classes(tensor: Tensor, *, names: tuple[str, ...]) -> None:
    """Classes that the file names must be in the order of the task, or be their places."""
    known = tensor.classes or names
    if known not in (names, tuple(str(place) for place in range(len(names)))):
        raise Invalid(
            _("The classes of the file are {given}; those of the training set {wanted}").format(
                given=", ".join(known)[:200], wanted=", ".join(names)[:200]
            ),
            hint=_("Train with the classes in the order of contract.json."),
        )


def _example(rows: "pa.Table", contract: FeatureContract) -> bytes:
    import pyarrow as pa

    columns = {name: texts_of(rows, name=name) for name in (*contract.categories(), *contract.texts())}
    columns |= {name: pa.array(numbers_of(rows, name=name)) for name in contract.numbers()}
    buffer = io.BytesIO()
    table = pa.table(columns)
    with pa.ipc.new_file(buffer, table.schema) as file:
        file.write_table(table)
    return buffer.getvalue()


def _inputs(contract: FeatureContract) -> tuple[TensorSpec, ...]:
    return inputs_of(contract).inputs


def _refuse_other_order(mapping: TensorMapping, contract: FeatureContract) -> None:
    """Columns in wide tensors have their places there."""
    names = {spec.name: spec.columns for spec in _inputs(contract)}
    for tensor, columns in mapping.wide_columns.items():
        if columns != names.get(tensor):
            raise Invalid(
                _("A model of so many columns takes all of them, in the order of contract.json"),
                hint=_("Leave none out, or select fewer features for the training set."),
            )


def _with_all_inputs(content: bytes, contract: FeatureContract) -> bytes:
    """Every column is an input, in the order of the contract; what the model does not need is not looked at."""
    import onnx

    model = onnx.load_model_from_string(content)
    constants = {tensor.name for tensor in model.graph.initializer}
    known = {value.name: value for value in model.graph.input if value.name not in constants}
    wanted = _inputs(contract)
    if others := sorted(known.keys() - {spec.name for spec in wanted}):
        raise Invalid(
            _("The model takes {name}, which is no column of the training set").format(name=repr(others[0][:60])),
            hint=_("Say in mapping.json which columns fill its inputs."),
        )
    inputs = [known.get(spec.name) or _unused(spec) for spec in wanted]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return bytes(model.SerializeToString(deterministic=True))


def _unused(spec: TensorSpec) -> Any:
    import onnx

    kind = onnx.TensorProto.STRING if spec.datatype == "BYTES" else onnx.TensorProto.DOUBLE
    return onnx.helper.make_tensor_value_info(spec.name, kind, ["batch", *spec.row])
