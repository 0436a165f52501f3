"""One log for every process: what our code and the libraries say goes through the same formatting, as lines for a
terminal or as JSON for a collector. Code says things with the standard library's loggers; what it knows of its request,
action, job or object comes from `log_context`, so that every line of the same work carries it."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType, TracebackType
from typing import Any, Literal

from core.foundation.observability.redaction import redact_all

# A module that is run as a process is called __main__ there.
OURS = ("app", "core", "pages", "__main__")
# Libraries that give their loggers a handler of their own when they are imported; MLflow has a setting against it.
MLFLOW_OWN_LOGS = "MLFLOW_CONFIGURE_LOGGING"
ORDER = ("time", "level", "event", "logger", "process", "pid", "request", "action", "job", "object")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
LONG = frozenset({"exception", "stack"})
ESCAPES = {number: repr(chr(number))[1:-1] for number in (*range(32), *range(127, 160))}
LogFormat = Literal["console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]
Event = MutableMapping[str, Any]
Secrets = Sequence[tuple[str, str]]
_context: ContextVar[MappingProxyType[str, Any]] = ContextVar("log context", default=MappingProxyType({}))


@contextmanager
def log_context(**fields: object) -> Iterator[None]:
    """What every line says that is logged inside, in this thread or task; empty values say nothing."""
    known = {name: value for name, value in fields.items() if value != ""}
    token = _context.set(MappingProxyType({**_context.get(), **known}))
    try:
        yield
    finally:
        _context.reset(token)


def configure_logs(
    *, process: str, form: LogFormat = "console", level: LogLevel = "info", secrets: Secrets = (), **fields: object
) -> None:
    """Sends everything that this process logs to standard error. `fields` stand on each of its lines; `secrets` are
    left out wherever they turn up, each with what stands in its place."""
    os.environ.setdefault(MLFLOW_OWN_LOGS, "false")
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    facts = {"process": process, **fields}
    handler.setFormatter(Lines(as_json=form == "json", facts=facts, secrets=secrets))
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(number)
    logging.captureWarnings(True)
    sys.excepthook = _log_unhandled
    threading.excepthook = lambda ended: _log_unhandled(ended.exc_type, ended.exc_value, ended.exc_traceback)
    adopt_loggers()


def _log_unhandled(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What ends a process or a thread is a line like any other, without the secrets in it."""
    if error is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), trace)
    else:
        logging.getLogger(__name__).critical("unhandled error", exc_info=(kind, error, trace))


def adopt_loggers() -> None:
    """Takes the handlers of their own from the loggers of libraries that were imported so far, so that what they say
    comes once and in our form."""
    for logger in tuple(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers = [handler for handler in logger.handlers if isinstance(handler, logging.NullHandler)]
            logger.propagate = True


class Lines(logging.Formatter):
    """Lines with the same facts in the same order. The library behind is loaded with the first of them: most jobs
    never log anything."""

    def __init__(self, *, as_json: bool, facts: dict[str, object], secrets: Secrets = ()) -> None:
        super().__init__()
        self._as_json, self._facts, self._secrets = as_json, facts, secrets

    def format(self, record: logging.LogRecord) -> str:
        return self._formatter.format(record)

    @cached_property
    def _formatter(self) -> logging.Formatter:
        import structlog

        meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        as_text: Callable[..., Any] = structlog.processors.format_exc_info
        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[self._described], processors=[meta, as_text, self._redacted, self._renderer()]
        )

    def _renderer(self) -> Any:
        import structlog

        if self._as_json:
            return structlog.processors.JSONRenderer(default=str, ensure_ascii=False)
        # The other ways of showing an error print local variables, and with them secrets.
        plain = structlog.dev.plain_traceback
        colors = sys.stderr.isatty()
        return structlog.dev.ConsoleRenderer(
            timestamp_key="time", colors=colors, exception_formatter=plain, pad_event_to=0, sort_keys=False
        )

    def _described(self, _logger: object, _method: str, event: Event) -> Event:
        record = event["_record"]
        extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event.update(time=time, level=record.levelname.lower(), logger=record.name, pid=record.process)
        event.update({**self._facts, **_context.get(), **extra})
        first = {name: event[name] for name in ORDER if name in event}
        return {**first, **event}

    def _redacted(self, _logger: object, _method: str, event: Event) -> Event:
        redacted: Event = redact_all(event, secrets=self._secrets)
        if self._as_json:
            return redacted
        # What somebody sent can neither begin a line of its own nor color a terminal.
        return {name: value if name in LONG else _on_one_line(value) for name, value in redacted.items()}


def _on_one_line(value: Any) -> Any:
    return value.translate(ESCAPES) if isinstance(value, str) else value
