"""An engine is found by the name in the setting, and one file is enough to add another."""

from pathlib import Path

import pytest

from core.features.engines.opening import ENTRY_POINTS, engine_called
from core.features.engines.port import BuildEngine
from core.foundation.errors import NotFound
from tests.fakes.plugin_packages import install
from tests.features.departures import as_joined, build, join, split_rows

# What a team writes to join in a place of its own.
REMOTE_ENGINE = '''
from contextlib import contextmanager

from core.features.engines.polars_engine import PolarsEngine
from core.features.engines.port import Engine


class RemoteEngine(Engine):
    """Joins where its address says."""

    name, title, product, version = "remote", "Remote", "remote", "1.0"

    def __init__(self, address):
        self.address = address

    @classmethod
    @contextmanager
    def opened(cls, address):
        yield cls(address)

    def join(self, views, *, entity, event_time, known_at, parts):
        return PolarsEngine().join(views, entity=entity, event_time=event_time, known_at=known_at, parts=parts)
'''


def test_an_engine_of_another_package_joins_under_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = as_joined(tmp_path, build(tmp_path))
    with engine_called("local").opened("") as engine:
        local = join(tmp_path, views=(view,), engine=engine)
    rows = split_rows(tmp_path, "train")
    with pytest.raises(NotFound):
        engine_called("remote")
    install(
        tmp_path,
        monkeypatch,
        module="remote_engine",
        source=REMOTE_ENGINE,
        group=ENTRY_POINTS,
        plugin="RemoteEngine",
    )
    with engine_called("remote").opened("rpc://somewhere") as engine:
        remote = join(tmp_path, views=(view,), engine=engine)
    assert split_rows(tmp_path, "train") == rows
    assert remote.model_dump(exclude={"engine"}) == local.model_dump(exclude={"engine"})
    assert (local.engine.partition(" ")[0], remote.engine) == ("polars", "remote 1.0")


def test_only_engines_that_run_sql_build_versions() -> None:
    builds = {name: issubclass(engine_called(name), BuildEngine) for name in ("local", "spark")}
    assert builds == {"local": False, "spark": True}


def test_a_name_of_no_engine_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound) as refusal:
        engine_called("sparc")
    assert refusal.value.hint == "Choose one of: local, spark."
