"""A folder of tiny wheels as an index, and projects locked against it by uv itself."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from core.training.scripts.environments import uv

PROJECT = """
[project]
name = "mine"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["tinylib>=1"]
"""


def add_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        lines = []
        for path, text in content.items():
            wheel.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{path},sha256={digest},{len(text)}\n")
        wheel.writestr(f"{about}/RECORD", "".join([*lines, f"{about}/RECORD,,\n"]))


@cache
def index() -> Path:
    """With one package, `tinylib` 1.0."""
    folder = Path(mkdtemp(prefix="causeway-wheels-"))
    add_wheel(folder, "tinylib", "1.0", {"tinylib.py": "answer = 42\n"})
    return folder


@cache
def lock_file(project: str = PROJECT) -> str:
    """The uv.lock of a project against that index."""
    folder = Path(mkdtemp(prefix="causeway-project-"))
    (folder / "pyproject.toml").write_text(project)
    command = [uv(), "lock", "--no-cache", "--quiet", "--no-index", "--find-links", str(index())]
    environment = {"PATH": os.defpath, "UV_NO_CONFIG": "1", "UV_PYTHON_DOWNLOADS": "never", "HOME": str(folder)}
    subprocess.run([*command, "--python", sys.executable], cwd=folder, env=environment, check=True)
    return (folder / "uv.lock").read_text()
