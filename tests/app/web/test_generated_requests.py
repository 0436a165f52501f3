"""What the OpenAPI document says holds for requests that nobody would write: schemathesis makes right ones and wrong
ones from the document, and every answer has a status, a type and a shape that it names, never an error of ours."""

import subprocess
import sys
from pathlib import Path

from app.web.openapi import openapi
from core.portal import Portal
from tests.effort import tries
from tests.installed import People
from tests.served import Served

CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
SEED = "2026"


def test_requests_made_from_the_document_are_answered_as_it_says(
    portal: Portal, people: People, tmp_path: Path
) -> None:
    secret = portal.identity.mint_token(people.engineer, name="Client", scopes=("read", "data.write")).secret
    with Served(portal) as address:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/api/openapi.json"]
        options = ["--header", f"Authorization: Bearer {secret}", "--checks", ",".join(CHECKS), "--seed", SEED]
        effort = ["--phases", "fuzzing", "--max-examples", str(tries(1, long=100)), "--no-shrink", "--workers", "1"]
        done = subprocess.run(
            [*command, *options, *effort], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=3600
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert f"Tested: {operation_count(portal)}" in done.stdout


def operation_count(portal: Portal) -> int:
    return sum(len(methods) for methods in openapi(portal)["paths"].values())
