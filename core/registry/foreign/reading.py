"""Reads the file of another library and brings it to the versions of the format that the portal writes. What cannot be
served is refused here, with the reason and with what would help."""

from collections.abc import Iterator
from typing import Any

from core.foundation.errors import Invalid, without_folders
from core.foundation.text import _
from core.registry import onnx_safety
from core.registry.foreign.classes import classes_of
from core.registry.foreign.values import File, Tensor

ML = "ai.onnx.ml"
# What the nodes need at least that are written around the model.
OLDEST = {"": 20, ML: 3}
OLDEST_IR = 10
LOCALE = "C.UTF-8"
DATATYPES = {
    1: "FP32", 2: "UINT8", 3: "INT8", 4: "UINT16", 5: "INT16", 6: "INT32", 7: "INT64", 8: "BYTES", 9: "BOOL",
    10: "FP16", 11: "FP64", 12: "UINT32", 13: "UINT64",
}  # fmt: skip
ELEMENT_TYPES = {datatype: number for number, datatype in DATATYPES.items()}


def read(data: bytes) -> tuple[Any, File]:
    """The model without maps in its outputs and in versions that can be built upon, and what it takes and gives. Raises
    Invalid for what cannot be served."""
    model = _parsed(data)
    onnx_safety.refuse_newer(model)
    _modernize(model)
    _name_locales(model)
    classes = _remove_zip_maps(model)
    return model, _described(model, classes)


def _parsed(data: bytes) -> Any:
    """The safe model, each domain listed once and only where it is used."""
    import onnx

    model = onnx_safety.parsed(data)
    if model is None:
        raise Invalid(onnx_safety.no_onnx().message, field="content")
    used = {onnx_safety.domain_of(node.domain) for node in onnx_safety.nodes_of(model)}
    newest: dict[str, int] = {}
    for entry in model.opset_import:
        domain = onnx_safety.domain_of(entry.domain)
        if domain in used or domain in OLDEST:
            newest[domain] = max(entry.version, newest.get(domain, 0))
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in newest.items())
    onnx_safety.refuse(onnx_safety.report_on(model, data))
    return model


def _modernize(model: Any) -> None:
    """Operators mean something else in other versions, so older ones are converted; a file that has none of a domain
    gets that domain alone."""
    import onnx

    versions = {entry.domain: entry.version for entry in model.opset_import}
    if 0 < versions.get("", 0) < OLDEST[""]:
        model.CopyFrom(_converted(model))
        versions = {entry.domain: entry.version for entry in model.opset_import}
    wanted = versions | {domain: max(versions.get(domain, 0), oldest) for domain, oldest in OLDEST.items()}
    del model.opset_import[:]
    model.opset_import.extend(onnx.helper.make_opsetid(domain, version) for domain, version in wanted.items())
    model.ir_version = max(model.ir_version, OLDEST_IR)


def _converted(model: Any) -> Any:
    from onnx import version_converter

    try:
        return version_converter.convert_version(model, OLDEST[""])
    except (RuntimeError, ValueError, IndexError) as error:
        why = without_folders(str(error).strip().partition("\n")[0])[:200]
        raise Invalid(
            _("Its operators cannot be brought to version {version}: {why}").format(version=OLDEST[""], why=why),
            hint=_("Export it again with target_opset or opset_version={version}.").format(version=OLDEST[""]),
            field="content",
        ) from error


def _name_locales(model: Any) -> None:
    """Texts are made lower case by the rules of a locale. The one that is meant where none is named is not installed
    everywhere, and then the file does not load."""
    import onnx

    for node in onnx_safety.nodes_of(model):
        if node.op_type == "StringNormalizer" and not any(entry.name == "locale" for entry in node.attribute):
            node.attribute.append(onnx.helper.make_attribute("locale", LOCALE))


def _remove_zip_maps(model: Any) -> dict[str, tuple[str, ...]]:
    """A list of maps is what no protocol sends: the tensor from which it is made takes its place. Returns the classes
    by output."""
    import onnx

    classes: dict[str, tuple[str, ...]] = {}
    zip_maps = {node.output[0]: node for node in model.graph.node if node.op_type == "ZipMap"}
    for output in model.graph.output:
        node = zip_maps.get(output.name)
        if node is None:
            continue
        names = classes_of([node])
        model.graph.node.remove(node)
        # The output keeps its name, by which its owner knows it.
        model.graph.node.append(onnx.helper.make_node("Identity", [node.input[0]], [output.name]))
        output.type.CopyFrom(onnx.helper.make_tensor_type_proto(1, [None, len(names) or None]))
        classes[output.name] = names
    return classes


def _described(model: Any, classes: dict[str, tuple[str, ...]]) -> File:
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [_input(value) for value in model.graph.input if value.name not in constants]
    if not inputs:
        hint = _("Give the graph the inputs that it has; a constant needs no model.")
        raise Invalid(_("The file takes no input"), hint=hint, field="content")
    outputs = [_output(value) for value in model.graph.output]
    known = classes | dict(_classes_by_output(model, outputs))
    return File(
        inputs=tuple(inputs),
        outputs=tuple(output.model_copy(update={"classes": known.get(output.name, ())}) for output in outputs),
    )


def _classes_by_output(model: Any, outputs: list[Tensor]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where the file has no map it names its classes where it makes the label."""
    names = classes_of(model.graph.node, model.graph.initializer)
    for output in outputs:
        if names and output.datatype.startswith("FP") and output.shape[-1:] in ((len(names),), (None,)):
            yield output.name, names


def _output(value: Any) -> Tensor:
    tensor = _tensor(value)
    if not value.type.tensor_type.shape.dim:
        raise Invalid(
            _("The output {name} is a single value for all rows").format(name=repr(tensor.name[:60])),
            hint=_("Export it again with a value a row, or without this output."),
            field="content",
        )
    return tensor


def _input(value: Any) -> Tensor:
    tensor = _tensor(value)
    name, dimensions = repr(tensor.name[:60]), value.type.tensor_type.shape.dim
    hint = _("Export it again with a dynamic batch: dynamic_shapes=({0: 'batch'},) for PyTorch, None elsewhere.")
    if not dimensions:
        message = _("The input {name} is a single value for all rows")
        raise Invalid(message.format(name=name), hint=hint, field="content")
    if dimensions[0].HasField("dim_value"):
        message = _("The input {name} takes {size} rows at a time")
        raise Invalid(message.format(name=name, size=dimensions[0].dim_value), hint=hint, field="content")
    if any(size is None for size in tensor.shape[1:]):
        raise Invalid(
            _("The rows of the input {name} have several sizes that may vary").format(name=repr(tensor.name[:60])),
            hint=_("Export it again with fixed sizes in all dimensions but the first."),
            field="content",
        )
    return tensor


def _tensor(value: Any) -> Tensor:
    onnx_safety.refuse_untakable(value)
    kind = value.type.tensor_type
    sizes = [dimension.dim_value if dimension.HasField("dim_value") else None for dimension in kind.shape.dim]
    if 0 in sizes:
        raise Invalid(
            _("The tensor {name} has a dimension of size 0").format(name=repr(value.name[:60])),
            hint=_("Export it again without this input or output."),
            field="content",
        )
    return Tensor(name=value.name, datatype=DATATYPES[kind.elem_type], shape=tuple(sizes[1:]))
