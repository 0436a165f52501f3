"""Real git repositories, made in a folder of the test."""

import os
import subprocess
from pathlib import Path

IDENTITY = ("-c", "user.name=Mei", "-c", "user.email=mei@example.org")


def git(folder: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "-C", str(folder), *IDENTITY, *words]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path, files: dict[str, str | bytes]) -> str:
    """A repository with one commit, whose id it returns."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return commit(folder, files)


def commit(folder: Path, files: dict[str, str | bytes]) -> str:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "A commit.")
    return git(folder, "rev-parse", "HEAD")
