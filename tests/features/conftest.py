"""A desk that tests of the life of feature versions share, with a view of each test's own; and one Spark cluster."""

from collections.abc import Iterator

import pytest

from core.features.engines.spark.session import spark_session
from core.features.engines.spark_engine import SparkEngine
from tests.features.drafting import Desk, open_desk
from tests.features.engines.spark.server import connect_server, skip_without_spark


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(tmp_path_factory.mktemp("home"))
    yield desk
    desk.portal.foundation.database.close()


@pytest.fixture
def desk(shared: Desk) -> Desk:
    """The shared desk with a view of the test's own."""
    shared.open_view()
    return shared


@pytest.fixture(scope="session")
def spark_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a Spark Connect server that all tests share."""
    skip_without_spark()
    with connect_server(tmp_path_factory.mktemp("spark")) as address:
        yield address


@pytest.fixture(scope="session")
def spark(spark_address: str) -> Iterator[SparkEngine]:
    with spark_session(spark_address) as session:
        yield SparkEngine(session)
