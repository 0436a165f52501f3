"""Lines of a log by words and by how grave they are. What a job writes is free text: a level is read off the beginning
of a line, where every logging library puts it."""

import re
from collections import Counter

from core.compute.values import LogLevel, LogLine, LogLines

# So far into a line its level may stand, behind a time and a name.
HEAD = 60
ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL)\b|^Traceback |^\w*(Error|Exception):")
WARNING = re.compile(r"\bWARN(ING)?\b|\b\w*Warning:", re.IGNORECASE)


def level_of(line: str) -> LogLevel:
    head = line[:HEAD]
    if ERROR.search(head):
        return LogLevel.ERROR
    return LogLevel.WARNING if WARNING.search(head) else LogLevel.INFO


def select_lines(text: str, *, search: str, level: LogLevel | None, before: int, limit: int) -> LogLines:
    """The last lines that match, those from number `before` on left out (0 leaves none out); lines count from 1."""
    numbered = enumerate(text.splitlines(), start=1)
    lines = [LogLine.model_construct(number=number, text=line, level=level_of(line)) for number, line in numbered]
    part = search.casefold()
    matching = [line for line in lines if (level is None or line.level is level) and part in line.text.casefold()]
    until = [line for line in matching if not before or line.number < before]
    counts = Counter(line.level for line in lines)
    return LogLines(
        lines=tuple(until[-limit:]),
        matching=len(matching),
        total=len(lines),
        warnings=counts[LogLevel.WARNING],
        errors=counts[LogLevel.ERROR],
    )
