"""One graph of three parts: named columns to tensors, the model as it came, tensors to answers. What nothing of it
needs is cut off, and the same file gives the same bytes wherever it was exported."""

from collections.abc import Iterator
from typing import Any

from core.foundation.digests import canonical
from core.foundation.errors import Invalid, without_folders
from core.foundation.text import _
from core.registry import onnx_safety
from core.registry.foreign.nodes import Nodes
from core.registry.foreign.prefix import Prefix
from core.registry.foreign.suffix import Suffix
from core.registry.foreign.values import File, TensorMapping

GRAPH = "model"
# What a file that was assembled says of itself: where its columns go, and what its answers are.
MAPPING = "causeway.mapping"


def assemble(model: Any, file: File, *, mapping: TensorMapping) -> bytes:
    """The file that takes the columns of the mapping and gives its answers. `model` is what `read` gave and is changed.
    Raises Invalid where the mapping does not fit the file."""
    from onnx import compose

    _check_mapping(mapping, file)
    names = [*(column.name for column in mapping.columns()), *(answer.name for answer in mapping.answers)]
    before, theirs, behind = (_unused(word, names) for word in ("in.", "model.", "out."))
    compose.add_prefix(model, theirs, inplace=True)
    first, last = Nodes(before), Nodes(behind)
    prefix = Prefix(first, mapping)
    prefix.write(file, rename=theirs)
    outputs = Suffix(last, file).write(mapping, rename=theirs)
    return _finished(model, [first, last], mapping=mapping, inputs=prefix.inputs(), outputs=outputs)


def mapping_of(content: bytes) -> TensorMapping | None:
    """The mapping that a file was assembled with; None of a file that came as it is."""
    written = onnx_safety.metadata_of(content).get(MAPPING)
    return TensorMapping.model_validate_json(written) if written else None


def _check_mapping(mapping: TensorMapping, file: File) -> None:
    filled = [entry.tensor for entry in mapping.inputs]
    _refuse_others(filled, known=[tensor.name for tensor in file.inputs], complete=True)
    _refuse_others([answer.tensor for answer in mapping.answers], known=[tensor.name for tensor in file.outputs])
    answers = [answer.name for answer in mapping.answers]
    columns = {column.name: column.kind for column in mapping.columns()}
    for column in (column for entry in mapping.inputs for column in entry.columns):
        if column.kind != columns[column.name]:
            message = _("The column {name} cannot be a number and a text").format(name=column.name)
            raise Invalid(message, field="mapping")
    if len(set(answers)) < len(answers) or set(answers) & set(columns):
        raise Invalid(_("An answer has the name of another one, or of a column"), field="mapping")


def _refuse_others(names: list[str], *, known: list[str], complete: bool = False) -> None:
    """Invalid where a name is none of those that the file has, or where one of them is left out."""
    if unknown := [name for name in names if name not in known]:
        raise Invalid(
            _("The file has no {name}").format(name=repr(unknown[0][:60])),
            hint=_("It has: {names}.").format(names=", ".join(known)[:500]),
            field="mapping",
        )
    if complete and sorted(names) != sorted(known):
        missing = [name for name in known if name not in names] or names
        raise Invalid(
            _("{name} has to be filled, once").format(name=repr(missing[0][:60])),
            hint=_("Every input of the file needs its columns."),
            field="mapping",
        )


def _unused(word: str, names: list[str]) -> str:
    while any(name.startswith(word) for name in names):
        word = f"_{word}"
    return word


def _finished(
    model: Any, parts: list[Nodes], *, mapping: TensorMapping, inputs: list[Any], outputs: list[Any]
) -> bytes:
    import onnx

    first, last = parts
    graph = model.graph
    nodes = [*first.written, *graph.node, *last.written]
    constants = [*first.constants, *graph.initializer, *last.constants]
    needed, wanted = _needed(nodes, {output.name for output in outputs})
    finished = onnx.helper.make_graph(
        needed, GRAPH, inputs, outputs, initializer=[tensor for tensor in constants if tensor.name in wanted]
    )
    finished.sparse_initializer.extend(tensor for tensor in graph.sparse_initializer if tensor.values.name in wanted)
    graph.CopyFrom(finished)
    _strip(model)
    model.metadata_props.add(key=MAPPING, value=canonical(mapping).decode())
    return _checked(model)


def _needed(nodes: list[Any], wanted: set[str]) -> tuple[list[Any], set[str]]:
    """The nodes that lead to the values that are wanted, and the names of all that they read."""
    needed, read = [], set(wanted)
    for node in reversed(nodes):
        if read.intersection(node.output):
            needed.append(node)
            read.update(_read_by(node))
    return needed[::-1], read


def _read_by(node: Any) -> Iterator[str]:
    """What a node reads, by what lies inside it too."""
    yield from node.input
    for graph in onnx_safety.graphs_in(node):
        yield from (output.name for output in graph.output)
        for inner in graph.node:
            yield from _read_by(inner)


def _strip(model: Any) -> None:
    """What exporters note beside the model: places on their machine, stack traces, the time. A digest would depend on
    them."""
    for field in ("metadata_props", "training_info"):
        model.ClearField(field)
    for field in ("doc_string", "domain", "model_version", "producer_version"):
        model.ClearField(field)
    for node in onnx_safety.nodes_of(model):
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for graph in onnx_safety.graphs_of(model.graph):
        graph.ClearField("value_info")
        graph.ClearField("metadata_props")
        graph.ClearField("doc_string")
        graph.ClearField("quantization_annotation")
        for tensor in graph.initializer:
            tensor.ClearField("doc_string")
            tensor.ClearField("metadata_props")


def _checked(model: Any) -> bytes:
    import onnx

    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError, RuntimeError) as error:
        why = without_folders(str(error).strip().partition("\n")[0])[:300]
        raise Invalid(
            _("The file does not fit its mapping: {why}").format(why=why),
            hint=_("Compare the columns, roles and classes with what the file takes and gives."),
            field="mapping",
        ) from error
    return bytes(model.SerializeToString(deterministic=True))
