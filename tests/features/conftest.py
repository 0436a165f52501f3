"""A portal with drafts, shared by tests of the life of feature versions, each with a view of its own; and one Spark
cluster."""

from collections.abc import Iterator

import pytest

from core.features.engines.spark.session import spark_session
from core.features.engines.spark_engine import SparkEngine
from tests.features.drafting import Drafts, open_drafts
from tests.features.engines.spark.server import connect_server, skip_without_spark


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafts]:
    drafts = open_drafts(tmp_path_factory.mktemp("home"))
    yield drafts
    drafts.portal.foundation.database.close()


@pytest.fixture
def drafts(shared: Drafts) -> Drafts:
    """The shared portal with a view of the test's own."""
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
