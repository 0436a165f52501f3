"""What a model file really holds, found by its content and without running any of it. A name ending in .onnx proves
nothing: pickles, archives and files that point outside themselves are refused here."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from core.foundation.digests import digest_bytes
from core.foundation.errors import Invalid, without_folders
from core.foundation.text import _
from core.foundation.validation import invalid_of
from core.registry.signature import ANY, Datatype, Signature, TensorSpec
from core.registry.values import Finding, SafetyReport

LARGEST_BYTES = 200_000_000
DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml"})
# Beyond the standard: the only way to cut texts into words and to hash them, in the plain runtime on a CPU.
ADDED = {"com.microsoft": frozenset({"Tokenizer", "MurmurHash3"})}
# What the runtime reads at most: the operators by their domain, and the format itself.
NEWEST, NEWEST_IR = {"": 26, "ai.onnx.ml": 5}, 13
# Where other formats begin. A pickle of protocol 0 or 1 has no mark of its own and is refused as no ONNX file.
MARKS = (
    (0, b"\x80\x02", "pickle"),
    (0, b"\x80\x03", "pickle"),
    (0, b"\x80\x04", "pickle"),
    (0, b"\x80\x05", "pickle"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ", "xz"),
    (0, b"\x93NUMPY", "NumPy"),
    (257, b"ustar", "tar"),
)
# A column of a table may have so long a name.
LONGEST_NAME = 500
RANDOM_OPERATORS = frozenset(
    {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}
)
LOOPS = frozenset({"Loop", "Scan"})
# The numbers that ONNX gives the types of the Open Inference Protocol.
DATATYPES: dict[int, Datatype] = {
    1: "FP32",
    2: "UINT8",
    3: "INT8",
    4: "UINT16",
    5: "INT16",
    6: "INT32",
    7: "INT64",
    8: "BYTES",
    9: "BOOL",
    10: "FP16",
    11: "FP64",
    12: "UINT32",
    13: "UINT64",
}


def inspect(data: bytes) -> SafetyReport:
    """Everything found in the bytes of a model file. Nothing in them is executed."""
    findings = findings_by_content(data)
    model = None if findings else parsed(data)
    if model is not None:
        return report_on(model, data)
    return _report(data, {}, findings or [no_onnx()])


def report_on(model: Any, data: bytes) -> SafetyReport:
    """Everything found in a model that was parsed from the bytes."""
    return _report(data, _operators(model), list(_findings_in(model)))


def _report(data: bytes, operators: dict[str, int], findings: list[Finding]) -> SafetyReport:
    return SafetyReport(model_digest=digest_bytes(data), bytes=len(data), operators=operators, findings=tuple(findings))


def refuse(report: SafetyReport) -> None:
    """Raises Invalid with the first thing that speaks against a file, where anything does."""
    for finding in report.findings:
        if finding.refuses:
            raise Invalid(
                finding.message,
                hint=_("Send one ONNX file with standard operators and its weights inside."),
                field="content",
            )


def refuse_by_content(data: bytes) -> None:
    """The same, for what shows before a file is parsed."""
    refuse(_report(data, {}, findings_by_content(data)))


def signature_of(data: bytes) -> Signature:
    """Inputs and outputs as the graph of a safe model declares them. Invalid when the portal could not serve it: they
    are tensors of the Open Inference Protocol, and their first dimension is the rows."""
    model = parsed(data)
    if model is None:
        raise Invalid(no_onnx().message, field="content")
    refuse_newer(model)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [_tensor_spec(value) for value in model.graph.input if value.name not in constants]
    outputs = [_tensor_spec(value) for value in model.graph.output]
    if not inputs or not outputs:
        raise Invalid(
            _("The model takes nothing, or gives nothing"),
            hint=_("Give the graph the inputs and outputs that it has."),
            field="content",
        )
    return _checked(tuple(inputs), tuple(outputs))


def refuse_newer(model: Any) -> None:
    """Invalid where the runtime does not read this version of the format, or of the operators."""
    for entry in model.opset_import:
        most = NEWEST.get(domain_of(entry.domain), entry.version)
        if entry.version > most:
            message = _("The file uses version {version} of {domain}; the runtime reads {most} at most")
            domain = domain_of(entry.domain) or "ai.onnx"
            raise Invalid(
                message.format(version=entry.version, domain=domain, most=most),
                hint=_("Export it again with the option target_opset or opset_version={most}.").format(most=most),
                field="content",
            )
    if model.ir_version > NEWEST_IR:
        raise Invalid(
            _("The file is in version {version} of the format; the runtime reads {most} at most").format(
                version=model.ir_version, most=NEWEST_IR
            ),
            hint=_("Save it again with model.ir_version = {most}.").format(most=NEWEST_IR),
            field="content",
        )


def _checked(inputs: tuple[TensorSpec, ...], outputs: tuple[TensorSpec, ...]) -> Signature:
    try:
        return Signature.of(inputs, outputs)
    except ValidationError as error:
        raise invalid_of(error, model=Signature) from error


def metadata_of(data: bytes) -> dict[str, str]:
    """What a model file says of itself. Nothing in it is believed."""
    model = parsed(data)
    return {} if model is None else {_text(entry.key): _text(entry.value) for entry in model.metadata_props}


def findings_by_content(data: bytes) -> list[Finding]:
    """What speaks against a file before it is parsed: its size, and the mark of another format."""
    if len(data) > LARGEST_BYTES:
        size = _("The file has {size} MB; a model may have {most} MB")
        message = size.format(size=len(data) // 1_000_000, most=LARGEST_BYTES // 1_000_000)
        return [Finding(code="too large", refuses=True, message=message)]
    for offset, mark, name in MARKS:
        if data[offset : offset + len(mark)] == mark:
            message = _("This is a {name} file, not ONNX").format(name=name)
            return [Finding(code="not onnx", refuses=True, message=message)]
    return []


def parsed(data: bytes) -> Any:
    """The model, or None when the bytes are none. Parsing a message runs nothing; the checker is plain C++."""
    import onnx
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
        if not model.ir_version or not model.opset_import or not model.graph.node:
            return None
    except (DecodeError, RecursionError):
        return None
    return model


def no_onnx() -> Finding:
    return Finding(code="not onnx", refuses=True, message=_("This is no ONNX file: its bytes hold no model"))


def _findings_in(model: Any) -> Iterator[Finding]:
    outside = [tensor.name for tensor in _tensors(model) if tensor.data_location == 1 or tensor.external_data]
    if outside:
        message = _("The weights of {name} lie in another file").format(name=repr(outside[0][:60]))
        yield Finding(code="external data", refuses=True, message=message)
        return
    yield from _foreign_operators(model)
    yield from _unsteady_operators(model)
    if problem := _invalid_graph(model):
        yield Finding(code="invalid graph", refuses=True, message=problem)


def _foreign_operators(model: Any) -> Iterator[Finding]:
    used: dict[str, set[str]] = {domain_of(entry.domain): set() for entry in model.opset_import}
    for node in nodes_of(model):
        used.setdefault(domain_of(node.domain), set()).add(_text(node.op_type))
    for domain in sorted(domain for domain in used.keys() - DOMAINS if not _is_added(domain, used[domain])):
        message = _("Operators of {domain} are not part of the standard").format(domain=repr(domain[:60]))
        yield Finding(code="foreign operators", refuses=True, message=message)
    if model.functions:
        message = _("The model defines operators of its own")
        yield Finding(code="foreign operators", refuses=True, message=message)


def domain_of(name: str | bytes) -> str:
    """The name of a domain; the standard's own has two."""
    text = _text(name)
    return "" if text == "ai.onnx" else text


def _is_added(domain: str, operators: set[str]) -> bool:
    return domain in ADDED and operators <= ADDED[domain]


def _unsteady_operators(model: Any) -> Iterator[Finding]:
    used = set(_operators(model))
    for name in sorted(used & RANDOM_OPERATORS):
        message = _("{name} gives a different result at each call").format(name=name)
        yield Finding(code="random", refuses=True, message=message)
    for name in sorted(used & LOOPS):
        message = _("The running time of {name} depends on its input").format(name=name)
        yield Finding(code="loop", refuses=False, message=message)


def _invalid_graph(model: Any) -> str:
    import onnx

    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        first = without_folders(str(error).strip().partition("\n")[0])
        return _("The graph is not valid ONNX: {why}").format(why=first[:200])
    return ""


def graphs_of(graph: Any) -> Iterator[Any]:
    """A graph and every graph inside its operators. Protobuf itself bounds how deep they can lie."""
    yield graph
    for inner in (inner for node in graph.node for inner in graphs_in(node)):
        yield from graphs_of(inner)


def graphs_in(node: Any) -> Iterator[Any]:
    """The graphs that are attributes of an operator: its branches, or the body of its loop."""
    for attribute in node.attribute:
        yield from (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs)


def nodes_of(model: Any) -> Iterator[Any]:
    for graph in graphs_of(model.graph):
        yield from graph.node
    for function in model.functions:
        yield from function.node


def _tensors(model: Any) -> Iterator[Any]:
    for graph in graphs_of(model.graph):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes_of(model):
        for attribute in node.attribute:
            yield from _attribute_tensors(attribute)


def _attribute_tensors(attribute: Any) -> Iterator[Any]:
    yield from ([attribute.t] if attribute.HasField("t") else [])
    yield from attribute.tensors
    sparse = [attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []
    for tensor in (*sparse, *attribute.sparse_tensors):
        yield from (tensor.values, tensor.indices)


def _operators(model: Any) -> dict[str, int]:
    return dict(sorted(Counter(_text(node.op_type) for node in nodes_of(model)).items()))


def refuse_untakable(value: Any) -> None:
    """Invalid for an input or output that is no tensor of the Open Inference Protocol, or that nobody can name."""
    text = _text(value.name)
    name = repr(text[:60])
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise Invalid(
            _("{name} is no name for a column: it is too long, or has signs that cannot be shown").format(name=name),
            hint=_("Rename it before the export: up to {most} letters, digits and signs.").format(most=LONGEST_NAME),
            field="content",
        )
    kind = value.type.WhichOneof("value") or ""
    if kind == "tensor_type" and value.type.tensor_type.elem_type in DATATYPES:
        return
    is_tensor = kind == "tensor_type"
    hints = {
        "tensor_type": _("Cast it to float32, or to int64, before the export: that is what callers can send."),
        "optional_type": _("Export it again without optional inputs: with a value in the place of each."),
    }
    raise Invalid(
        _("{name} is no tensor of numbers, texts or truth values, but {kind}").format(
            name=name, kind=_element_type(value) if is_tensor else kind.removesuffix("_type")
        ),
        hint=hints.get(kind, _("Export it again with tensors alone: zipmap=False for scikit-learn and LightGBM.")),
        field="content",
    )


def _element_type(value: Any) -> str:
    import onnx

    number = value.type.tensor_type.elem_type
    names = {known: name for name, known in onnx.TensorProto.DataType.items()}
    return str(names.get(number, number)).lower()


def _tensor_spec(value: Any) -> TensorSpec:
    refuse_untakable(value)
    kind, name = value.type.tensor_type, repr(_text(value.name)[:60])
    shape = [dim.dim_value if dim.HasField("dim_value") else ANY for dim in kind.shape.dim]
    if shape[:1] != [ANY] or any(size < 1 for size in shape if size != ANY):
        raise Invalid(
            _("The first dimension of {name} is not the rows").format(name=name),
            hint=_("Export it again with a dynamic batch: a shape such as [batch] or [batch, 30]."),
            field="content",
        )
    return TensorSpec(name=_text(value.name), datatype=DATATYPES[kind.elem_type], shape=tuple(shape))


def _text(name: str | bytes) -> str:
    """A name in a message. Where its bytes are no UTF-8, the parser hands over the bytes."""
    return name.decode("utf-8", errors="replace") if isinstance(name, bytes) else name
