"""The stage that stories of promotion play on."""

import pytest

from core.portal import Portal
from tests.conftest import People
from tests.promotion.stage import Stage


@pytest.fixture
def stage(portal: Portal, people: People) -> Stage:
    return Stage(portal, people)


@pytest.fixture
def stage_on(portal_on: Portal, people: People) -> Stage:
    """The same story on SQLite and on PostgreSQL."""
    return Stage(portal_on, people)
