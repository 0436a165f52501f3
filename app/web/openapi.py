"""The OpenAPI document: every action and every file, so that code generators can make a client of it. Each class is one
component, whatever actions use it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from app.web.addresses import CSV, FILES, FILES_PATH, JSON, FileAddress, methods_of, path_of
from app.web.bodies import FORM, RAW, TooLarge
from app.web.idempotency import parameter, replayed
from core.foundation.actions.parameters import description_of
from core.foundation.actions.run import Service
from core.foundation.actions.spec import ActionSpec
from core.foundation.errors import (
    Conflict,
    Invalid,
    NoSpace,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PortalError,
    Unavailable,
)
from core.foundation.text import _
from core.foundation.validation import is_structured
from core.portal import Portal

Document = dict[str, Any]
Shapes = Mapping[tuple[str, JsonSchemaMode], JsonSchemaValue]
TEMPLATE = "#/components/schemas/{model}"
# What pydantic calls one of several classes of a name (core__promotion__values__Plan), a class as it is sent where it
# is answered in another form (Plan-Input), and a list of a class (Listing_Plan_).
QUALIFIED, SENT = re.compile(r"^core__([a-z]+)__.*__([A-Z]\w*)$"), re.compile(r"^(\w+)-(Input|Output)$")
GENERIC = re.compile(r"^([A-Za-z]+)_([A-Za-z]+)_$")
REFUSALS: tuple[type[PortalError], ...] = (
    NotSignedIn,
    NotAllowed,
    NotFound,
    Conflict,
    Invalid,
    Unavailable,
    NoSpace,
)
PLAIN = {"string", "integer", "number", "boolean", "null"}


class Schemas(GenerateJsonSchema):
    """Bytes are base64 in JSON, and said to be."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        return {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/octet-stream"}


def openapi(portal: Portal) -> Document:
    """The OpenAPI 3.1 document of the portal."""
    actions = [(service, spec) for service, spec in portal.catalog().values() if not spec.is_internal]
    shapes, schemas = _shapes(actions)
    paths = {path_of(spec): dict(_operations(service, spec, shapes, schemas)) for service, spec in actions}
    files = {FILES_PATH + address.path: {"get": _file(address)} for address in FILES.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Causeway", "version": "1", "description": _("Every action of the portal.")},
        "servers": [{"url": portal.foundation.settings.address}],
        "security": [{"bearer": []}],
        "paths": paths | files,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas | {"Error": _error()},
        },
    }


def _shapes(actions: list[tuple[Service, ActionSpec]]) -> tuple[Shapes, Document]:
    """The schemas of what each action takes and answers, and the classes that they name."""
    inputs: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = []
    for _service, spec in actions:
        inputs += [
            (spec.name, "validation", TypeAdapter(spec.parameters)),
            (spec.name, "serialization", TypeAdapter(spec.returns)),
        ]
    shapes, schema = TypeAdapter.json_schemas(inputs, ref_template=TEMPLATE, schema_generator=Schemas)
    classes = schema.get("$defs", {})
    names = {name: _plain_name(name) for name in classes}
    return (
        {key: _with_names(shape, names) for key, shape in shapes.items()},
        # A generator may name its classes after the titles.
        {names[name]: _with_names(shape, names) | {"title": names[name]} for name, shape in classes.items()},
    )


def _plain_name(name: str) -> str:
    qualified = QUALIFIED.sub(lambda parts: f"{parts[1].capitalize()}{parts[2]}", name)
    return GENERIC.sub(r"\2\1", SENT.sub(r"\1\2", qualified))


def _with_names(schema: Any, names: Mapping[str, str]) -> Any:
    """The schema with references to what its classes are called."""
    if isinstance(schema, list):
        return [_with_names(part, names) for part in schema]
    if not isinstance(schema, dict):
        return schema
    prefix = TEMPLATE.format(model="")
    return {
        key: prefix + names[part.removeprefix(prefix)] if key == "$ref" else _with_names(part, names)
        for key, part in schema.items()
    }


def _operations(
    service: Service, spec: ActionSpec, shapes: Shapes, schemas: Document
) -> Iterator[tuple[str, Document]]:
    """The action by POST, and by GET where it only reads and takes nothing with parts."""
    parameters = shapes[spec.name, "validation"]
    content = {JSON: {"schema": shapes[spec.name, "serialization"]}}
    responses = {"200": {"description": _("What the action answers."), "content": content}} | _refusals()
    needs = _("Needs the permission {name}.").format(name=spec.permission)
    general = {
        "summary": spec.summary,
        "description": "\n\n".join(part for part in (spec.details, needs) if part),
        "tags": [service.domain],
        "responses": responses,
    }
    named = _named(parameters, schemas)
    content_types = {JSON: {"schema": parameters}} | _with_file(spec, named)
    body = {"required": bool(named.get("required")), "content": content_types}
    yield "post", {"operationId": spec.name, **general, **_written(spec, named, responses), "requestBody": body}
    queried = [_query(name, schema, named) for name, schema in named.get("properties", {}).items()]
    if "GET" in methods_of(spec) and all(_is_plain(parameter["schema"], schemas) for parameter in queried):
        yield "get", {"operationId": f"{spec.name}.get", **general, "parameters": queried}


def _written(spec: ActionSpec, named: Document, responses: Document) -> Document:
    """What an operation that writes, or takes a file, takes and answers beside its body."""
    if spec.reads:
        return {"parameters": [*_beside_file(spec, named)], "responses": responses | _too_large(spec)}
    done = {"200": responses["200"] | {"headers": replayed()}}
    return {"parameters": [parameter(), *_beside_file(spec, named)], "responses": responses | _too_large(spec) | done}


def _with_file(spec: ActionSpec, named: Document) -> Document:
    """The bodies with a file in them as it is: a form, or the file alone."""
    if not spec.files:
        return {}
    binary = {"type": "string", "format": "binary"}
    files = {name: binary | {"description": named["properties"][name].get("description", "")} for name in spec.files}
    fields = named["properties"] | files
    fields |= {spec.file: binary | {"description": _("The file.")}} if spec.file else {}
    required = [name for name in named["required"] if name != "filename"]
    structured = [name for name, field in spec.parameters.model_fields.items() if is_structured(field.annotation)]
    form = {
        "schema": {"type": "object", "properties": fields, "required": required, "additionalProperties": False},
        "encoding": {name: {"contentType": JSON} for name in structured},
    }
    return {FORM: form} | ({RAW: {"schema": binary}} if spec.file else {})


def _beside_file(spec: ActionSpec, named: Document) -> Iterator[Document]:
    """The arguments in the address, where the body is the file alone."""
    file = spec.file
    if not file:
        return
    beside = _("Beside a body that is the file alone, of type {type}.").format(type=RAW)
    for name, schema in named["properties"].items():
        if is_structured(spec.parameters.model_fields[name].annotation):
            schema = {"type": "string", "contentMediaType": JSON, "description": schema["description"]}
        query = _query(name, schema, named)
        if name not in spec.files:
            yield query | {"required": False, "description": f"{query['description']}. {beside}"}


def _too_large(spec: ActionSpec) -> Document:
    return {str(TooLarge.status): _refusal(TooLarge)} if spec.files else {}


def _query(name: str, schema: Document, named: Document) -> Document:
    stated = {key: value for key, value in schema.items() if key != "description"}
    described = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, "in": "query", "required": name in named.get("required", ()), **described, "schema": stated}


def _is_plain(schema: Document, schemas: Document) -> bool:
    """Whether a value can stand in an address: one without parts, or a list of such."""
    if "$ref" in schema:
        return _is_plain(_named(schema, schemas), schemas)
    if "anyOf" in schema:
        return all(_is_plain(arm, schemas) for arm in schema["anyOf"])
    if schema.get("type") == "array":
        return _is_plain(schema.get("items", {}), schemas)
    return schema.get("type") in PLAIN


def _named(reference: Document, schemas: Document) -> Document:
    named: Document = schemas[reference["$ref"].removeprefix(TEMPLATE.format(model=""))]
    return named


def _file(address: FileAddress) -> Document:
    names = re.findall(r"{(\w+)}", address.path)
    binary = {"type": "string", "format": "binary"}
    schemas = {JSON: {"type": "object"}, CSV: {"type": "string"}}
    content = {address.media_type: {"schema": schemas.get(address.media_type, binary)}}
    text = {"schema": {"type": "string"}}
    headers = {
        "X-Digest": {"description": _("The SHA-256 of the bytes."), **text},
        "Content-Disposition": {"description": _("What the file is called."), **text},
    }
    return {
        "operationId": f"files.{address.path.partition('/')[0]}",
        "summary": _(address.summary),
        "tags": ["files"],
        "parameters": [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": description_of("files", name),
                "schema": {"type": "integer", "minimum": 0} if name == "number" else {"type": "string"},
            }
            for name in names
        ],
        "responses": {"200": {"description": _(address.summary), "headers": headers, "content": content}} | _refusals(),
    }


def _refusals() -> Document:
    return {str(refusal.status): _refusal(refusal) for refusal in REFUSALS}


def _refusal(refusal: type[PortalError]) -> Document:
    content = {JSON: {"schema": {"$ref": TEMPLATE.format(model="Error")}}}
    return {"description": (refusal.__doc__ or "").partition(". ")[0], "content": content}


def _error() -> Document:
    text = {"type": "string"}
    return {
        "type": "object",
        "description": _("Why nothing was done."),
        "required": ["error", "hint"],
        "properties": {
            "error": text | {"description": _("What is wrong.")},
            "hint": text | {"description": _("What to do; empty where there is nothing to say.")},
            "field": text | {"description": _("The parameter that is wrong, in dots where it has parts.")},
            "line": {
                "type": "integer",
                "description": _("The line of a text that is wrong, where known."),
            },
        },
    }
