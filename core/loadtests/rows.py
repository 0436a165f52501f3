"""From rows of load tests to the values others see."""

from collections.abc import Sequence

from sqlmodel import Session

from core.audit.second_person import Matter, eligibilities, with_those_behind
from core.foundation.errors import Conflict, NotFound
from core.foundation.text import _
from core.identity.permissions import ROLES, Permission
from core.loadtests.tables import LoadTestRow
from core.loadtests.values import LoadTestState, LoadTestView, Report, Target


def find_test(session: Session, test_id: str) -> LoadTestRow:
    row = session.get(LoadTestRow, test_id)
    if row is None:
        raise NotFound(_("There is no load test called {id}").format(id=repr(test_id[:40])))
    return row


def tested(row: LoadTestRow, *, url: str) -> Target:
    """What the test aimed at."""
    same = row.model_dump(include={"endpoint_id", "endpoint", "environment", "version_id", "digest", "slo"})
    return Target(**same, url=url)


def report_of(row: LoadTestRow) -> Report:
    """Conflict while there is none."""
    if not row.report:
        raise Conflict(
            _("{id} has no report: it is {state}").format(id=row.id, state=row.state),
            hint=row.cause or _("Its seconds are shown while it runs."),
        )
    return Report.model_validate(row.report)


def view_of(session: Session, row: LoadTestRow) -> LoadTestView:
    return views_of(session, [row])[0]


def views_of(session: Session, rows: Sequence[LoadTestRow]) -> tuple[LoadTestView, ...]:
    """Several tests, each that waits with those who may not confirm it."""
    waiting = [row for row in rows if row.state == LoadTestState.WAITING]
    matters = [Matter(row.created_at, row.project, {row.requested_by: _("requested it")}) for row in waiting]
    authors = with_those_behind(session, [matter.authors for matter in matters])
    matters = [matter._replace(authors=by_id) for matter, by_id in zip(matters, authors, strict=True)]
    eligible = eligibilities(session, matters, deciding=ROLES[Permission.LOADTEST_PRODUCTION])
    barred = {row.id: eligibility.barred for row, eligibility in zip(waiting, eligible, strict=True)}
    return tuple(_view(row, barred.get(row.id, {})) for row in rows)


def _view(row: LoadTestRow, may_not_confirm: dict[str, str]) -> LoadTestView:
    report = Report.model_validate(row.report) if row.report else None
    valid = report if report and report.validity == "VALID" else None
    shown = row.model_dump(include=set(LoadTestView.model_fields))
    return LoadTestView(
        **shown,
        may_not_confirm=may_not_confirm,
        validity=report.validity if report else "",
        capacity=valid.capacity.rate if valid and valid.capacity else None,
        p99_ms=next((percentile.ms for percentile in valid.percentiles if percentile.fraction == 0.99), None)
        if valid
        else None,
    )
