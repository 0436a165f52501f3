"""Imports from S3, against a real server that speaks its language."""

from collections.abc import Iterator

import pyarrow as pa
import pytest
from pydantic import SecretStr

from core.foundation.errors import Invalid
from core.foundation.settings import Settings
from core.lake.import_values import Import, ImportState
from core.lake.places.s3 import check_address
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.installed import People, installed
from tests.lake.readers.test_dispatch import parquet

SECRET = "a-secret-that-nobody-reads"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server on a port of the system's choice, with three tables in a bucket."""
    import s3fs
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    system = s3fs.S3FileSystem(key="anybody", secret=SECRET, endpoint_url=address, skip_instance_cache=True)
    system.mkdir("readings")
    for day in (1, 2):
        system.pipe(f"readings/days/{day}.parquet", parquet(pa.table({"day": [day], "x": [0.5 * day]})))
    system.pipe("readings/days/notes.txt", b"not a table")
    system.pipe("readings/mixed/1.csv", b"a\n1\n")
    system.pipe("readings/mixed/2.csv", b"b\n1\n")
    yield address
    server.stop()


@pytest.fixture
def portal(settings: Settings, endpoint: str) -> Iterator[Portal]:
    keys = {"s3_endpoint": endpoint, "s3_access_key": "anybody", "s3_secret_key": SecretStr(SECRET)}
    with installed(settings.model_copy(update=keys)) as (portal, _people):
        yield portal


def read(portal: Portal, people: People, address: str) -> Import:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="readings")
    begun = portal.imports.start_address_import(people.engineer, dataset_id=dataset.id, address=address)
    run_job_here(portal, begun.job_id)
    return portal.imports.get_import(people.engineer, import_id=begun.id)


def test_every_table_in_a_folder_is_read_and_no_key_is_kept(portal: Portal, people: People) -> None:
    ready = read(portal, people, "s3://readings/days/")
    assert ready.state is ImportState.READY, ready.cause
    assert ready.preview.rows == ((1, 0.5), (2, 1.0))
    assert "2 files were read." in ready.report.choices
    files = [path for path in portal.foundation.settings.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("s3://readings/days/3.parquet", "There is nothing at"),
        ("s3://nowhere/days/3.parquet", "There is nothing at"),
        ("s3://readings/empty/", "There is no table at"),
        ("s3://readings/mixed/", "File 2 has other columns"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_words(portal: Portal, people: People, address: str, reason: str) -> None:
    failed = read(portal, people, address)
    assert failed.state is ImportState.FAILED
    assert reason in failed.cause


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/x", "file:///etc/passwd", "s3://", "s3://b/x", "s3://bucket/../x", "s3://a b/x"]
)
def test_what_is_no_address_of_s3_is_refused(address: str) -> None:
    with pytest.raises(Invalid, match="no address of S3"):
        check_address(address)


@pytest.mark.parametrize("address", ["s3://AKIA:canary@bucket/x.csv", "s3://bucket/x.csv?X-Amz-Signature=canary"])
def test_an_address_with_a_key_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_address(address)
    assert "canary" not in refused.value.in_full
