"""What a model was made with, so that it can be made again."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ("causeway", "torch", "numpy", "pyarrow", "onnx")
GIT_SECONDS = 10


def environment_of(*, device: str, threads: int, precision: str) -> dict[str, str]:
    """Versions and what they ran on. The number of threads belongs to it: it decides the order of sums."""
    versions = {name: version(name) for name in RECORDED}
    return {
        "python": platform.python_version(),
        **versions,
        "onnxruntime": _onnxruntime_version(),
        "platform": platform.platform(),
        "device": device,
        "threads": str(threads),
        "precision": precision,
    }


def code_commit() -> str:
    """The commit of the code that runs here, "+changes" when files differ from it; the version where there is no
    repository."""
    try:
        commit = _git("rev-parse", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return f"causeway {version('causeway')}"
    return f"{commit}+changes" if changed else commit


def _git(*words: str) -> str:
    if not (ROOT / ".git").exists():
        raise OSError("no repository")
    command = ["git", "-C", str(ROOT), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=GIT_SECONDS, check=True)
    return done.stdout.strip()


def _onnxruntime_version() -> str:
    import onnxruntime

    return str(onnxruntime.__version__)
