"""What becomes of files that rot."""

from pathlib import Path


def flip(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def cut(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")
