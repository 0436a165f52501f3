"""The client as a distribution: what is in its wheel, what it needs, and that it needs nothing of the server."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "core" / "client"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
# With the libraries of this environment, and with nothing that lies in the repository.
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import causeway_client
from causeway_client import Use, connect, errors
try:
    connect()
except errors.NotSignedIn as refusal:
    print(refusal.hint)
ours = {"app", "core", "pages", "pandas", "polars", "pyarrow", "streamlit", "sqlalchemy"}
print(sorted(ours & {name.partition(".")[0] for name in sys.modules}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the repository."""
    folder = tmp_path_factory.mktemp("client")
    shutil.copytree(SOURCE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    command = [sys.executable, "-W", "ignore", "-c", BUILD, str(folder)]
    done = subprocess.run(command, cwd=folder / "source", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


def test_the_wheel_holds_the_client_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    modules = {f"causeway_client/{path.name}" for path in [*SOURCE.glob("*.py"), SOURCE / "py.typed"]}
    assert {name for name in names if not name.startswith("causeway_client-")} == modules


def test_it_needs_httpx_and_pydantic_and_each_frame_its_library(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(archive.read(name).decode())
    needed = [entry.partition(";") for entry in metadata.get_all("Requires-Dist", [])]
    words = {entry.rstrip("0123456789.,<>= ") for entry, _sign, condition in needed if not condition}
    assert {word.partition("<")[0].partition(">")[0] for word in words} == {"httpx", "pydantic"}
    assert metadata.get_all("Provides-Extra") == ["pandas", "polars", "arrow"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (metadata["Name"], metadata["Version"]) == ("causeway-client", project["version"])


def test_it_is_imported_without_anything_of_the_server(wheel: Path, tmp_path: Path) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("CAUSEWAY", "PYTHONPATH"))}
    done = subprocess.run(
        [sys.executable, "-P", "-c", USE, str(wheel)],
        cwd=tmp_path,
        env=outside,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Give one, or set CAUSEWAY_ADDRESS.", "[]"]
