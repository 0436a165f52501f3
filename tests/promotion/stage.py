"""A stage for whole stories: real versions with real evidence, a production endpoint, and a gateway that confirms
when it is told to. Evidence comes from two people who decide nothing, so that the approvers are free to."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from core.foundation.actors import Actor
from core.loadtests.values import LOAD_TEST
from core.portal import Portal
from core.promotion.rollouts.reconciler import RolloutReconciler
from core.promotion.tables import RolloutRow
from core.promotion.values import Plan, Request, Step
from core.registry.values import Evidence, ModelVersion, NewEvidence
from core.serving.values import PARITY, Endpoint, ServiceLevel
from core.tasks.values import Verdict
from tests.conftest import People
from tests.promotion.values_to_judge import load_report, parity
from tests.registry.onnx_files import calling, holdout_table, register_tiny, tiny_model

SYSTEM = Actor.system("test")
PROJECT = "PROJ-1"
ROWS = 400
TWO_STEPS = Plan(steps=(Step(weight=10, hold_seconds=60), Step(weight=100, hold_seconds=60)))


class Stage:
    """The people and things of a promotion. `engineer` trains and asks, `other_engineer` measures."""

    def __init__(self, portal: Portal, people: People, *, approvals: int = 1) -> None:
        self.portal, self.people = portal, people
        self.policy = self.portal.policies.ensure_policies(SYSTEM)[0]
        if approvals != 1:
            self.demand(approvals)
        self.endpoint_id = portal.endpoints.create_endpoint(
            people.sre, project=PROJECT, name="late-arrival", environment="production", slo=ServiceLevel(p99_ms=50)
        ).id
        self.reconciler = RolloutReconciler(portal.rollouts)
        self._versions = 0
        self._table = holdout_table(rows=ROWS)

    def demand(self, approvals: int) -> None:
        """Another number of approvals, in force at once."""
        self.edit("UPDATE promotion_policies SET approvals = :it", it=f'[{{"role": "approver", "count": {approvals}}}]')

    def edit(self, statement: str, **values: Any) -> None:
        """What someone with access to the database does."""
        with self.portal.foundation.database.write() as session:
            session.connection().execute(text(statement), values)

    def version(self, weight: float = 1.0, **fields: Any) -> ModelVersion:
        """A new version without evidence; versions of the same weight are alike but not the same bytes."""
        self._versions += 1
        model = tiny_model(weight=weight + self._versions * 1e-9)
        return register_tiny(self.portal, self.people.engineer, model=model, table=self._table, **fields)

    def measured(self, weight: float = 1.0, **fields: Any) -> ModelVersion:
        """A new version with all that the gates ask for."""
        version = self.version(weight, **fields)
        self.measure(version)
        return version

    def measure(self, version: ModelVersion) -> None:
        by = self.people.other_engineer
        self.quality(version)
        self.portal.registry.scan_safety(by, version_id=version.id)
        self.parity(version)
        self.load_test(version)

    def quality(self, version: ModelVersion) -> Evidence:
        """Against what is in production, where there is something."""
        routes = self.endpoint.routes
        baseline = routes[0].version_id if routes else ""
        by = self.people.other_engineer
        return self.portal.registry.measure_quality(by, version_id=version.id, baseline_id=baseline)

    def parity(self, version: ModelVersion, mismatches: int = 0) -> Evidence:
        return self.add(version, PARITY, parity(version, mismatches=mismatches).content)

    def load_test(self, version: ModelVersion, **changes: Any) -> Evidence:
        report = load_report(version, **changes).model_dump(mode="json")
        return self.add(version, LOAD_TEST, report)

    def add(self, version: ModelVersion, kind: str, content: dict[str, Any], by: Actor | None = None) -> Evidence:
        """Evidence as the worker writes it when a measurement ends."""
        new = NewEvidence(
            project=version.project,
            kind=kind,
            subject=version.id,
            verdict=Verdict.PASS,
            summary="",
            measured_on={},
            content=content,
            created_by=(by or self.people.other_engineer).person_id,
        )
        with calling(self.portal, SYSTEM) as call:
            return self.portal.registry.add_evidence(call, new)

    @property
    def endpoint(self) -> Endpoint:
        return self.portal.endpoints.get_endpoint(self.people.sre, endpoint_id=self.endpoint_id)

    def serves(self) -> dict[str, int]:
        """Weights by version id, as they are wanted."""
        return {route.version_id: route.weight for route in self.endpoint.routes}

    def open(self, version: ModelVersion, by: Actor | None = None, **changes: Any) -> Request:
        terms = {"version_id": version.id, "endpoint_id": self.endpoint_id, "plan": TWO_STEPS, **changes}
        return self.portal.requests.open_request(by or self.people.engineer, **terms)

    def read(self, request_id: str) -> Request:
        return self.portal.requests.get_request(self.people.viewer, request_id=request_id)

    def approve(self, request_id: str, by: Actor | None = None) -> Request:
        """As it stands now."""
        seen = self.read(request_id).digests.request
        who = by or self.people.approver
        return self.portal.decisions.approve(who, request_id=request_id, digests_seen=seen, reason="Read the evidence")

    def approved(self, version: ModelVersion | None = None, **changes: Any) -> Request:
        return self.approve(self.open(version or self.measured(), **changes).id)

    def apply(self, request_id: str, by: Actor | None = None) -> Request:
        return self.portal.rollouts.apply(by or self.people.sre, request_id=request_id)

    def released(self, version: ModelVersion | None = None) -> Request:
        """Opened, approved, applied and rolled out to the end."""
        request = self.apply(self.approved(version).id)
        self.finish(request.id)
        return self.read(request.id)

    def settle(self, cause: str = "") -> None:
        """The gateway confirms what is wanted, or says why it cannot."""
        endpoint = self.endpoint
        self.portal.endpoints.confirm(
            SYSTEM,
            endpoint_id=endpoint.id,
            generation=endpoint.generation - (1 if cause else 0),
            actual={} if cause else self.serves(),
            servers=(),
            cause=cause,
        )

    def tick(self) -> None:
        self.reconciler.tick(self.portal.foundation.clock.now())

    def hold_out(self, request_id: str) -> None:
        """The time for which a step is held has passed."""
        self._shift(request_id, "settled_at", timedelta(days=-8))

    def finish(self, request_id: str) -> None:
        while self.read(request_id).state == "applying":
            self.settle()
            self.tick()
            self.hold_out(request_id)
            self.tick()

    def expire(self, request_id: str) -> None:
        """Eight days pass for the approvals of a request."""
        self.edit(
            "UPDATE promotion_decisions SET expires_at = :then WHERE promotion_id = :id",
            then="2020-01-01 00:00:00",
            id=request_id,
        )

    def _shift(self, request_id: str, column: str, by: timedelta) -> None:
        with self.portal.foundation.database.write() as session:
            rollout = session.get_one(RolloutRow, request_id)
            if (moment := getattr(rollout, column)) is not None:
                setattr(rollout, column, moment + by)
            session.add(rollout)
