"""The installation that tests of health begin with, on SQLite and where it is asked for on PostgreSQL too."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.portal import Portal
from tests.upgrade.home import upgraded


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Portal]:
    with upgraded(tmp_path) as portal:
        yield portal


@pytest.fixture(params=["sqlite", "postgresql"])
def whole_on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Portal]:
    postgres = None if request.param == "sqlite" else request.getfixturevalue("postgres")
    with upgraded(tmp_path, postgres=postgres) as portal:
        yield portal
