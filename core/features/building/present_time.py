"""Whether pandas logic uses the present time, found by trying: it runs once more by a clock that is more than a year
ahead. What then gives other rows would be one feature when a model learns and another one when it serves."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from core.features.building.future_leakage_queries import check_repeats, compare
from core.features.logic.pandas_logic import run_python
from core.features.values import Check
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.sandbox.limits import Limits, TimedOut
from core.sandbox.present_time import AHEAD_SECONDS, PACKAGE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

LATER = "__later"


class Rebuild(Protocol):
    """Builds the rows once more into a table."""

    def __call__(self, name: str, *, ahead_seconds: int = 0) -> None: ...


def present_time_check(
    session: "duckdb.DuckDBPyConnection",
    rows: str,
    *,
    identity: Sequence[str],
    columns: Mapping[str, str],
    rebuild: Rebuild,
    has_clock: bool,
) -> Check:
    """Raises Invalid for rows that differ when they are built again: by the clock, or by chance. Without another clock
    (`has_clock`) only chance is found, and the check is inconclusive."""
    if not has_clock:
        check_repeats(session, rows, identity=identity, columns=columns, rebuild=rebuild)
        return _unchecked()
    try:
        rebuild(LATER, ahead_seconds=AHEAD_SECONDS)
    except TimedOut:
        raise
    except Invalid as error:
        raise _fails_later(error) from error
    if different := compare(session, rows, LATER, identity=identity, columns=columns):
        check_repeats(session, rows, identity=identity, columns=columns, rebuild=rebuild)
        raise _uses_it(different[0])
    return _passed()


def present_time_check_of_sample(
    source: str, tables: "Mapping[str, pa.Table]", *, limits: Limits, has_clock: bool
) -> Check:
    """The same on a sample, for logic whose rows are built by its SQL."""
    if not has_clock:
        return _unchecked()
    (now,) = run_python(source, [tables], limits=limits)
    if isinstance(now, Invalid):
        return Check(name=_name(), verdict="no data", detail=_("It gives nothing on the sample."))
    (later,) = run_python(source, [tables], limits=limits, ahead_seconds=AHEAD_SECONDS)
    if isinstance(later, Invalid):
        raise _fails_later(later)
    for name in now.column_names:
        if name not in later.column_names or not now.column(name).equals(later.column(name)):
            raise _uses_it(name)
    return _passed()


def _name() -> str:
    return _("Pandas does not use the present time")


def _passed() -> Check:
    detail = _("By a clock that is more than a year ahead the rows are the same.")
    return Check(name=_name(), verdict="pass", detail=detail)


def _unchecked() -> Check:
    detail = _("Not checked: this machine has no {package}, with which it is tried by another clock.")
    return Check(name=_name(), verdict="inconclusive", detail=detail.format(package=PACKAGE))


def _uses_it(name: str) -> Invalid:
    return Invalid(
        _("Python: {name} depends on the present time").format(name=name),
        hint=_("Take times from the sources, not from the clock. What is drawn by lot needs a seed."),
        field="python",
    )


def _fails_later(error: Invalid) -> Invalid:
    return Invalid(
        _("Python: by a clock that is more than a year ahead it fails: {why}").format(why=error.message),
        hint=error.hint or _("Take times from the sources, not from the clock."),
        field="python",
        line=error.line,
    )
