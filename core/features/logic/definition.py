"""What decides the values of a feature version: its logic, its sources, its times and the nulls it fills. A change of
any of these makes a new version; a description, tags and an owner do not."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.features.logic.python_source import check_python
from core.features.tables import FeatureVersionRow
from core.features.values import VersionTests
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.foundation.values import Value


class Logic(Value):
    """All that a version is asked for, beside what people say about it. Times are seconds."""

    sql: str
    python: str
    sources: dict[str, str]
    event_time: str
    created_time: str
    ttl_seconds: int
    delay_seconds: int
    lookback_seconds: int
    categories: tuple[str, ...]
    numbers: tuple[str, ...]
    tests: VersionTests

    def check(self) -> None:
        """Invalid for what cannot be built, as far as that is known without running anything."""
        if not self.sql.strip() and not self.python.strip():
            raise Invalid(_("There is neither SQL nor Python"), hint=_("Write at least one of them."), field="sql")
        if not self.sources:
            raise Invalid(_("There are no tables to read"), hint=_("Choose at least one."), field="sources")
        if not self.event_time:
            raise Invalid(
                _("The event time is missing"), hint=_("Name the column with the time of each row."), field="event_time"
            )
        if self.python.strip():
            check_python(self.python, names=tuple(self.sources))
        ruled = [rule.feature for rule in self.tests.rules]
        if twice := [name for name in ruled if ruled.count(name) > 1]:
            raise Invalid(_("{name} has two rules").format(name=twice[0]), hint=_("Write one rule."), field="tests")

    def write(self, row: FeatureVersionRow) -> None:
        for name, value in self.model_dump(mode="json").items():
            setattr(row, name, value)


def meaning_of(row: FeatureVersionRow, *, keys: Sequence[str], sources: Mapping[str, str]) -> dict[str, Any]:
    """What a version's digest covers, beside the features that came of it. `sources` are the digests of its snapshots.
    Of the tests only what fills nulls is part of it: the others judge values and change none."""
    tests = VersionTests.model_validate(row.tests)
    return {
        "sql": row.sql,
        "python": row.python,
        "sources": dict(sources),
        "keys": list(keys),
        "event_time": row.event_time,
        "created_time": row.created_time,
        "ttl_seconds": row.ttl_seconds,
        "delay_seconds": row.delay_seconds,
        "lookback_seconds": row.lookback_seconds,
        "fill": sorted([rule.feature, rule.fill] for rule in tests.rules if rule.nulls == "fill"),
    }
