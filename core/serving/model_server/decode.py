"""From the JSON of a request to arrays, for the Open Inference Protocol v2. Nothing is coerced: a number is a number,
a text is a text, null is a missing value, and every refusal says where."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from core.foundation.errors import Invalid
from core.foundation.json_text import unambiguous
from core.foundation.text import _
from core.registry.values import InputSpec, Signature
from core.serving.server_spec import Limits

TOP_LEVEL = {"id", "parameters", "inputs", "outputs"}
TENSOR = {"name", "shape", "datatype", "data", "parameters"}
NUMBERS, CONTAINERS = {float, int}, {dict, list}
SHOWN = 40


@dataclass(frozen=True)
class InferenceRequest:
    """A request for inference: one array of `rows` values for each input."""

    id: str
    rows: int
    inputs: dict[str, npt.NDArray[np.generic]]


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Invalid for anything else, NaN and Infinity included."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid(
            _("The body is no JSON: {why}").format(why=str(error)[:200]),
            hint=_("NaN and Infinity are no JSON; a missing value is null."),
        ) from error
    if not isinstance(document, dict):
        raise Invalid(_("The body must be a JSON object"))
    # A name that stands twice has a colon that none of what was read accounts for.
    if b"\\" in body or body.count(b":") != _colons(document):
        unambiguous(body)
    return document


def _colons(value: dict[str, Any] | list[Any]) -> int:
    """With how many colons an object or a list was written, if without escapes. Lists that begin with a number are
    passed over: a colon too many is looked into, and too few are impossible."""
    parts: Iterable[Any] = value
    colons = 0
    if isinstance(value, dict):
        parts, colons = value.values(), len(value) + "".join(value).count(":")
    elif value and type(value[0]) in NUMBERS:
        parts = ()
    for part in parts:
        if type(part) is str:
            colons += part.count(":")
        elif type(part) in CONTAINERS:
            colons += _colons(part)
    return colons


def decode_inference(body: bytes, *, signature: Signature, limits: Limits) -> InferenceRequest:
    """A v2 request. Sizes are checked against the limits before anything is allocated for them."""
    document = parse_object(body)
    _known(document, TOP_LEVEL, where="")
    _check_outputs(document.get("outputs"), signature=signature)
    tensors = _by_name(document.get("inputs"))
    same_names(tensors, [spec.name for spec in signature.inputs], where="inputs")
    rows = _rows(tensors, limits=limits)
    inputs = {spec.name: _array(tensors[spec.name], spec=spec, rows=rows, limits=limits) for spec in signature.inputs}
    request_id = document.get("id", "")
    if not isinstance(request_id, str) or len(request_id) > limits.text:
        raise wrong("id", _("must be a short text"))
    return InferenceRequest(id=request_id, rows=rows, inputs=inputs)


def same_names(given: Mapping[str, Any], wanted: Sequence[str], *, where: str) -> None:
    """Invalid naming the columns that are missing and those nobody knows."""
    if given.keys() == set(wanted):
        return
    missing = [name for name in wanted if name not in given]
    unknown = [name for name in given if name not in wanted]
    if missing:
        raise wrong(where, _("{names} missing").format(names=_shown(missing)))
    if unknown:
        raise wrong(where, _("{names} unknown").format(names=_shown(unknown)), hint=_shown(wanted, most=1_000))


def check_size(rows: int, *, columns: int, limits: Limits, where: str) -> None:
    """Invalid for more rows, or rows times columns, than one request may have."""
    if rows > limits.rows or rows * columns > limits.cells:
        raise wrong(
            where,
            _("{rows} rows of {columns} columns are too many").format(rows=rows, columns=columns),
            hint=_("At most {rows} rows and {cells} values.").format(rows=limits.rows, cells=limits.cells),
        )


def numbers_of(values: Sequence[Any], *, where: str) -> npt.NDArray[np.generic]:
    """Doubles, NaN where a value is null. The parser has refused infinite ones already."""
    kinds = set(map(type, values))
    if not kinds <= NUMBERS:
        values = [math.nan if value is None else _number(value, where=where, at=at) for at, value in enumerate(values)]
    return np.array(values, dtype=np.float64)


def texts_of(values: Sequence[Any], *, where: str, limits: Limits) -> npt.NDArray[np.generic]:
    """Texts, empty where a value is null."""
    array = np.empty(len(values), dtype=object)
    array[:] = [_text(value, where=where, at=at, limits=limits) for at, value in enumerate(values)]
    return array


def wrong(where: str, message: str, *, hint: str = "") -> Invalid:
    """A refusal that names its place."""
    return Invalid(f"{where}: {message}" if where else message, hint=hint, field=where)


def _number(value: Any, *, where: str, at: int) -> float:
    if type(value) not in NUMBERS:
        raise wrong(f"{where}[{at}]", _("{value} is no number").format(value=_quoted(value)))
    return float(value)


def _text(value: Any, *, where: str, at: int, limits: Limits) -> str:
    if type(value) is str and len(value) <= limits.text:
        return value
    if value is None:
        return ""
    reason = _("{value} is no text") if type(value) is not str else _("{value} is too long")
    raise wrong(f"{where}[{at}]", reason.format(value=_quoted(value)))


def _by_name(inputs: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(inputs, list) or not inputs:
        raise wrong("inputs", _("must be a list of tensors"))
    tensors: dict[str, dict[str, Any]] = {}
    for at, tensor in enumerate(inputs):
        where = f"inputs[{at}]"
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            raise wrong(where, _("must be an object with a name"))
        _known(tensor, TENSOR, where=where)
        if tensors.setdefault(tensor["name"], tensor) is not tensor:
            raise wrong(where, _("{name} is there twice").format(name=_quoted(tensor["name"])))
    return tensors


def _rows(tensors: Mapping[str, dict[str, Any]], *, limits: Limits) -> int:
    shapes = {name: _shape(tensor.get("shape"), where=name) for name, tensor in tensors.items()}
    rows = next(iter(shapes.values()))
    for name, others in shapes.items():
        if others != rows:
            raise wrong(name, _("has {found} rows, the first input has {rows}").format(found=others, rows=rows))
    check_size(rows, columns=len(tensors), limits=limits, where="inputs")
    return rows


def _shape(shape: Any, *, where: str) -> int:
    """The number of rows: every input is a list of them, so a shape has one entry."""
    if not isinstance(shape, list) or len(shape) != 1:
        raise wrong(f"{where}.shape", _("must be [rows]"))
    if type(shape[0]) is not int or shape[0] < 1:
        raise wrong(f"{where}.shape", _("{value} is no number of rows").format(value=_quoted(shape[0])))
    return int(shape[0])


def _array(tensor: Mapping[str, Any], *, spec: InputSpec, rows: int, limits: Limits) -> npt.NDArray[np.generic]:
    data, where = tensor.get("data"), f"{spec.name}.data"
    if tensor.get("datatype") != spec.datatype:
        raise wrong(f"{spec.name}.datatype", _("must be {datatype}").format(datatype=spec.datatype))
    if not isinstance(data, list):
        raise wrong(where, _("must be a list"))
    if len(data) != rows:
        raise wrong(where, _("has {found} values, the shape says {rows}").format(found=len(data), rows=rows))
    return numbers_of(data, where=where) if spec.datatype == "FP64" else texts_of(data, where=where, limits=limits)


def _check_outputs(outputs: Any, *, signature: Signature) -> None:
    if outputs is None:
        return
    is_list = isinstance(outputs, list) and bool(outputs)
    if not is_list or any(not isinstance(item, dict) or item.get("name") != signature.output for item in outputs):
        raise wrong("outputs", _("there is only {name}").format(name=signature.output))


def _known(document: Mapping[str, Any], names: set[str], *, where: str) -> None:
    unknown = [name for name in document if name not in names]
    if unknown:
        raise wrong(where or "body", _("{names} unknown").format(names=_shown(unknown)))


def _shown(names: Sequence[str], *, most: int = 200) -> str:
    return ", ".join(names)[:most]


def _quoted(value: Any) -> str:
    return repr(value)[:SHOWN]
