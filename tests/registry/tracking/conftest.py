"""MLflow's tables, made once for all tests of a process: to make them takes seconds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.foundation.settings import Settings
from core.registry.tracking import mlflow_store


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("mlflow")
    mlflow_store.prepare(Settings(home=home))
    return home / "mlflow.sqlite"


@pytest.fixture
def with_mlflow(prepared_file: Path, settings: Settings) -> Callable[[], None]:
    """Makes MLflow reachable."""

    def make_reachable() -> None:
        settings.home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(prepared_file, settings.home / "mlflow.sqlite")

    return make_reachable
