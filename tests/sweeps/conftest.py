"""A training set of real flights, and workers as processes that a test may kill."""

from pathlib import Path

import pytest

from core.portal import Portal
from tests.compute.conftest import start_worker as start_worker
from tests.conftest import People
from tests.training.sets import make_training_set


@pytest.fixture
def training_set(portal: Portal, people: People, tmp_path: Path) -> str:
    return make_training_set(portal, tmp_path / "splits")
