"""The OpenAPI document: it is one, everything in it is described, and a client that is generated from it works."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import openapi_spec_validator
import pytest

from app.web.addresses import FILES, FILES_PATH, methods_of, path_of
from app.web.openapi import openapi
from core.portal import Portal
from tests.installed import People
from tests.served import Served

CONFIG = {"post_hooks": [], "content_type_overrides": {"application/vnd.apache.parquet": "application/octet-stream"}}


@pytest.fixture
def document(portal: Portal) -> dict[str, Any]:
    return openapi(portal)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_valid_and_is_what_the_portal_answers(document: dict[str, Any], portal: Portal) -> None:
    openapi_spec_validator.validate(document)
    with Served(portal) as address:
        assert httpx.get(f"{address}/api/openapi.json", trust_env=False).json() == json.loads(json.dumps(document))


def test_every_action_and_every_file_is_in_it_under_a_name_of_its_own(document: dict[str, Any], portal: Portal) -> None:
    public = [spec for _service, spec in portal.catalog().values() if not spec.is_internal]
    files = {FILES_PATH + address.path for address in FILES.values()}
    assert set(document["paths"]) == {path_of(spec) for spec in public} | files
    names = [operation["operationId"] for _path, _method, operation in operations(document)]
    assert len(names) == len(set(names))
    # What takes values with parts is only read by POST.
    reading = ("features.preview_logic", "features.propose_training_set", "features.preview_splits")
    with_parts = {
        "compute.fit",
        "explanations.explain",
        "training.search_runs",
        "training.run_groups",
        *reading,
        "online.get_online",
        "tracking.read",
    }
    for spec in public:
        methods = {method.lower() for method in methods_of(spec)} - ({"get"} if spec.name in with_parts else set())
        assert set(document["paths"][path_of(spec)]) == methods, spec.name


def test_every_operation_parameter_and_refusal_is_described(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        # Whole sentences: what a line of the source does not hold is not cut off.
        assert re.fullmatch(r"[A-Z].*[a-zA-Z0-9)`]\.", operation["summary"]), operation["summary"]
        assert re.match(r"[A-Z`/]", operation.get("description", "Nothing")), operation
        assert {"401", "403", "404", "409", "422", "503"} < set(operation["responses"])
        assert all(parameter["description"] for parameter in operation.get("parameters", ())), path
        if method == "post":
            body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            shape = schemas[body.rpartition("/")[2]]
            assert all(part.get("description") for part in shape.get("properties", {}).values()), path
            assert operation["requestBody"]["required"] == bool(shape.get("required"))


def test_whatever_writes_takes_a_key_and_nothing_else_does(document: dict[str, Any], portal: Portal) -> None:
    writing = {spec.name for _service, spec in portal.catalog().values() if not (spec.reads or spec.is_internal)}
    taking = {
        operation["operationId"]
        for _path, _method, operation in operations(document)
        if any((part["in"], part["name"]) == ("header", "Idempotency-Key") for part in operation.get("parameters", ()))
    }
    assert taking == writing
    answered = document["paths"]["/api/v1/lake/create_dataset"]["post"]["responses"]["200"]
    assert "Idempotency-Replayed" in answered["headers"]


def test_a_class_is_one_component_and_bytes_are_said_to_be_base64(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert all(name.isalnum() and schema.get("title", name) == name for name, schema in schemas.items())
    content = schemas["ImportsStartUpload"]["properties"]["content"]
    assert (content["type"], content["contentEncoding"]) == ("string", "base64")


def test_a_generated_client_calls_actions_and_reads_a_refusal(
    document: dict[str, Any], portal: Portal, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(document, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    secret = portal.identity.mint_token(people.engineer, name="Client", scopes=("read", "data.write")).secret
    client_of = import_module("generated").AuthenticatedClient
    with Served(portal) as address, client_of(base_url=address, token=secret) as client:
        lake, models = "generated.api.lake.lake_", import_module("generated.models")
        create = import_module(f"{lake}create_dataset").sync
        created = create(client=client, body=models.LakeCreateDataset(project="PROJ-1", title="Orders"))
        listed = import_module(f"{lake}list_datasets_get").sync(client=client, query="ord", limit=1)
        read = import_module(f"{lake}get_dataset").sync(client=client, body=models.LakeGetDataset(dataset_id="orders"))
        refused = create(client=client, body=models.LakeCreateDataset(project="PROJ-1", name="9 lives"))
    assert (created.name, [item.id for item in listed.items], read.id) == ("orders", [created.id], created.id)
    assert isinstance(refused, models.Error)
    assert refused.field == "name"


def generate(document: dict[str, Any], folder: Path) -> None:
    """A client of everything in the document: what cannot be generated is warned of, and a warning is a failure."""
    (folder / "document.json").write_text(json.dumps(document))
    (folder / "config.json").write_text(json.dumps(CONFIG))
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(folder / "document.json")]
    options = ["--output-path", str(folder / "generated"), "--meta", "none", "--config", str(folder / "config.json")]
    done = subprocess.run([*command, *options, "--fail-on-warning"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    operation_count = sum(1 for _operation in operations(document))
    modules = [path for path in (folder / "generated" / "api").rglob("*.py") if path.name != "__init__.py"]
    assert len(modules) == operation_count


def test_a_file_is_binary_in_a_form_and_alone(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/imports/start_upload"]["post"]
    bodies = operation["requestBody"]["content"]
    assert set(bodies) == {"application/json", "multipart/form-data", "application/octet-stream"}
    form = bodies["multipart/form-data"]
    assert form["schema"]["properties"]["content"]["format"] == "binary"
    assert form["schema"]["required"] == ["dataset_id", "content"]
    assert form["encoding"] == {"choices": {"contentType": "application/json"}}
    assert bodies["application/octet-stream"] == {"schema": {"type": "string", "format": "binary"}}
    beside = {part["name"] for part in operation["parameters"] if part["in"] == "query"}
    assert beside == {"dataset_id", "filename", "mode", "choices", "confirm"}
    assert "413" in operation["responses"]
