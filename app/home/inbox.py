"""What waits for the visitor: the inbox of the home page, and its count in the sidebar."""

from datetime import datetime, timedelta

from app.session import actor, may, portal
from app.ui import frame, links, numbers
from core.compute.values import JobState
from core.foundation.text import _
from core.foundation.values import Value
from core.identity.permissions import Permission
from core.loadtests.values import LoadTestState, LoadTestView
from core.promotion.values import Request, RequestState
from core.training.values import Run

RECENT = timedelta(days=2)
MOST = 50


class Need(Value):
    """Something that waits for the visitor: what it is, why (Markdown), and the word on its button."""

    object_id: str
    title: str
    why: str
    state: str
    label: str
    since: datetime
    action: str


def waiting() -> tuple[Need, ...]:
    """All that needs the visitor: decisions first, then tests to confirm, then failures of their own."""
    requests = [_request(found) for found in portal().requests.what_needs_me(actor())]
    return (*requests, *_tests(), *_failures())


def _request(found: Request) -> Need:
    passed = sum(gate.verdict == "pass" for gate in found.gates)
    counts = _("{passed} of {n} gates passed · {given} of {needed} approvals").format(
        passed=passed, n=len(found.gates), given=found.approvals_given, needed=found.approvals_needed
    )
    by = _("Requested by {name}").format(name=links.escape(found.requester or frame.name_of(found.requested_by)))
    is_mine = found.requested_by == actor().person_id
    approved = found.state is RequestState.APPROVED
    return Need(
        object_id=found.id,
        title=found.title,
        why=links.escape(found.blocking[0]) if is_mine and found.blocking else f"{by} · {counts}",
        state=found.state,
        label=_("Ready to apply") if approved else _("Needs review") if not is_mine else _("Blocked"),
        since=found.created_at,
        action=_("Apply") if approved else _("Open") if is_mine else _("Review"),
    )


def _tests() -> list[Need]:
    """Load tests of production that a second person has to confirm."""
    if not may(Permission.LOADTEST_PRODUCTION):
        return []
    found = portal().loadtests.list_tests(actor(), limit=MOST).items
    me = actor().person_id
    return [_test(one) for one in found if one.state == LoadTestState.WAITING and one.requested_by != me]


def _test(found: LoadTestView) -> Need:
    why = _("{name} asks for {rate} requests a second on {endpoint}").format(
        name=frame.name_of(found.requested_by), rate=numbers.figure(found.plan.rate), endpoint=found.endpoint
    )
    return Need(
        object_id=found.id,
        title=_("Load test of production {id}").format(id=found.id),
        why=links.escape(why),
        state="waiting",
        label=_("Waits for a second person"),
        since=found.created_at,
        action=_("Open"),
    )


def _failures() -> list[Need]:
    """The visitor's own runs that failed lately."""
    me, since = actor().person_id, frame.now() - RECENT
    runs = portal().training.list_runs(actor(), state=JobState.FAILED, limit=MOST).items
    return [_failure(run) for run in runs if run.requested_by == me and not run.sweep_id and run.created_at > since]


def _failure(run: Run) -> Need:
    return Need(
        object_id=run.id,
        title=run.title,
        why=links.escape(run.cause or _("It ended without a word.")),
        state=run.state,
        label="",
        since=run.ended_at or run.created_at,
        action=_("See why"),
    )
