"""The processes of the portal and of the command line start light."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

HEAVY = {
    "torch",
    "mlflow",
    "optuna",
    "kubernetes",
    "onnxruntime",
    "onnx",
    "locust",
    "duckdb",
    "sklearn",
    "scipy",
    "lightgbm",
}
# In this order in one new process: what one of them loads, the following have too.
MODULES = ("app.ui.charts", "app.ui.tables", "app.main", "app.asgi", "app.cli.commands")
IMPORTING = f"""
import importlib, json, sys
for module in {MODULES}:
    importlib.import_module(module)
    print(json.dumps([module, sorted({HEAVY} & set(sys.modules))]))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """The heavy libraries that are there after each import."""
    home = tmp_path_factory.mktemp("home")
    environment = {"CAUSEWAY_HOME": str(home), "PATH": "", "CAUSEWAY_PORTAL_PORT": "0", "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", IMPORTING]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))


@pytest.mark.parametrize("module", MODULES)
def test_importing_it_loads_nothing_heavy(module: str, loaded: Mapping[str, list[str]]) -> None:
    assert loaded[module] == []
