"""What an endpoint says of itself to whoever is to call it: the fields of a row and what is known of each, an example
with its answer, the task, and the limits. Nothing in it is made up: an example is what the file of the model says, and
where that says nothing, there is none. Rows of data are not shown here: who may call may not see them all."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from core.features.values import FeatureContract, ServedView
from core.foundation.errors import PortalError
from core.registry.signature import TensorSpec
from core.serving.model_server.columns import filled
from core.serving.model_server.known_categories import KnownCategories
from core.serving.model_server.predict import can_fill
from core.serving.model_server.session import ServedModel
from core.serving.server_spec import ServerSpec
from core.tasks.predictions import Outputs
from core.tasks.task import task_of

# Where a file of ours describes its inputs.
INPUTS = "causeway.inputs"
# Of the texts that a model knows so many are shown, each no longer than this, as examples are.
MOST_VALUES, LONGEST_TEXT = 20, 200
# The classes of a model that names none are counted, and of many only the first are shown.
MOST_CLASSES = 200
Json = dict[str, Any]
Plain = str | float
Answers = Callable[[Outputs], list[Json]]


def described(spec: ServerSpec, *, model: ServedModel, answers: Answers) -> Json:
    """All of it, ready for JSON. `answers` are the words in which outputs are told."""
    contract, examples = model.contract, examples_of(model.metadata, known=model.known)
    takes_rows = can_fill(model.layout, contract)
    return {
        "endpoint": spec.endpoint,
        "environment": spec.environment,
        **{"model": spec.model, "version": spec.version, "version_id": spec.version_id, "digest": spec.digest},
        "task": _task(model),
        "fields": _fields(contract, known=model.known, examples=examples) if takes_rows else None,
        "row_id": contract.row_id if takes_rows else None,
        "moment": contract.event_time or None,
        "looked_up": [_view(view) for view in contract.views],
        "tensors": {"inputs": list(map(tensor_of, model.signature.inputs)), "outputs": _outputs(model)},
        "example": _example(spec, model=model, examples=examples, answers=answers) if takes_rows else None,
        "limits": spec.limits.model_dump(include={"body_bytes", "rows", "cells", "text"}),
        "ticket": {"action": _ticket_action(spec), "endpoint_id": spec.endpoint_id},
        "links": _links(spec, takes_rows=takes_rows, looks_up=bool(contract.views)),
    }


def tensor_of(spec: TensorSpec) -> Json:
    """A tensor as the protocol describes it; a wide one with the names of its columns."""
    tensor = {"name": spec.name, "datatype": spec.datatype, "shape": spec.shape}
    return {**tensor, "columns": spec.columns} if spec.columns else tensor


def examples_of(metadata: Mapping[str, str], *, known: KnownCategories) -> dict[str, Plain]:
    """By column a value that the file names as an example, or a text that its graph knows. The file may come from
    anywhere: what is no short text and no number is passed over."""
    first: dict[str, Any] = {column: next(iter(_shown(texts)), "") for column, texts in known.items()}
    in_file = {name: item.get("example") for name, item in _inputs(metadata).items() if isinstance(item, dict)}
    return {name: value for name, value in {**first, **in_file}.items() if _is_plain(value)}


def _inputs(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        document = orjson.loads(metadata.get(INPUTS, "{}"))
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_plain(value: Any) -> bool:
    return type(value) in (int, float) or (type(value) is str and 0 < len(value) <= LONGEST_TEXT)


def _shown(texts: frozenset[str]) -> list[str]:
    return sorted(text for text in texts if 0 < len(text) <= LONGEST_TEXT)


def _task(model: ServedModel) -> Json:
    target = model.signature.target
    task = task_of(target)
    classes = target.classes[:MOST_CLASSES]
    outputs = [output.model_dump(mode="json", exclude_none=True) for output in task.outputs(target)]
    about = {"name": task.name, "title": task.title, "label": target.label or None, "outputs": outputs}
    return {**about, "classes": classes, "class_count": len(target.classes)}


def _outputs(model: ServedModel) -> list[Json]:
    return list(map(tensor_of, model.signature.gives))


def _fields(contract: FeatureContract, *, known: KnownCategories, examples: Mapping[str, Plain]) -> list[Json]:
    fields: list[Json] = []
    if contract.event_time:
        fields.append({"name": contract.event_time, "kind": "moment", "use": "moment"})
    for field in contract.request:
        if field.name == contract.event_time:
            continue
        use = "model input" if field.is_model_input else "key only"
        about: Json = {"name": field.name, "kind": field.kind, "use": use, "example": examples.get(field.name)}
        about |= {"size": field.size} if field.size else {}
        if field.image:
            about["image"] = {**field.image.model_dump(), "send": "the file (PNG, JPEG, ...) in base64"}
        fields.append({**about, **known_texts(known.get(field.name))})
    return fields


def known_texts(texts: frozenset[str] | None) -> Json:
    """The first of the texts that a model knows, with how many there are; nothing where that is not known."""
    if texts is None:
        return {}
    named = texts - {""}
    return {"known": {"count": len(named), "values": _shown(named)[:MOST_VALUES]}}


def _view(view: ServedView) -> Json:
    keys = dict(view.keys)
    inputs = [name for _feature, name, _kind in view.outputs]
    return {"view": view.view, "version_id": view.version_id, "digest": view.digest, "keys": keys, "inputs": inputs}


def _example(spec: ServerSpec, *, model: ServedModel, examples: Mapping[str, Plain], answers: Answers) -> Json:
    """A row as far as it is known, the names of what is `not_known` of it, and what the model answers to these
    `inputs`, of which those are missing that are null."""
    contract = model.contract
    moment = [contract.event_time] if contract.event_time else []
    wanted = dict.fromkeys([*moment, *(field.name for field in contract.request)])
    inputs = {name: examples.get(name) for block in model.layout.blocks for name in block.names}
    return {
        "row": {name: examples[name] for name in wanted if name in examples},
        "not_known": [name for name in wanted if name not in examples],
        "inputs": inputs,
        "answer": _answer(spec, model=model, inputs=inputs, answers=answers),
    }


def _answer(
    spec: ServerSpec, *, model: ServedModel, inputs: Mapping[str, Plain | None], answers: Answers
) -> Json | None:
    """None where the model answers nothing to such a row."""
    columns = {name: [value] for name, value in inputs.items()}
    try:
        outputs = model.run(filled(model.layout, columns, rows=1, most_text=spec.limits.text), rows=1)
    except PortalError:
        return None
    by_name = dict(zip([tensor.name for tensor in model.signature.gives], outputs, strict=True))
    return answers(by_name)[0]


def _ticket_action(spec: ServerSpec) -> str:
    return "serving.issue_test_ticket" if spec.environment == "staging" else "serving.issue_ticket"


def _links(spec: ServerSpec, *, takes_rows: bool, looks_up: bool) -> Json:
    """As callers reach them, behind the gateway."""
    here = f"/endpoints/{spec.endpoint}"
    model = f"{here}/v2/models/{spec.model}"
    links = {"self": here, "metadata": model, "infer": f"{model}/infer", "ready": f"{model}/ready"}
    if takes_rows:
        links["predict"] = f"{here}/predict"
    if looks_up:
        links["features"] = f"{here}/features"
    return links
