"""A whole installation, for what concerns things of every kind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.portal import Portal
from tests.upgrade.home import upgraded


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Portal]:
    with upgraded(tmp_path) as portal:
        yield portal
