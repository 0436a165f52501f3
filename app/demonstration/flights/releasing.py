"""The second half of the walk: from two model versions to one that an approver let into production, and its traffic."""

from dataclasses import dataclass
from functools import partial

from app.demonstration.parts import settled
from app.demonstration.walk import Walk
from core.foundation.actors import Actor
from core.foundation.errors import Conflict
from core.foundation.text import _
from core.identity.permissions import Permission
from core.loadtests.values import LoadTestView, Profile
from core.promotion.values import Plan, Request, RequestState, Step
from core.registry.values import QUALITY, SAFETY
from core.serving.values import PARITY, Environment


@dataclass(frozen=True)
class Load:
    """A load test of the walk: at most `rate` requests per second, for about so many seconds."""

    profile: Profile
    rate: float
    seconds: float


STAGING, PRODUCTION = "late-arrival-staging", "late-arrival"
PARITY_ROWS = 500
PLAN = Plan(steps=(Step(weight=10, hold_seconds=2), Step(weight=100, hold_seconds=2)))
STEADY = Load(Profile.SOAK, rate=100, seconds=12)
SEARCH = Load(Profile.CAPACITY, rate=1600, seconds=40)


def create_endpoints(walk: Walk) -> None:
    """A staging endpoint to measure on, and the production one that callers use."""
    kinds: tuple[tuple[str, str, Environment], ...] = (
        ("staging", STAGING, "staging"),
        ("production", PRODUCTION, "production"),
    )
    for word, name, environment in kinds:
        walk.once(word, partial(_create, walk, name=name, environment=environment))
        walk.say(f"{name} ({environment})", walk.created[word])


def _create(walk: Walk, *, name: str, environment: Environment) -> str:
    description = _("Will this flight arrive more than 15 minutes late?")
    return walk.portal.endpoints.create_endpoint(
        walk.actor("jonas"), project=walk.project, name=name, environment=environment, description=description
    ).id


def measure_first(walk: Walk) -> None:
    _measure(walk, "first version", (STEADY,))


def measure_second(walk: Walk) -> None:
    _measure(walk, "second version", (SEARCH, STEADY))


def _measure(walk: Walk, word: str, loads: tuple[Load, ...]) -> None:
    """What an approver will want to see of a version: parity, load test, safety, quality against production."""
    version_id = walk.created[word]
    walk.portal.endpoints.deploy_to_staging(
        walk.actor("mei"), endpoint_id=walk.created["staging"], version_id=version_id
    )
    settled(walk, "staging")
    job = walk.once(f"parity of the {word}", lambda: _check_parity(walk))
    walk.wait_for_job(walk.actor("mei"), job)
    _say_evidence(walk, version_id, PARITY)
    for load in loads:
        _load_test(walk, word, load)
    walk.portal.registry.scan_safety(walk.actor("mei"), version_id=version_id)
    _say_evidence(walk, version_id, SAFETY)
    baseline = walk.created["first version"] if word != "first version" else ""
    walk.portal.registry.measure_quality(walk.actor("mei"), version_id=version_id, baseline_id=baseline)
    _say_evidence(walk, version_id, QUALITY)


def _check_parity(walk: Walk) -> str:
    measurement = walk.portal.measurement
    return measurement.check_parity(walk.actor("mei"), endpoint_id=walk.created["staging"], rows=PARITY_ROWS).id


def _load_test(walk: Walk, word: str, load: Load) -> None:
    jonas = walk.actor("jonas")
    test_id = walk.once(
        f"{load.profile.value} test of the {word}",
        lambda: (
            walk.portal.loadtests.start_test(
                jonas, endpoint_id=walk.created["staging"], profile=load.profile, rate=load.rate, seconds=load.seconds
            ).id
        ),
    )
    job = walk.wait_for_job(jonas, walk.portal.loadtests.get_test(jonas, test_id=test_id).job_id)
    test = walk.portal.loadtests.get_test(jonas, test_id=job.subject)
    walk.say(_load_test_result(test), test_id)


def _load_test_result(test: LoadTestView) -> str:
    capacity = f", capacity {test.capacity:.0f} requests/s" if test.capacity else ""
    return f"{test.validity}: p99 {test.p99_ms:.1f} ms{capacity}" if test.p99_ms else test.validity


def _say_evidence(walk: Walk, version_id: str, kind: str) -> None:
    evidence = walk.portal.evidence.list_evidence(walk.actor("mei"), subject=version_id, kind=kind, limit=1).items[0]
    walk.say(f"{kind}: {evidence.verdict} - {evidence.summary}", evidence.id)


def promote_first(walk: Walk) -> None:
    _promote(walk, "first version")


def promote_second(walk: Walk) -> None:
    _promote(walk, "second version")


def _promote(walk: Walk, word: str) -> None:
    """The engineer asks, the approver decides, the SRE applies: three people."""
    request_id = walk.once(f"promotion of the {word}", lambda: _open(walk, word))
    request = walk.portal.requests.get_request(walk.actor("sofia"), request_id=request_id)
    for gate in request.gates:
        walk.say(f"{gate.title}: {gate.verdict} - {gate.value}")
    if request.state is RequestState.IN_REVIEW:
        reason = _("Read the evidence: parity exact, load test valid, no worse than what serves now.")
        walk.portal.decisions.approve(
            walk.actor("sofia"), request_id=request_id, digests_seen=request.digests.request, reason=reason
        )
        walk.portal.rollouts.apply(walk.actor("jonas"), request_id=request_id)
    done = _wait_for_request(walk, request_id)
    if done.state is not RequestState.APPLIED:
        raise Conflict(_("The promotion is {state}: {why}").format(state=done.state, why=done.why))
    walk.say(_("approved by Sofia Park, applied by Jonas Weber"), request_id)


def _open(walk: Walk, word: str) -> str:
    return walk.portal.requests.open_request(
        walk.actor("mei"),
        version_id=walk.created[word],
        endpoint_id=walk.created["production"],
        plan=PLAN,
        requirement_id=walk.created["requirement"],
    ).id


def _wait_for_request(walk: Walk, request_id: str) -> Request:
    waiting = (RequestState.APPROVED, RequestState.APPLYING)
    return walk.wait_for(
        _("Rolling out"),
        ask=lambda: walk.portal.requests.get_request(walk.actor("jonas"), request_id=request_id),
        done=lambda request: request.state not in waiting,
        share=lambda request: 0.5 if request.state is RequestState.APPLYING else 0.0,
    )


def roll_back_and_forward(walk: Walk) -> None:
    """Both versions were approved, so neither way needs a new approval."""
    for word, reason in (
        ("first version", _("Drill: back to the version before")),
        ("second version", _("Drill ended")),
    ):
        walk.portal.rollouts.rollback(
            walk.actor("jonas"), endpoint_id=walk.created["production"], version_id=walk.created[word], reason=reason
        )
        endpoint = settled(walk, "production")
        walk.say(f"{endpoint.name} serves v{endpoint.routes[0].version}", endpoint.id)


def replay(walk: Walk) -> None:
    """The last days of December as traffic, sent by a service account as a caller would."""
    caller = _caller(walk)
    replay_id = walk.once("replay", lambda: _start_replay(walk, caller))
    replay = walk.portal.measurement.get_replay(caller, replay_id=replay_id)
    walk.wait_for_job(walk.actor("mei"), replay.job_id)
    replay = walk.portal.measurement.get_replay(caller, replay_id=replay_id)
    metrics = ", ".join(f"{name} {value:.4f}" for name, value in sorted(replay.metrics.items()))
    walk.say(f"{replay.sent:,} requests, {replay.failed} failed; measured: {metrics}", walk.created["production"])


def _start_replay(walk: Walk, caller: Actor) -> str:
    from app.demonstration.flights.features import REPLAY

    return walk.portal.measurement.start_replay(
        caller, endpoint_id=walk.created["production"], start=REPLAY["start"], end=REPLAY["end"]
    ).id


def _caller(walk: Walk) -> Actor:
    """A service account with a token that may call the production endpoint, and nothing else but read."""
    ada = walk.actor("ada")
    account = walk.once(
        "caller",
        lambda: (
            walk.portal.identity.create_service_account(
                ada, handle="departure-desk", name=_("Departure desk"), project=walk.project
            ).id
        ),
    )
    scopes = (Permission.READ, Permission.PREDICT_PRODUCTION)
    minted = walk.portal.identity.mint_service_token(ada, account_id=account, name="replay", scopes=scopes, days=1)
    return walk.portal.sessions.actor_of_token(minted.secret)
