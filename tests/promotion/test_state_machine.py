"""Any order of opening, deciding, measuring, forgetting, applying and rolling back: what is refused is what a small
model refuses, and an endpoint serves only what was approved as it was at the moment of the switch."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.foundation.errors import Conflict, NotAllowed
from core.identity.permissions import Role
from core.portal import build_portal
from core.registry.values import ModelVersion
from tests.effort import tries
from tests.installed import copy_home, opened, prepared, settings_in
from tests.promotion.stage import PROJECT, SYSTEM, Stage

OPEN = ("in review", "approved", "stale", "expired")
WHO, WHICH = st.sampled_from(("approver", "other_approver")), st.integers(0, 2)


@dataclass
class Approval:
    person: str
    revision: int
    world: tuple[int, str]
    fresh: bool = True


@dataclass
class ModelRequest:
    """A request as the model knows it. `stored` is the state that was last written, `late` are those who got their role
    only after it was opened."""

    id: str
    version: str
    stored: str = "in review"
    revision: int = 1
    approvals: list[Approval] = field(default_factory=list)
    step: int = -1
    released: int = 0
    late: set[str] = field(default_factory=set)


class SharedPortal:
    """One portal for all runs, with versions that are measured against each other; each run has its own endpoint."""

    def __init__(self, home: Path) -> None:
        settings = settings_in(home)
        copy_home(settings, with_people=True)
        self.foundation = opened(settings)
        self.stage = Stage(build_portal(settings, foundation=self.foundation), prepared().people)
        self.versions = [self.stage.measured() for _number in range(3)]
        self.runs = 0
        for version in self.versions:
            self._compare(version)

    def _compare(self, version: ModelVersion) -> None:
        for baseline in self.versions:
            if baseline != version:
                by = self.stage.people.other_engineer
                self.stage.portal.registry.measure_quality(by, version_id=version.id, baseline_id=baseline.id)

    def open_endpoint(self) -> None:
        self.runs += 1
        self.stage.endpoint_id = self.stage.portal.endpoints.create_endpoint(
            self.stage.people.sre, project=PROJECT, name=f"endpoint-{self.runs}", environment="production"
        ).id


class Promotions(RuleBasedStateMachine):
    shared: SharedPortal

    def __init__(self) -> None:
        super().__init__()
        self.shared.open_endpoint()
        self.stage = self.shared.stage
        self.requests: list[ModelRequest] = []
        self.measured = [0, 0, 0]
        self.has_role = {"approver": True, "other_approver": True}
        self.serves: dict[str, int] = {}
        self.production = ""
        self.releases = 0

    def teardown(self) -> None:
        for who, has_role in self.has_role.items():
            if not has_role:
                self._grant(who)

    # What the model says.

    def world(self, request: ModelRequest) -> tuple[int, str]:
        return self.measured[self._number(request.version)], self.production

    def counting(self, request: ModelRequest) -> list[Approval]:
        now = (request.revision, self.world(request))
        return [
            approval
            for approval in request.approvals
            if approval.fresh
            and (approval.revision, approval.world) == now
            and self.may_decide(approval.person, request)
        ]

    def may_decide(self, who: str, request: ModelRequest) -> bool:
        return self.has_role[who] and who not in request.late

    def state(self, request: ModelRequest) -> str:
        if request.stored not in ("in review", "approved"):
            return request.stored
        if self.counting(request):
            return "approved"
        last = {
            approval.person: approval for approval in request.approvals if approval.revision == request.revision
        }.values()
        if request.stored == "in review" or not last:
            return "in review"
        if any(approval.world != self.world(request) for approval in last):
            return "stale"
        return "in review" if all(approval.fresh for approval in last) else "expired"

    def rollout(self) -> ModelRequest | None:
        return next((request for request in self.requests if request.stored == "applying"), None)

    # What people and things do.

    @rule(number=WHICH)
    def open(self, number: int) -> None:
        version = self.shared.versions[number]
        is_open = any(
            request.version == version.id
            and request.stored in ("in review", "approved", "changes requested", "applying")
            for request in self.requests
        )
        opened = self._try(not is_open and self.serves != {version.id: 100}, lambda: self.stage.open(version))
        if opened is not None:
            self.requests.append(ModelRequest(opened.id, version.id))

    @precondition(lambda self: self.requests)
    @rule(who=WHO, pick=st.integers(0, 9))
    def approve(self, who: str, pick: int) -> None:
        request = self._pick(pick)
        expected = self.may_decide(who, request) and self.state(request) in ("in review", "stale", "expired")
        if self._try(expected, lambda: self.stage.approve(request.id, by=getattr(self.stage.people, who))) is not None:
            request.approvals.append(Approval(who, request.revision, self.world(request)))
            request.stored = "approved"

    @precondition(lambda self: self.requests)
    @rule(who=WHO, pick=st.integers(0, 9), final=st.booleans())
    def turn_down(self, who: str, pick: int, final: bool) -> None:
        request, decisions = self._pick(pick), self.stage.portal.decisions
        act, state = (decisions.reject, "rejected") if final else (decisions.request_changes, "changes requested")
        expected = self.may_decide(who, request) and self.state(request) in OPEN
        by = getattr(self.stage.people, who)
        if self._try(expected, lambda: act(by, request_id=request.id, reason="Not like this")) is not None:
            request.stored = state

    @precondition(lambda self: self.requests)
    @rule(pick=st.integers(0, 9))
    def revise(self, pick: int) -> None:
        request, by = self._pick(pick), self.stage.people.engineer
        plan = self.stage.read(request.id).plan
        expected = self.state(request) in (*OPEN, "changes requested", "rejected")
        # A rejected request does not hold its place: another may have been opened since.
        if self._try(expected, lambda: self.stage.portal.requests.revise_request(by, request_id=request.id, plan=plan)):
            request.stored, request.revision = "in review", request.revision + 1

    @rule(number=WHICH)
    def measure(self, number: int) -> None:
        self.stage.load_test(self.shared.versions[number])
        self.measured[number] += 1

    @precondition(lambda self: self.requests)
    @rule(pick=st.integers(0, 9))
    def expire(self, pick: int) -> None:
        request = self._pick(pick)
        self.stage.expire(request.id)
        for approval in request.approvals:
            approval.fresh = False

    @rule(who=WHO)
    def change_role(self, who: str) -> None:
        if not self.has_role[who]:
            self._grant(who)
            return
        person = getattr(self.stage.people, who).person_id
        self.stage.portal.identity.revoke_role(SYSTEM, person_id=person, role=Role.APPROVER)
        self.has_role[who] = False

    @precondition(lambda self: self.requests)
    @rule(pick=st.integers(0, 9))
    def apply(self, pick: int) -> None:
        request = self._pick(pick)
        expected = self.state(request) == "approved" and self.rollout() is None
        if self._try(expected, lambda: self.stage.apply(request.id)) is not None:
            request.stored, request.step = "applying", 0
            before = {self.production: 90} if self.production else {}
            self.serves = {**before, request.version: 10}

    @precondition(lambda self: self.rollout())
    @rule()
    def advance(self) -> None:
        request = self.rollout()
        assert request is not None
        self.stage.settle()
        self.stage.tick()
        self.stage.hold_out(request.id)
        self.stage.tick()
        request.step += 1
        self.serves = {request.version: 100}
        if request.step == 2:
            self.releases += 1
            request.stored, request.released, self.production = "applied", self.releases, request.version

    @precondition(lambda self: self.rollout())
    @rule(by_gateway=st.booleans())
    def abort(self, by_gateway: bool) -> None:
        request = self.rollout()
        assert request is not None
        if by_gateway:
            self.stage.settle(cause="no memory")
            self.stage.tick()
        else:
            self.stage.portal.rollouts.abort_rollout(self.stage.people.sre, request_id=request.id, reason="Complaints")
        request.stored = "rolled back"
        self.serves = {self.production: 100} if self.production else {}

    @precondition(lambda self: self.rollout() is None)
    @rule(number=WHICH)
    def release(self, number: int) -> None:
        """The whole way at once, so that short runs come far."""
        before = len(self.requests)
        self.open(number)
        if len(self.requests) == before:
            return
        self.approve("approver", before)
        self.apply(before)
        while self.rollout() is not None:
            self.advance()

    @rule(number=WHICH)
    def roll_back(self, number: int) -> None:
        version = self.shared.versions[number].id
        target = max(
            (request for request in self.requests if request.released and request.version == version),
            key=_age,
            default=None,
        )
        expected = target is not None and self.serves != {version: 100}
        if self._try(expected, lambda: self._roll_back_to(version)) is None:
            return
        assert target is not None
        self._leave(target)
        self.serves, self.production = {version: 100}, version

    # What always holds.

    @invariant()
    def the_states_are_those_of_the_model(self) -> None:
        for request in self.requests:
            assert self.stage.read(request.id).state == self.state(request)

    @invariant()
    def the_endpoint_serves_what_was_approved_and_nothing_else(self) -> None:
        endpoint = self.stage.endpoint
        assert {route.version_id: route.weight for route in endpoint.routes} == self.serves
        for route in endpoint.routes:
            request = self.stage.read(route.promotion_id)
            seen = [decision.digests.artifact for decision in request.decisions if decision.decision == "approve"]
            assert route.digest in seen
            assert request.version_id == route.version_id

    def _leave(self, target: ModelRequest) -> None:
        rollout = self.rollout()
        main = max(self.serves, key=lambda version_id: self.serves[version_id], default="")
        current = max(
            (request for request in self.requests if request.stored == "applied" and request.version == main),
            key=_age,
            default=None,
        )
        if rollout is not None:
            rollout.stored = "rolled back"
            current = None if rollout.version == main else current
        if current is not None and current.released > target.released:
            current.stored = "rolled back"
        target.stored = "applied"

    def _roll_back_to(self, version: str) -> Any:
        return self.stage.portal.rollouts.rollback(
            self.stage.people.sre, endpoint_id=self.stage.endpoint_id, version_id=version, reason="It is worse"
        )

    def _grant(self, who: str) -> None:
        person = getattr(self.stage.people, who).person_id
        self.stage.portal.identity.grant_role(SYSTEM, person_id=person, role=Role.APPROVER)
        self.has_role[who] = True
        for request in self.requests:
            request.late.add(who)

    def _number(self, version_id: str) -> int:
        return [version.id for version in self.shared.versions].index(version_id)

    def _pick(self, pick: int) -> ModelRequest:
        return self.requests[pick % len(self.requests)]

    def _try(self, expected: bool, act: Any) -> Any:
        """The answer, or None where the model and the portal both refuse."""
        if expected:
            return act()
        with pytest.raises((Conflict, NotAllowed)):
            act()
        return None


def _age(request: ModelRequest) -> int:
    return request.released


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedPortal]:
    opened = SharedPortal(tmp_path / "home")
    yield opened
    opened.foundation.database.close()


def test_no_order_of_events_lets_unapproved_bytes_serve(shared: SharedPortal) -> None:
    machine = type("PromotionsHere", (Promotions,), {"shared": shared})
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=tries(5, long=100),
            stateful_step_count=14,
            deadline=None,
            database=None,
            suppress_health_check=checks,
        ),
    )
