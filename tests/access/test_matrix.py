"""Every action, every kind of identity, by service, REST and command line: the first gate is the permission."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from app.cli.commands import command_of
from app.web.api import path_of
from core.client.errors import NotAllowed as Refused
from core.foundation.actions.run import run_action
from core.foundation.actions.spec import ActionSpec
from core.foundation.actors import Actor
from core.foundation.errors import NotAllowed, NotSignedIn, PortalError
from core.identity.permissions import OWN_TOKEN_PERMISSIONS, SERVICE_TOKEN_PERMISSIONS
from core.portal import Portal
from tests.access.conftest import PEOPLE_COLUMNS, Installation
from tests.access.matrix import ROW_OF, Row
from tests.http import web

CATALOG = [spec for service in Portal.service_types() for spec in service.actions() if not spec.is_internal]
EVERY_ACTION = pytest.mark.parametrize("spec", CATALOG, ids=lambda spec: spec.name)


def test_every_action_stands_in_the_matrix_and_nothing_else_does() -> None:
    assert {spec.name for spec in CATALOG} == set(ROW_OF)


@EVERY_ACTION
def test_people_pass_the_first_gate_of_the_service_as_promised(installation: Installation, spec: ActionSpec) -> None:
    row = ROW_OF[spec.name]
    for column in PEOPLE_COLUMNS:
        passed = passes(lambda column=column: try_as(installation, spec, installation.actor(column)))
        assert passed == (row.codes[column] != "N"), column


@EVERY_ACTION
def test_a_token_passes_only_with_the_scope_of_the_row(installation: Installation, spec: ActionSpec) -> None:
    row = ROW_OF[spec.name]
    # Where no token may pass, every scope is tried; elsewhere the right one and two wrong ones.
    scopes = {row.scope, "read", "deploy"} if row.scope else {scope.value for scope in SERVICE_TOKEN_PERMISSIONS}
    for scope in scopes:
        passed = passes(lambda scope=scope: try_as(installation, spec, installation.account(scope)))
        assert passed == (scope == row.scope), scope


@EVERY_ACTION
def test_a_token_of_ones_own_does_what_its_scope_and_its_owner_may(
    installation: Installation, spec: ActionSpec
) -> None:
    row = ROW_OF[spec.name]
    if row.own_scope:
        for column in PEOPLE_COLUMNS:
            passed = passes(lambda column=column: try_as(installation, spec, installation.own(column, row.own_scope)))
            assert passed == (row.codes[column] != "N"), column
    # Those of no account are tried here, and two others, by somebody who may do it.
    others = {scope.value for scope in OWN_TOKEN_PERMISSIONS - SERVICE_TOKEN_PERMISSIONS} | {"read", "deploy"}
    who = next((column for column in PEOPLE_COLUMNS if row.codes[column] != "N"), "admin")
    for scope in others - {row.own_scope}:
        assert not passes(lambda scope=scope: try_as(installation, spec, installation.own(who, scope))), scope


@EVERY_ACTION
def test_rest_answers_as_the_service_does(installation: Installation, spec: ActionSpec) -> None:
    row = ROW_OF[spec.name]
    url = installation.address + path_of(spec)
    assert web.post(url, json={"no": "such"}).status_code == 401
    assert web.post(url, json={"no": "such"}, headers=bearer("cwt_made-up")).status_code == 401
    for column in PEOPLE_COLUMNS:
        status = web.post(url, json={"no": "such"}, headers=bearer(installation.secrets[column])).status_code
        assert status == (403 if row.codes[column] == "N" else 422), column
    assert_tokens_by_rest(installation, row, url)


def assert_tokens_by_rest(installation: Installation, row: Row, url: str) -> None:
    wrong = "read" if row.scope != "read" else "deploy"
    expected = {wrong: 403} | ({row.scope: 422} if row.scope else {})
    for scope, status in expected.items():
        answer = web.post(url, json={"no": "such"}, headers=bearer(installation.account_tokens[scope]))
        assert answer.status_code == status, scope


@EVERY_ACTION
def test_the_command_line_answers_as_rest_does(
    installation: Installation, spec: ActionSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ROW_OF[spec.name]
    monkeypatch.setenv("CAUSEWAY_ADDRESS", installation.address)
    for column in PEOPLE_COLUMNS:
        monkeypatch.setenv("CAUSEWAY_TOKEN", installation.secrets[column])
        outcome = CliRunner().invoke(command_of(spec), [*required_options(spec.parameters), "--json"])
        refused = isinstance(outcome.exception, Refused)
        assert refused == (row.codes[column] == "N"), (column, outcome.output, outcome.exception)


def try_as(installation: Installation, spec: ActionSpec, actor: Actor) -> object:
    service = installation.portal.catalog()[spec.name][0]
    return run_action(service, actor, spec=spec, arguments={"no": "such"})


def passes(attempt: Callable[[], object]) -> bool:
    """Whether the first gate was open. What the arguments then lead to is another matter."""
    try:
        attempt()
    except (NotAllowed, NotSignedIn):
        return False
    except PortalError:
        return True
    raise AssertionError("an argument that does not exist was taken")


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def required_options(parameters: type[BaseModel]) -> list[str]:
    """Something for each required option; wrong on purpose, so that nothing is done."""
    names = [name for name, field in parameters.model_fields.items() if field.is_required()]
    wrong = {"content": __file__}
    return [part for name in names for part in (f"--{name.replace('_', '-')}", wrong.get(name, "\u0000"))]
