"""What people take along, as a file under its right name: by REST, by the client and by the command line."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from app.cli.commands import cli
from app.web.addresses import FILES
from app.web.downloads import OPENERS, disposition_of
from core.client import Client, connect
from core.client.errors import NotAllowed, NotFound, Unavailable
from core.foundation.digests import digest_bytes
from core.loadtests.tables import LoadTestSecondRow
from core.loadtests.values import LoadTestView
from core.portal import Portal
from core.registry.values import ModelVersion
from tests.http import web
from tests.installed import People
from tests.pages.loadtests.test_load_tests import POINT, finished
from tests.pages.releasing import version_with_rows
from tests.served import Served

SERIES = (
    "second,offered,achieved,errors,p50_ms,p99_ms,in_flight,cpu,lag_p99_ms\r\n"
    "0,90.0,90.0,0.0,3.0,9.0,1,0.1,1.0\r\n1,90.0,90.0,0.0,,9.0,1,0.1,1.0\r\n"
)


@pytest.fixture
def version(portal: Portal, people: People, tmp_path: Path) -> ModelVersion:
    return version_with_rows(portal, people, tmp_path)


@pytest.fixture
def load_test(portal: Portal, people: People, version: ModelVersion) -> LoadTestView:
    test = finished(portal, people, version)
    with portal.foundation.database.write() as session:
        for point in (POINT, POINT.model_copy(update={"second": 1, "p50_ms": None})):
            row = LoadTestSecondRow(test_id=test.id, second=point.second, point=point.model_dump(mode="json"))
            session.add(row)
    return test


@pytest.fixture
def client(portal: Portal, people: People, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    secret = portal.sessions.begin(people.engineer.person_id)
    with Served(portal) as address:
        monkeypatch.setenv("CAUSEWAY_ADDRESS", address)
        monkeypatch.setenv("CAUSEWAY_TOKEN", secret)
        yield connect()


def test_every_file_has_an_address_and_a_way_to_open_it() -> None:
    assert OPENERS.keys() == FILES.keys()


def test_files_come_under_their_names(
    client: Client, portal: Portal, people: People, version: ModelVersion, load_test: LoadTestView, tmp_path: Path
) -> None:
    series = client.download(f"load_test_series/{load_test.id}", tmp_path)
    assert (series.name, series.read_bytes().decode()) == (f"{load_test.id}-series.csv", SERIES)
    report = client.download(f"load_test_report/{load_test.id}", tmp_path / "mine.json")
    given = portal.loadtests.get_report(people.viewer, test_id=load_test.id)
    assert (report.name, json.loads(report.read_text())) == ("mine.json", given.model_dump(mode="json"))
    model = client.download(f"model/{version.id}", tmp_path)
    assert (model.name, digest_bytes(model.read_bytes())) == (f"{version.model}-v1.onnx", version.model_digest)
    split = client.download(f"split/{version.training_set_id}/test", tmp_path)
    assert (split.name, split.read_bytes()[:4]) == (f"{version.training_set_id}-test.parquet", b"PAR1")


def test_the_command_line_writes_files(
    client: Client, version: ModelVersion, load_test: LoadTestView, tmp_path: Path
) -> None:
    for command, name in (
        (["loadtests", "series", "--test-id", load_test.id], f"{load_test.id}-series.csv"),
        (["registry", "download-artifact", "--version-id", version.id], f"{version.model}-v1.onnx"),
    ):
        done = CliRunner().invoke(cli, [*command, "--output", str(tmp_path), "--json"])
        assert (done.exit_code, json.loads(done.output)) == (0, {"file": str(tmp_path / name)})
    assert (tmp_path / f"{load_test.id}-series.csv").read_bytes().decode() == SERIES
    assert "--output" not in CliRunner().invoke(cli, ["loadtests", "get-test", "--help"]).output


def test_a_download_says_its_name_type_and_digest(client: Client, load_test: LoadTestView) -> None:
    transport = client._transport
    headers = {"Authorization": f"Bearer {transport._token}"}
    answer = web.get(f"{transport.address}/api/v1/files/load_test_series/{load_test.id}", headers=headers)
    named = {name: answer.headers[name] for name in ("content-disposition", "content-type", "x-digest")}
    assert named == {
        "content-disposition": f'attachment; filename="{load_test.id}-series.csv"',
        "content-type": "text/csv",
        "x-digest": digest_bytes(SERIES.encode()),
    }
    assert disposition_of('é".csv') == "attachment; filename*=utf-8''%C3%A9%22.csv"


def test_what_is_refused_or_damaged_leaves_no_file(client: Client, tmp_path: Path) -> None:
    (folder := tmp_path / "files").mkdir()
    with pytest.raises(NotFound):
        client.download("load_test_series/LT-9", folder / "series.csv")

    def damaged(_request: httpx.Request) -> httpx.Response:
        headers = {"X-Digest": "0" * 64, "Content-Disposition": 'attachment; filename="../../series.csv"'}
        return httpx.Response(200, content=b"n", headers=headers)

    with connect("http://portal", "t", transport=httpx.MockTransport(damaged)) as other, pytest.raises(Unavailable):
        other.download("load_test_series/LT-1", folder)
    assert list(folder.iterdir()) == []


def test_who_may_not_see_it_gets_no_file(
    portal: Portal, people: People, version: ModelVersion, client: Client, tmp_path: Path
) -> None:
    token = portal.sessions.begin(people.viewer.person_id)
    with pytest.raises(NotAllowed):
        connect(client._transport.address, token).download(f"model/{version.id}", tmp_path)
