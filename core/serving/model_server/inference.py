"""The Open Inference Protocol v2 over HTTP, both ways: tensors in JSON, or behind it in binary. Members that clients of
the protocol add are passed over; what a tensor says of itself is checked before anything is allocated for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod
from typing import Any

import numpy as np
import orjson

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.images.decoders import Encoded
from core.registry.signature import ANY, Signature, TensorSpec
from core.serving.model_server.columns import from_bytes, numbers_in, parts_in, texts_in, to_bytes, typed
from core.serving.model_server.decode import check_size, parse_object, quoted, same_names, wrong
from core.serving.model_server.layout import Array, Arrays, Block, Layout
from core.serving.model_server.pictures import Picture, picture_of
from core.serving.server_spec import Limits

# By place among the outputs which are wanted, and whether in binary.
Wanted = Sequence[tuple[int, bool]]
Tensor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """A request for inference: so many rows of each input."""

    id: str
    rows: int
    arrays: Arrays
    wanted: Wanted
    pictures: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A body's tensors by name, the bytes that follow its JSON, and where in them each binary tensor lies."""

    tensors: Mapping[str, Tensor]
    rest: memoryview
    places: Mapping[str, slice]


class InferenceReader:
    """Decodes what `infer` is sent."""

    def __init__(self, signature: Signature, *, layout: Layout, limits: Limits) -> None:
        self._layout, self._limits = layout, limits
        self._specs = {spec.name: spec for spec in signature.inputs}
        self._names, self._outputs = list(self._specs), [spec.name for spec in signature.gives]
        self._values = sum(spec.cells for spec in signature.inputs)
        self._all = {is_binary: [(at, is_binary) for at in range(len(self._outputs))] for is_binary in (False, True)}

    def read(self, body: bytes, *, head_bytes: int = 0) -> InferenceRequest:
        """`head_bytes` is how long the JSON is; 0 where there is nothing else. Invalid says what is wrong and where."""
        if not 0 <= head_bytes <= len(body):
            raise wrong("inference-header-content-length", _("is not how long the JSON of the body is"))
        head = body[:head_bytes] if head_bytes else body
        document = parse_object(head)
        tensors = self._tensors(document.get("inputs"))
        rest = memoryview(body)[len(head) :]
        sent = Body(tensors, rest, _binary_places(tensors, size=len(rest)) if head_bytes else {})
        rows, pictures = self._rows(tensors), list[Picture]()
        arrays = tuple([self._block(block, sent, rows=rows, pictures=pictures) for block in self._layout.blocks])
        return InferenceRequest(self._id(document), rows, arrays, self._wanted(document), pictures)

    def _tensors(self, inputs: Any) -> Mapping[str, Tensor]:
        try:
            tensors = {tensor["name"]: tensor for tensor in inputs}
        except (TypeError, KeyError):
            tensors = {}
        if tensors.keys() != self._specs.keys() or len(tensors) < len(inputs):
            tensors = _by_name(inputs)
            same_names(tensors, self._names, where="inputs")
        return tensors

    def _rows(self, tensors: Mapping[str, Tensor]) -> int:
        name, tensor = next(iter(tensors.items()))
        rows = _shape_of(tensor, spec=as_sent(self._specs[name], tensor))[0]
        check_size(rows, columns=self._values, limits=self._limits, where="inputs")
        return rows

    def _block(self, block: Block, body: Body, *, rows: int, pictures: list[Picture]) -> Array:
        if block.image and body.tensors[block.inputs[0]].get("datatype") == "BYTES":
            pixels = np.zeros((rows, *block.row), dtype=np.uint8)
            pictures += self._files(block.specs[0], body, pixels=pixels)
            return pixels[None]
        shape = [rows, *block.row]
        if ANY in block.row:
            return np.stack([self._tensor(spec, body, rows=rows) for spec in block.specs])
        if body.places:
            plain = self._plain_binary(block, body, shape=shape)
            return np.stack([self._tensor(spec, body, rows=rows) for spec in block.specs]) if plain is None else plain
        tensors, size = [body.tensors[name] for name in block.inputs], prod(shape)
        parts = _plain_parts(tensors, datatype=block.datatype, shape=shape, size=size)
        if parts is None:
            specs = zip(tensors, block.specs, strict=True)
            parts = [_flat(tensor, spec=spec, shape=_checked(tensor, spec=spec, rows=rows)) for tensor, spec in specs]
        return self._typed(parts, block.specs, size=size).reshape(len(parts), *shape)

    def _plain_binary(self, block: Block, body: Body, *, shape: list[int]) -> Array | None:
        """A block whose tensors all come in binary and say of themselves just what is expected, all at once; None where
        one of them takes a second look."""
        places, size = [body.places.get(name) for name in block.inputs], prod(shape)
        if None in places or not _are_plain([body.tensors[name] for name in block.inputs], block.datatype, shape=shape):
            return None
        data = [body.rest[place] for place in places if place]
        try:
            if block.datatype == "BYTES":
                texts = [texts_in(part, count=size, where=name) for part, name in zip(data, block.inputs, strict=True)]
                return self._typed(texts, block.specs, size=size).reshape(len(data), *shape)
            return numbers_in(data, datatype=block.datatype, count=size, where="data").reshape(len(data), *shape)
        except Invalid:
            return None

    def _files(self, spec: TensorSpec, body: Body, *, pixels: Array) -> list[Picture]:
        """The files of images that a tensor of bytes holds, one a row, in base64 where it is JSON."""
        assert spec.image is not None
        tensor, rows, where = body.tensors[spec.name], len(pixels), f"{spec.name}.data"
        sent = as_sent(spec, tensor)
        shape = _checked(tensor, spec=sent, rows=rows)
        if spec.name not in body.places:
            texts = _flat(tensor, spec=sent, shape=shape)
            return [
                picture_of(text, image=spec.image, where=f"{where}[{at}]", pixels=pixels[at])
                for at, text in enumerate(texts)
            ]
        files = parts_in(body.rest[body.places[spec.name]], count=rows, where=where)
        return [
            Picture(Encoded(bytes(file), spec.image), f"{where}[{at}]", pixels[at]) for at, file in enumerate(files)
        ]

    def _tensor(self, spec: TensorSpec, body: Body, *, rows: int) -> Array:
        """One that comes in binary, or has a shape of its own."""
        tensor = body.tensors[spec.name]
        shape = _checked(tensor, spec=spec, rows=rows)
        size = prod(shape)
        check_size(rows, columns=spec.cells or size // rows, limits=self._limits, where=spec.name)
        if spec.name not in body.places:
            values = self._typed([_flat(tensor, spec=spec, shape=shape)], (spec,), size=size)
        else:
            data, where = body.rest[body.places[spec.name]], f"{spec.name}.data"
            values = from_bytes(data, datatype=spec.datatype, count=size, where=where, most_text=self._limits.text)
        return values.reshape(shape)

    def _typed(self, parts: Sequence[list[Any]], specs: Sequence[TensorSpec], *, size: int) -> Array:
        return typed(
            parts,
            datatype=specs[0].datatype,
            place=lambda at: f"{specs[at // size].name}.data[{at % size}]",
            most_text=self._limits.text,
        )

    def _id(self, document: Mapping[str, Any]) -> str:
        request_id = document.get("id", "")
        if not isinstance(request_id, str) or len(request_id) > self._limits.text:
            raise wrong("id", _("must be a short text"))
        return request_id

    def _wanted(self, document: Mapping[str, Any]) -> Wanted:
        """Which outputs, in which order, and those in binary."""
        is_binary = bool(_parameter(document, "binary_data_output"))
        outputs = document.get("outputs")
        if not outputs and (outputs is None or type(outputs) is list):
            return self._all[is_binary]
        if not isinstance(outputs, list) or any(not isinstance(item, dict) for item in outputs):
            raise wrong("outputs", _("must be a list of objects with a name"))
        if any(item.get("name") not in self._outputs for item in outputs):
            raise wrong("outputs", _("there is only {name}").format(name=", ".join(self._outputs)))
        binary = (_parameter(item, "binary_data") for item in outputs)
        return [
            (self._outputs.index(item["name"]), is_binary if flag is None else bool(flag))
            for item, flag in zip(outputs, binary, strict=True)
        ]


class InferenceWriter:
    """Encodes what `infer` answers."""

    def __init__(self, signature: Signature, *, named: Mapping[str, str]) -> None:
        self._gives, self._named = signature.gives, dict(named)

    def write(self, outputs: Arrays, request: InferenceRequest, *, parameters: Mapping[str, int]) -> tuple[bytes, int]:
        """The body, and how long its JSON is where binary tensors follow it, else 0."""
        tensors = [self._tensor(at, outputs[at], is_binary=is_binary) for at, is_binary in request.wanted]
        document: dict[str, Any] = dict(self._named)
        if request.id:
            document["id"] = request.id
        document["outputs"] = [tensor for tensor, _data in tensors]
        if parameters:
            document["parameters"] = parameters
        head, data = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY), b"".join(data for _t, data in tensors)
        return (head + data, len(head)) if any(is_binary for _at, is_binary in request.wanted) else (head, 0)

    def _tensor(self, at: int, values: Array, *, is_binary: bool) -> tuple[dict[str, Any], bytes]:
        spec = self._gives[at]
        tensor = {"name": spec.name, "datatype": spec.datatype, "shape": values.shape}
        if is_binary:
            data = to_bytes(values)
            return {**tensor, "parameters": {"binary_data_size": len(data)}}, data
        flat = values.reshape(-1)
        return {**tensor, "data": flat.tolist() if flat.dtype == object else flat}, b""


def _by_name(inputs: Any) -> dict[str, Tensor]:
    if not isinstance(inputs, list) or not inputs:
        raise wrong("inputs", _("must be a list of tensors"))
    tensors: dict[str, Tensor] = {}
    for at, tensor in enumerate(inputs):
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            raise wrong(f"inputs[{at}]", _("must be an object with a name"))
        tensors[tensor["name"]] = tensor
    if len(tensors) < len(inputs):
        names = [tensor["name"] for tensor in inputs]
        at = next(at for at, name in enumerate(names) if name in names[:at])
        raise wrong(f"inputs[{at}]", _("{name} is there twice").format(name=quoted(names[at])))
    return tensors


def _plain_parts(tensors: Sequence[Tensor], *, datatype: str, shape: list[int], size: int) -> list[list[Any]] | None:
    """The values of tensors that say of themselves just what is expected, each one list; None where one of them takes
    a second look."""
    if not _are_plain(tensors, datatype, shape=shape):
        return None
    try:
        parts = [tensor["data"] for tensor in tensors]
        is_whole = list(map(len, parts)).count(size) == len(parts) and set(map(type, parts)) == {list}
    except (KeyError, TypeError):
        return None
    if not is_whole or (len(shape) > 1 and any(type(part[0]) is list for part in parts)):
        return None
    return parts


def _are_plain(tensors: Sequence[Tensor], datatype: str, *, shape: list[int]) -> bool:
    """Whether tensors are of this datatype and shape, each in so many words. Nothing is done for each of them that can
    be done for all at once."""
    try:
        kinds, shapes = ([tensor[member] for tensor in tensors] for member in ("datatype", "shape"))
    except KeyError:
        return False
    if kinds.count(datatype) != len(tensors) or shapes.count(shape) != len(tensors):
        return False
    # 1.0 and true are equal to 1, and are no number of rows.
    return set(map(type, chain.from_iterable(shapes))) == {int}


def _checked(tensor: Tensor, *, spec: TensorSpec, rows: int) -> tuple[int, ...]:
    """The shape that a tensor of the right datatype says it has."""
    if tensor.get("datatype") != spec.datatype:
        raise wrong(f"{spec.name}.datatype", _("must be {datatype}").format(datatype=spec.datatype))
    shape = _shape_of(tensor, spec=spec)
    if shape[0] != rows:
        raise wrong(spec.name, _("has {found} rows, the first input has {rows}").format(found=shape[0], rows=rows))
    return shape


def as_sent(spec: TensorSpec, tensor: Tensor) -> TensorSpec:
    """What a tensor should be: images come as pixels, or as files, one a row."""
    if not spec.image or tensor.get("datatype") != "BYTES":
        return spec
    shape = tensor.get("shape")
    is_column = isinstance(shape, list) and len(shape) > 1
    return TensorSpec(name=spec.name, datatype="BYTES", shape=(ANY, 1) if is_column else (ANY,))


def _shape_of(tensor: Tensor, *, spec: TensorSpec) -> tuple[int, ...]:
    shape, where = tensor.get("shape"), f"{spec.name}.shape"
    if not isinstance(shape, list) or len(shape) != len(spec.shape):
        wanted = ", ".join(["rows", *("any" if size == ANY else str(size) for size in spec.row)])
        raise wrong(where, _("must be [{shape}]").format(shape=wanted))
    for size, wanted_size in zip(shape, spec.shape, strict=True):
        if type(size) is not int or size < 1:
            raise wrong(where, _("{value} is no number of rows").format(value=quoted(size)))
        if wanted_size not in (ANY, size):
            raise wrong(where, _("has {found} where the model takes {size}").format(found=size, size=wanted_size))
    return tuple(shape)


def _flat(tensor: Tensor, *, spec: TensorSpec, shape: tuple[int, ...]) -> list[Any]:
    """The values of a tensor one after the other; it may also be a list of its rows."""
    data, where = tensor.get("data"), f"{spec.name}.data"
    if not isinstance(data, list):
        raise wrong(where, _("must be a list"))
    for at, size in enumerate(shape[1:], start=1):
        if len(data) != prod(shape[:at]) or type(data[0]) is not list:
            break
        if set(map(type, data)) != {list} or set(map(len, data)) != {size}:
            raise wrong(where, _("must be one list, or lists of {size} values").format(size=size))
        data = list(chain.from_iterable(data))
    if len(data) != prod(shape):
        raise wrong(where, _("has {found} values, the shape says {rows}").format(found=len(data), rows=prod(shape)))
    return data


def _binary_places(tensors: Mapping[str, Tensor], *, size: int) -> dict[str, slice]:
    """Where the binary tensors lie behind the JSON: one after the other, in the order of the inputs, and all of it."""
    places, at = {}, 0
    for name, tensor in tensors.items():
        length = _parameter(tensor, "binary_data_size")
        if length is None:
            continue
        if type(length) is not int or not 0 <= length <= size - at:
            raise wrong(f"{name}.parameters", _("{value} is no size of its bytes").format(value=quoted(length)))
        places[name] = slice(at, at + length)
        at += length
    if at != size:
        raise wrong("body", _("has {found} bytes behind the JSON, its tensors {size}").format(found=size, size=at))
    return places


def _parameter(item: Mapping[str, Any], name: str) -> Any:
    parameters = item.get("parameters")
    return parameters.get(name) if isinstance(parameters, dict) else None
