"""A page's process stays light."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "mlflow", "optuna", "kubernetes", "onnxruntime", "onnx", "locust", "duckdb", "sklearn", "scipy"}


@pytest.mark.parametrize("module", ["app.main", "app.asgi", "app.ui.charts", "app.ui.tables"])
def test_importing_the_pages_frame_loads_nothing_heavy(module: str, tmp_path) -> None:
    code = f"import json, sys; import {module}; print(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    environment = {"CAUSEWAY_HOME": str(tmp_path), "PATH": "", "CAUSEWAY_PORTAL_PORT": "0"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert not HEAVY & set(json.loads(done.stdout.splitlines()[-1]))
