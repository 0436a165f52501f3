"""How a version goes from draft to retired, and where the alias of its view points. Every change of state goes through
here, whoever asks for it: people, or the end of a job."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from core.features.tables import AliasRow, FeatureVersionRow
from core.features.values import Check, VersionState
from core.foundation.actions.call import Call
from core.foundation.errors import Conflict
from core.foundation.objects import ObjectRow, put_away
from core.foundation.text import _

DRAFT, BUILDING, STAGED, PUBLISHED, DEPRECATED, RETIRED, FAILED, DISCARDED = VersionState
# Where each state may lead.
MOVES: dict[VersionState, frozenset[VersionState]] = {
    DRAFT: frozenset({BUILDING, DISCARDED}),
    BUILDING: frozenset({STAGED, FAILED}),
    FAILED: frozenset({DRAFT, BUILDING, DISCARDED}),
    STAGED: frozenset({PUBLISHED, DISCARDED}),
    PUBLISHED: frozenset({DEPRECATED}),
    DEPRECATED: frozenset({PUBLISHED, RETIRED}),
    RETIRED: frozenset(),
    DISCARDED: frozenset(),
}
# What is kept online of a version in one of these is cleared away.
GIVEN_UP = (RETIRED, DISCARDED)


def move(call: Call, row: FeatureVersionRow, *, to: VersionState) -> None:
    """Brings a version into another state. Conflict where its state does not lead there."""
    state = VersionState(row.state)
    if to not in MOVES[state]:
        raise Conflict(
            _("Version {version} is {state} and cannot become {to}").format(version=row.version, state=state, to=to),
            hint=_("From {state} it can become: {next}.").format(
                state=state, next=", ".join(sorted(MOVES[state])) or _("nothing else")
            ),
        )
    row.state = to
    call.session.add(row)
    call.update(row.id, state=to)


def give_up_all(call: Call, view_id: str, reason: str) -> None:
    """Every version of a view is out of use, as the deletion of the view has it, so that what is kept online of them is
    cleared away. Conflict while one is being built."""
    wanted = (FeatureVersionRow.view_id == view_id, col(FeatureVersionRow.state).not_in(GIVEN_UP))
    for row in call.session.exec(select(FeatureVersionRow).where(*wanted)).all():
        if row.state == BUILDING:
            raise Conflict(_("Version {version} is being built").format(version=row.version), hint=_("Stop its job."))
        row.state, row.reason = RETIRED if row.published_at else DISCARDED, reason
        call.session.add(row)
        call.update(row.id, state=row.state)


def publish(call: Call, row: FeatureVersionRow, *, by: str, reason: str) -> None:
    """A staged version is there for everyone, and the alias points at it."""
    move(call, row, to=PUBLISHED)
    row.published_at, row.cause = call.now, ""
    call.record("features.version_published", subject=row.id, details={"digest": row.digest, "rows": row.rows})
    move_alias(call, row, by=by, reason=reason)


def finish_build(call: Call, row: FeatureVersionRow) -> None:
    """A version that was just built is staged, and published when that was asked for and every check passed. Else its
    cause says which did not, or that the view was archived meanwhile."""
    move(call, row, to=STAGED)
    if row.until != PUBLISHED:
        call.record("features.version_staged", subject=row.id, details={"digest": row.digest, "rows": row.rows})
        return
    open_ = [f"{check.name} ({check.verdict})" for check in checks_of(row) if check.verdict != "pass"]
    # People get no other version of what was archived while it was built.
    if gone := put_away(call.session, call.session.get_one(ObjectRow, row.id)):
        open_.append(_("{title} was {state}").format(title=gone.title, state=_(gone.put_away)))
    if not open_:
        return publish(call, row, by=row.created_by, reason=_("Published when it was built."))
    names = ", ".join(open_)
    row.cause = _("Not published. {names}.").format(names=names)
    call.session.add(row)
    call.record("features.version_staged", subject=row.id, details={"digest": row.digest, "open": names})


def refuse_unchecked(row: FeatureVersionRow, *, accept: str) -> bool:
    """Conflict when a check failed, or when one is inconclusive and no reason was given. Returns whether one
    is inconclusive."""
    checks = checks_of(row)
    if failed := [check.name for check in checks if check.verdict == "fail"]:
        raise Conflict(
            _("A check failed: {names}").format(names=", ".join(failed)),
            hint=_("Change the logic or the rule, and make another version."),
        )
    unsure = [f"{check.name} ({check.verdict})" for check in checks if check.verdict != "pass"]
    if unsure and not accept.strip():
        raise Conflict(
            _("A check was inconclusive: {names}").format(names=", ".join(unsure)),
            hint=_("Say why it may be published all the same."),
        )
    return bool(unsure)


def move_alias(call: Call, row: FeatureVersionRow, *, by: str, reason: str) -> None:
    """The alias of the version's view points at it from now on."""
    periods = alias_periods_of(call, row.view_id)
    if periods and periods[0].version_id == row.id:
        return
    number = periods[0].number + 1 if periods else 1
    call.session.add(alias_row(row, number=number, reason=reason, by=by, at=call.now))
    call.session.flush()


def alias_row(row: FeatureVersionRow, *, number: int, reason: str, by: str, at: datetime) -> AliasRow:
    return AliasRow(view_id=row.view_id, number=number, version_id=row.id, reason=reason, changed_by=by, changed_at=at)


def alias_periods_of(call: Call, view_id: str) -> Sequence[AliasRow]:
    """Where the alias of a view pointed, the newest period first."""
    periods = select(AliasRow).where(AliasRow.view_id == view_id)
    return call.session.exec(periods.order_by(col(AliasRow.number).desc())).all()


def before(periods: Sequence[AliasRow]) -> tuple[str, ...]:
    """The versions that were live before the present one first was, the last of them first. So a second step back goes
    further back, and not forth again."""
    live = periods[0].version_id if periods else ""
    first = max((place for place, period in enumerate(periods) if period.version_id == live), default=0)
    return tuple(dict.fromkeys(period.version_id for period in periods[first + 1 :]))


def checks_of(row: FeatureVersionRow) -> tuple[Check, ...]:
    return tuple(Check.model_validate(check) for check in row.checks)
