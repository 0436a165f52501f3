"""What our code logs, as a collector gets it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.foundation.observability.logs import Lines


class Collecting(logging.Handler):
    """Keeps every line, made at the moment it is said."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []
        self.setFormatter(Lines(as_json=True, facts={"process": "test"}))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@contextmanager
def log_lines(name: str, *, level: int = logging.INFO) -> Iterator[list[dict[str, Any]]]:
    """The lines that loggers of this name say while the block lasts."""
    handler, logger = Collecting(), logging.getLogger(name)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
