"""Requirements are installed by uv from the lock file, and from nowhere else than the installation's index."""

import shutil
from pathlib import Path

import pytest

from core.compute.process import JobFailed
from core.foundation.errors import Invalid
from core.training.scripts.lock_file import requirements_in
from tests.training.scripts.sources import fitted, supplied
from tests.training.scripts.wheels import PROJECT, index, lock_file

pytest.importorskip("uv", reason="uv is not installed yet")
# The library of the environment, and none of the portal's.
SOURCE = """
import json, os, sys, tinylib
try:
    import pydantic
except ImportError:
    print("tinylib says", tinylib.answer)
try:
    open(tinylib.__file__, "a")
except PermissionError:
    print("it cannot be changed")
sys.exit("enough was seen")
"""


def test_a_script_has_its_own_libraries_which_are_installed_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"train.py": SOURCE, "pyproject.toml": PROJECT, "uv.lock": lock_file()}
    supplies = supplied(tmp_path, files, index=str(index()))
    for installing in (True, False):
        with pytest.raises(JobFailed, match="enough was seen"):
            fitted(tmp_path, files, supplies=supplies)
        printed = capsys.readouterr().out
        assert "tinylib says 42\nit cannot be changed\n" in printed
        assert ("installing 1 packages" in printed) is installing
    (environment,) = [path for path in (tmp_path / "environments").iterdir() if path.is_dir()]
    assert requirements_in_code(tmp_path, files).digest.startswith(environment.name.partition("-")[0])


def requirements_in_code(folder: Path, files: dict[str, str], *, of_index: str = "") -> object:
    shutil.rmtree(folder / "project", ignore_errors=True)
    (folder / "project").mkdir()
    for name, text in files.items():
        (folder / "project" / name).write_text(text)
    return requirements_in(folder / "project", index=of_index or str(index()))


def test_code_without_requirements_has_none(tmp_path: Path) -> None:
    assert requirements_in_code(tmp_path, {"train.py": ""}) is None


@pytest.mark.parametrize(
    ("project", "words"),
    [
        (PROJECT.replace("tinylib>=1", "tinylib>=1,!=1.5"), "needs to be updated"),
        (PROJECT.replace("tinylib>=1", "tinylib>=2"), "depends on tinylib>=2"),
        (PROJECT.replace('requires-python = ">=3.11"', 'requires-python = ">=3.99"'), "Python"),
    ],
)
def test_what_uv_refuses_is_said_in_its_words(project: str, words: str, tmp_path: Path) -> None:
    files = {"train.py": SOURCE, "pyproject.toml": project, "uv.lock": lock_file()}
    with pytest.raises(JobFailed, match="The requirements cannot be installed") as failure:
        fitted(tmp_path, files, supplies=supplied(tmp_path, files, index=str(index())))
    assert words in str(failure.value)
    assert str(tmp_path) not in str(failure.value)
    assert not [path for path in (tmp_path / "environments").iterdir() if path.is_dir()]


def test_a_package_without_a_wheel_is_not_built(tmp_path: Path) -> None:
    lock = lock_file().replace("tinylib-1.0-py3-none-any.whl", "tinylib-1.0-cp27-none-any.whl")
    files = {"train.py": SOURCE, "pyproject.toml": PROJECT, "uv.lock": lock}
    with pytest.raises(JobFailed, match="cannot be installed"):
        fitted(tmp_path, files, supplies=supplied(tmp_path, files, index=str(index())))


def test_requirements_have_a_size_and_a_time(tmp_path: Path) -> None:
    files = {"train.py": SOURCE, "pyproject.toml": PROJECT, "uv.lock": lock_file()}
    for limit, words in (({"environment_mb": 0}, "more than 0 MB"), ({"install_seconds": 0}, "longer than 0 s")):
        supplies = supplied(tmp_path, files, index=str(index()), **limit)
        with pytest.raises(JobFailed, match=words):
            fitted(tmp_path, files, supplies=supplies)


PACKAGE = '\n[[package]]\nname = "evil"\nversion = "1"\nsource = {source}\n'
PYPI = "https://pypi.org/simple"
OF_PYPI = PACKAGE.format(source=f'{{ registry = "{PYPI}" }}')
WHEEL = 'wheels = [{{ url = "{url}", hash = "sha256:00" }}]\n'


@pytest.mark.parametrize(
    ("lock", "of_index"),
    [
        (PACKAGE.format(source='{ registry = "https://evil.example/simple" }'), PYPI),
        (PACKAGE.format(source='{ git = "https://github.com/a/b" }'), PYPI),
        (PACKAGE.format(source='{ url = "http://169.254.169.254/a.whl" }'), PYPI),
        (PACKAGE.format(source='{ path = "../../etc" }'), PYPI),
        (PACKAGE.format(source='{ editable = "/home" }'), PYPI),
        (PACKAGE.format(source='"none"'), PYPI),
        (OF_PYPI + WHEEL.format(url="http://10.0.0.1/a.whl"), PYPI),
        (OF_PYPI + WHEEL.format(url="https://evil.example/a.whl"), PYPI),
        ("package = 3", PYPI),
        ("not toml [", PYPI),
    ],
)
def test_a_lock_file_that_leads_elsewhere_is_refused_before_anything_is_fetched(
    lock: str, of_index: str, tmp_path: Path
) -> None:
    with pytest.raises(Invalid):
        requirements_in_code(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": lock}, of_index=of_index)


@pytest.mark.parametrize(
    "project",
    [
        PROJECT.replace("tinylib>=1", "tinylib @ http://169.254.169.254/tinylib.whl"),
        PROJECT + '[tool.uv.sources]\ntinylib = { url = "http://169.254.169.254/" }\n',
        PROJECT + '[[tool.uv.index]]\nurl = "http://169.254.169.254/"\n',
        PROJECT + "[tool]\nuv = 3\n",
        PROJECT + '[dependency-groups]\ndev = ["x @ file:///etc"]\n',
        "not toml [",
    ],
)
def test_a_project_that_leads_elsewhere_is_refused(project: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        requirements_in_code(tmp_path, {"pyproject.toml": project, "uv.lock": lock_file()})


def test_a_lock_file_of_the_public_index_is_accepted(tmp_path: Path) -> None:
    lock = OF_PYPI + WHEEL.format(url="https://files.pythonhosted.org/a.whl")
    for address in (PYPI, f"{PYPI}/"):
        requirements_in_code(tmp_path, {"pyproject.toml": PROJECT, "uv.lock": lock}, of_index=address)
    mirror = lock.replace("pypi.org", "mirror.example").replace("files.pythonhosted.org", "mirror.example")
    files = {"pyproject.toml": PROJECT, "uv.lock": mirror}
    requirements_in_code(tmp_path, files, of_index="https://me:secret@mirror.example/simple")
