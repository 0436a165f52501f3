"""What waits for the visitor: the inbox of the home page, and its count in the sidebar."""

from collections.abc import Collection
from datetime import datetime

from app.next_action.promotion import promotion_action
from app.next_action.serving import is_refused
from app.promotion.decision import blocking_words, undecided
from app.promotion.gates import count_line
from app.session import actor, may, portal, unless_changed
from app.ui import frame, links, numbers, status
from app.ui.health import put_away_state, severity
from app.ui.primary_action import rights
from app.ui.wording import counted
from core.foundation.text import _
from core.foundation.values import Value
from core.health.failures import Failure
from core.health.values import Problem
from core.identity.permissions import Permission
from core.lake.import_values import Import, ImportState
from core.loadtests.values import LoadTestState, LoadTestView
from core.promotion.values import Policy, Request
from core.serving.values import Endpoint

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
    """All that needs the visitor: what cannot be served, decisions, tests and policies to confirm, imports, what is
    wrong with what they own, then failures of their own work."""
    return unless_changed("waiting", _read)


def count_waiting() -> int:
    """How many things need the visitor."""
    return len(waiting())


def _read() -> tuple[Need, ...]:
    requests = [_request(request) for request in portal().requests.what_needs_me(actor())]
    refused = _refused()
    problems = _problems({need.object_id for need in refused})
    return (*refused, *requests, *_tests(), *_policies(), *_imports(), *problems, *_failures())


def _request(request: Request) -> Need:
    """The same decision as on the request's page, so that the two never disagree."""
    action = promotion_action(request, rights=rights(request.project))
    label, word = {
        "approve": (_("Needs your review"), _("Review")),
        "apply": (_("Ready to apply"), _("Apply")),
    }.get(action.name, (_("Blocked"), _("Open")))
    obstacle = _obstacle(request) or action.sentence
    return Need(
        object_id=request.id,
        title=request.title,
        why=_evidence(request) if action.name == "approve" else links.escape(f"{_of(request)} · {obstacle}"),
        state=request.state,
        label=label,
        since=request.created_at,
        action=word,
    )


def _obstacle(request: Request) -> str:
    return blocking_words(request) if request.blocking else ""


def _evidence(request: Request) -> str:
    """The open question in bold, then a dot for each gate with what it comes to."""
    open_gates = undecided(request)
    question = (
        _("**Is it acceptable?** {gates}: undecided.").format(gates=links.escape(", ".join(open_gates)))
        if open_gates
        else _("**Nothing is unresolved.**")
    )
    dots = " ".join(status.icon(gate.verdict) for gate in request.gates)
    approvals = _("{given} of {needed} approvals").format(
        given=request.approvals_given, needed=request.approvals_needed
    )
    name = links.escape(request.requester or frame.name_of(request.requested_by))
    return f"{question}  \n{dots} {count_line(request.gates)} · {name} · {_of(request)} · {approvals}"


def _of(request: Request) -> str:
    """By their ids the request and what it is about: other things may have the same titles."""
    return f"{request.id}, {request.version_id} → {request.endpoint_id}"


def _refused() -> list[Need]:
    """Endpoints that cannot serve what they should, for those who can send them back."""
    if not may(Permission.ROLLBACK):
        return []
    endpoints = portal().endpoints.list_endpoints(actor(), limit=MOST).items
    return [_refusal(endpoint) for endpoint in endpoints if is_refused(endpoint)]


def _refusal(endpoint: Endpoint) -> Need:
    causes = [endpoint.cause, *(server.cause for server in endpoint.servers if server.state == "refused")]
    return Need(
        object_id=endpoint.id,
        title=_("{name} cannot serve what it should").format(name=endpoint.title),
        why=links.escape(next((cause for cause in causes if cause), _("What served before still answers."))),
        state="refused",
        label="",
        since=endpoint.changed_at,
        action=_("Open"),
    )


def _tests() -> list[Need]:
    """Load tests of production that a second person has to confirm."""
    if not may(Permission.LOADTEST_PRODUCTION):
        return []
    tests = portal().loadtests.list_tests(actor(), limit=MOST).items
    me = actor().person_id
    return [_test(test) for test in tests if test.state == LoadTestState.WAITING and me not in test.may_not_confirm]


def _test(test: LoadTestView) -> Need:
    why = _("{name} asks for {rate} requests a second on {endpoint}").format(
        name=frame.name_of(test.requested_by),
        rate=numbers.figure(test.plan.rate),
        endpoint=links.title_of(test.endpoint_id, test.endpoint),
    )
    return Need(
        object_id=test.id,
        title=_("Load test of production {id}").format(id=test.id),
        why=links.escape(why),
        state="waiting",
        label=_("Waits for a second person"),
        since=test.created_at,
        action=_("Open"),
    )


def _policies() -> list[Need]:
    """Policies that a second administrator has to confirm."""
    if not may(Permission.POLICY_WRITE):
        return []
    me = actor().person_id
    policies = portal().policies.list_policies(actor())
    return [_policy(policy) for policy in policies if policy.state == "proposed" and me not in policy.may_not_confirm]


def _policy(policy: Policy) -> Need:
    return Need(
        object_id=policy.id,
        title=_("Policy {name}, revision {n}").format(name=policy.name, n=policy.revision),
        why=_("Proposed by {name}").format(name=links.escape(frame.name_of(policy.proposed_by))),
        state="waiting",
        label=_("Waits for a second person"),
        since=frame.now(),
        action=_("Open"),
    )


def _imports() -> list[Need]:
    """The visitor's own imports that were read and wait for their word."""
    me = actor().person_id
    imports = portal().imports.list_imports(actor(), state=ImportState.READY, limit=MOST).items
    return [_import(item) for item in imports if item.created_by == me and not _is_superseded(item)]


def _is_superseded(item: Import) -> bool:
    """Whether its dataset was put away, or got the rows of a later import."""
    if put_away_state(item.dataset_id):
        return True
    confirmed = portal().imports.list_imports(actor(), dataset_id=item.dataset_id, state=ImportState.CONFIRMED, limit=1)
    return any(later.created_at > item.created_at for later in confirmed.items)


def _import(item: Import) -> Need:
    warnings = len(item.report.warnings) if item.report else 0
    count = counted(warnings, _("thing to look at"), _("things to look at"))
    return Need(
        object_id=item.id,
        title=_("Import into {dataset}").format(dataset=item.dataset_title),
        why=links.escape(f"{item.source.name} · {count}" if warnings else item.source.name),
        state=item.state,
        label=_("Needs confirmation"),
        since=item.created_at,
        action=_("Confirm"),
    )


def _failures() -> list[Need]:
    """The visitor's own work that failed lately and was not made good since."""
    return [_failure(failure) for failure in portal().health.own_failures(actor())]


def _failure(failure: Failure) -> Need:
    cause = failure.cause or _("It failed without a reported cause.")
    return Need(
        object_id=failure.object_id,
        title=failure.title,
        why=links.escape(f"{failure.object_id} · {cause}"),
        state=failure.state,
        label="",
        since=failure.failed_at,
        action=_("See why"),
    )


def _problems(shown: Collection[str]) -> list[Need]:
    """What is wrong with what the visitor owns, the worst first, without what stands above already."""
    problems = sorted(portal().health.own_problems(actor()), key=lambda problem: severity(problem.health))
    return [_problem(problem) for problem in problems if problem.health.object_id not in shown]


def _problem(problem: Problem) -> Need:
    health = problem.health
    return Need(
        object_id=health.object_id,
        title=problem.title,
        why=links.escape(health.reason),
        state=health.state,
        label="",
        since=health.since or frame.now(),
        action=_("Open"),
    )
