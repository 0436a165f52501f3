"""A desk that tests of the life of feature versions share, with a view of each test's own."""

from collections.abc import Iterator

import pytest

from tests.features.desk import Desk, open_desk


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
