"""What production lets in: the portal's check in the transaction of the switch, and the model server's own check of the
signature and the bytes."""

from pathlib import Path

import pytest

from core.foundation.errors import NotAllowed
from core.foundation.storage import Store
from core.portal import Portal
from core.serving.admissions import Admission, AdmissionIssuer, check_admission
from core.serving.server_spec import REFUSED_EXIT, ServerSpec
from tests.compute.running import wait_until
from tests.conftest import People
from tests.registry.onnx_files import register_tiny, tiny_model
from tests.serving.running import (
    DISTANCE,
    admit,
    answering,
    endpoint_now,
    file_of,
    gateway_for,
    model_server,
    refusal_of,
    route_to,
    settled,
    spec_of,
)


@pytest.fixture
def spec(tmp_path: Path) -> ServerSpec:
    """An order for production, with an admission that holds."""
    issuer = AdmissionIssuer(tmp_path)
    unsigned = spec_of(Store(tmp_path / "store"), model=tiny_model(), online=tmp_path / "online.sqlite")
    admission = issuer.sign("EP-1", digest=unsigned.digest, promotion_id="PR-1")
    changes = {"environment": "production", "admission": admission, "public_key": issuer.public_key()}
    return unsigned.model_copy(update=changes)


def changed(admission: Admission | None, **fields: str) -> Admission:
    assert admission is not None
    return admission.model_copy(update=fields)


def test_admitted_bytes_are_served(spec: ServerSpec, tmp_path: Path) -> None:
    with model_server(tmp_path / "server", spec) as server:
        assert server.client.get("/v2/health/ready").status_code == 200


def test_production_refuses_bytes_without_an_admission(spec: ServerSpec, tmp_path: Path) -> None:
    status, cause = refusal_of(tmp_path / "server", spec.model_copy(update={"admission": None}))
    assert (status, cause) == (REFUSED_EXIT, "These bytes were not admitted to this endpoint")


def test_an_admission_holds_for_its_endpoint_digest_and_promotion_only(spec: ServerSpec, tmp_path: Path) -> None:
    good = spec.admission
    wrong = [
        changed(good, endpoint_id="EP-2"),
        changed(good, digest="0" * 64),
        changed(good, promotion_id="PR-2"),
        changed(good, signature="00" * 64),
        changed(good, signature="no hexadecimal"),
        AdmissionIssuer(tmp_path / "another").sign("EP-1", digest=spec.digest, promotion_id="PR-1"),
    ]
    for admission in wrong:
        with pytest.raises(NotAllowed):
            check_admission(admission, endpoint_id="EP-1", digest=spec.digest, public_key=spec.public_key)
    check_admission(good, endpoint_id="EP-1", digest=spec.digest, public_key=spec.public_key)


@pytest.mark.parametrize("damage", ["one bit", "another model", "truncated", "missing", "signature.json"])
def test_p23_f37_f38_bytes_that_are_not_what_the_digest_says_are_refused(
    spec: ServerSpec, tmp_path: Path, damage: str
) -> None:
    store = Store(spec.store)
    files = {file.path: file.sha256 for file in store.manifest(spec.digest).files}
    path = store.path(files["signature.json"] if damage == "signature.json" else spec.model_digest)
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    damaged = {"another model": tiny_model(weight=2.0), "truncated": bytes(data[:100])}.get(damage, bytes(data))
    path.unlink() if damage == "missing" else path.write_bytes(damaged)
    status, cause = refusal_of(tmp_path / "server", spec)
    assert status == REFUSED_EXIT
    assert ("has no file" if damage == "missing" else "damaged") in cause


def test_another_manifest_than_the_registry_named_is_refused(spec: ServerSpec, tmp_path: Path) -> None:
    status, cause = refusal_of(tmp_path / "server", spec.model_copy(update={"model_digest": "0" * 64}))
    assert (status, "another model" in cause) == (REFUSED_EXIT, True)


def test_production_takes_no_route_whose_digest_was_not_admitted(portal: Portal, people: People) -> None:
    version = register_tiny(portal, people.engineer, rows=50)
    endpoint = production(portal, people)
    with pytest.raises(NotAllowed, match="was not admitted"):
        route_to(portal, endpoint, (version, 100))
    assert endpoint_now(portal, endpoint).generation == 0
    admit(portal, production(portal, people, name="another"), version)
    with pytest.raises(NotAllowed):
        route_to(portal, endpoint, (version, 100))
    admit(portal, endpoint, version)
    route_to(portal, endpoint, (version, 100), promotion_id="PR-1")
    assert endpoint_now(portal, endpoint).routes[0].promotion_id == "PR-1"


def test_a_share_for_bytes_that_were_not_admitted_is_refused_too(portal: Portal, people: People) -> None:
    good, bad = (register_tiny(portal, people.engineer, rows=50, weight=weight) for weight in (1.0, 0.5))
    endpoint = production(portal, people)
    admit(portal, endpoint, good)
    with pytest.raises(NotAllowed):
        route_to(portal, endpoint, (good, 99), (bad, 1))


def test_p23_a_file_swapped_after_approval_is_refused_and_the_old_version_serves(
    portal: Portal, people: People
) -> None:
    old, new = (
        register_tiny(portal, people.engineer, model=answering(share), features=DISTANCE, rows=50)
        for share in (0.1, 0.9)
    )
    endpoint = production(portal, people)
    for version in (old, new):
        admit(portal, endpoint, version)
    with gateway_for(portal):
        route_to(portal, endpoint, (old, 100), promotion_id="PR-1")
        settled(portal, endpoint)
        file_of(portal, new).write_bytes(answering(0.5))
        route_to(portal, endpoint, (new, 100), promotion_id="PR-2")
        wait_until(lambda: endpoint_now(portal, endpoint).cause, what="a cause")
        seen = endpoint_now(portal, endpoint)
        assert (seen.settled, seen.actual) == (False, {old.id: 100})
        assert seen.cause.startswith("late-arrival v2: File")


def production(portal: Portal, people: People, *, name: str = "late-arrival") -> str:
    endpoint = portal.endpoints.create_endpoint(people.sre, project="PROJ-1", name=name, environment="production")
    return endpoint.id
