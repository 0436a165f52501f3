"""From an approval to traffic, and back. Whatever switches traffic checks its right to do so in the very transaction in
which it switches: there is no moment between the check and the switch (RELIABILITY section 0, item 5)."""

from collections.abc import Sequence
from typing import Literal

from sqlmodel import col, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, NotAllowed, PortalError
from core.foundation.naming.texts import Reason
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.promotion.approvals.facts import UNDER_WAY, active_rollout, admission
from core.promotion.requests.request_book import RequestBook, expect
from core.promotion.rollouts.pace import Pace, next_move
from core.promotion.tables import PromotionRow, RolloutRow
from core.promotion.values import Plan, Request, RequestState
from core.registry.service import RegistryService
from core.registry.values import ModelVersion
from core.serving.routing import ReadBytes, refuse_damaged
from core.serving.service import EndpointService
from core.serving.values import Endpoint, Route

CHAMPION = "champion"
APPROVED = frozenset({RequestState.APPROVED})
APPLYING = frozenset({RequestState.APPLYING})


class RolloutService(Service):
    domain = "promotion"

    def __init__(
        self, foundation: Foundation, *, book: RequestBook, registry: RegistryService, serving: EndpointService
    ) -> None:
        super().__init__(foundation)
        self._book = book
        self._registry = registry
        self._serving = serving

    def _bytes_of_request(self, call: Call, *, request_id: str) -> dict[str, ReadBytes]:
        """Those of the version and of the rollback target that was named, by their ids."""
        row = self._book.row(call, request_id)
        named = (version_id for version_id in (row.version_id, row.rollback_to) if version_id)
        return {version_id: self._serving.bytes_of(call, version_id=version_id) for version_id in named}

    @action(permission=Permission.DEPLOY, prepare=_bytes_of_request, says=N_("applied"))
    def apply(self, call: Call, *, request_id: str) -> Request:
        """Begin the rollout of an approved request. Gates, approvals and digests are checked again here."""
        row = self._book.row(call, request_id)
        call.about(row.id)
        facts = self._book.assessments.facts(call, row)
        assessment = self._book.assessments.live(call, row, facts)
        expect(assessment, states=APPROVED, doing=_("Applying"))
        if (other := active_rollout(call, row.endpoint_id)) is not None:
            raise Conflict(
                _("{id} is being rolled out on this endpoint").format(id=other.promotion_id),
                hint=_("Wait until it has ended, or abort it."),
            )
        for version_id, known in call.prepared.items():
            refuse_damaged(self._registry.version(call, version_id), known)
        self._book.freeze(call, row, assessment)
        row.admitted = facts.version.digest
        self._serving.allow(call, row.endpoint_id, digest=row.admitted, promotion_id=row.id)
        if facts.rollback is not None:
            row.admitted_rollback = facts.rollback.digest
            self._serving.allow(call, row.endpoint_id, digest=row.admitted_rollback, promotion_id=row.id)
        self._begin(call, row, facts.endpoint)
        self._book.set_state(call, row, RequestState.APPLYING)
        return self._book.request(call, row)

    def _bytes_before(self, call: Call, *, request_id: str, **_others: object) -> dict[str, ReadBytes]:
        """Those of what a rollout would return to and no model server has loaded any more, by their ids."""
        row = self._book.row(call, request_id)
        rollout = call.session.get(RolloutRow, row.id)
        version_ids = _unloaded(rollout, self._serving.endpoint(call, row.endpoint_id)) if rollout else ()
        return {version_id: self._serving.bytes_of(call, version_id=version_id) for version_id in version_ids}

    @action(permission=Permission.ROLLOUT_ABORT, prepare=_bytes_before, says=N_("stopped the rollout of"))
    def abort_rollout(self, call: Call, *, request_id: str, reason: Reason) -> Request:
        """Stop a rollout and return to what served before."""
        row = self._book.row(call, request_id)
        call.about(row.id)
        expect(self._book.assessment(call, row), states=APPLYING, doing=_("Aborting"))
        self._abort(call, row, cause=reason)
        return self._book.request(call, row)

    def _bytes_of_version(self, call: Call, *, version_id: str, **_others: object) -> ReadBytes:
        return self._serving.bytes_of(call, version_id=version_id)

    @action(permission=Permission.ROLLBACK, prepare=_bytes_of_version, says=N_("rolled back"))
    def rollback(self, call: Call, *, endpoint_id: str, version_id: str, reason: Reason) -> Endpoint:
        """Return to a version that was approved for this endpoint before, at once and without a new approval; forward
        again in the same way. Bytes that were never approved here, or are damaged by now, are refused."""
        call.may_reach(version_id)
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        version = self._registry.version(call, version_id)
        admitted = admission(call, endpoint_id, version)
        if admitted is None:
            raise NotAllowed(
                _("{id} was never approved for this endpoint").format(id=version_id),
                hint=_("Open a request for promotion."),
            )
        refuse_damaged(version, call.prepared)
        endpoint = self._serving.endpoint(call, endpoint_id)
        if [route.version_id for route in endpoint.routes if route.weight] == [version_id]:
            raise Conflict(_("{endpoint} serves this version already").format(endpoint=endpoint.title))
        self._leave(call, endpoint, version, admitted, why=reason)
        self._serving.allow(call, endpoint_id, digest=version.digest, promotion_id=admitted.id)
        routes = (_route(version, 100, admitted.id),)
        switched = self._serving.route(call, endpoint_id, routes, reason=reason, promotion_id=admitted.id)
        self._registry.set_alias(call, model_id=version.model_id, version=version.version, alias=CHAMPION)
        call.note(version=version_id, digest=version.digest, reason=reason, admitted_by=admitted.id)
        return switched

    @action(permission=Permission.ROLLBACK, says=N_("took every version out of"))
    def serve_nothing(self, call: Call, *, endpoint_id: str, reason: Reason) -> Endpoint:
        """Take whatever an endpoint serves out of production, at once and without an approval. Callers are told since
        when it serves nothing, by whose word and why. Rolling back to a version that served brings it back."""
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        endpoint = self._serving.endpoint(call, endpoint_id)
        current = self._end_rollout(call, endpoint, why=reason)
        if current is not None:
            self._book.set_state(call, current, RequestState.ROLLED_BACK, why=reason)
        for route in endpoint.routes:
            self._leave_champion(call, endpoint, self._registry.version(call, route.version_id))
        return self._serving.close(call, endpoint_id, reason=reason)

    @action(permission=Permission.SYSTEM, reads=True)
    def due_rollouts(self, call: Call) -> tuple[str, ...]:
        """The requests whose rollout has something to do now."""
        call.unscoped()
        rows = call.session.exec(select(RolloutRow).where(col(RolloutRow.state).in_(UNDER_WAY)))
        return tuple(row.promotion_id for row in rows.all() if self._pace(call, row).move != "wait")

    @action(permission=Permission.SYSTEM, prepare=_bytes_before)
    def advance_rollout(self, call: Call, *, request_id: str) -> Literal["wait", "hold", "step", "finish", "abort"]:
        """Take a rollout one move further: note that a step has settled, go to the next, finish, or go back. One that
        has ended since it was due stays as it ended."""
        row = self._book.row(call, request_id)
        call.about(row.id)
        rollout = call.session.get_one(RolloutRow, request_id)
        pace = self._pace(call, rollout) if rollout.state in UNDER_WAY else Pace("wait")
        call.note(move=pace.move, step=rollout.step + 1)
        if pace.move == "hold":
            rollout.state, rollout.settled_at = "holding", call.now
            call.session.add(rollout)
        elif pace.move == "step":
            self._switch(call, row, rollout, step=rollout.step + 1)
        elif pace.move == "finish":
            self._finish(call, row, rollout)
        elif pace.move == "abort":
            self._abort(call, row, cause=pace.cause)
        return pace.move

    @action(permission=Permission.SYSTEM, prepare=_bytes_before, says=N_("stopped the rollout of"))
    def stop_rollout(self, call: Call, *, request_id: str, cause: str) -> None:
        """Go back because the next move was refused."""
        row = self._book.row(call, request_id)
        call.about(row.id)
        expect(self._book.assessment(call, row), states=APPLYING, doing=_("Stopping"))
        self._abort(call, row, cause=cause)

    def _pace(self, call: Call, rollout: RolloutRow) -> Pace:
        row = call.session.get_one(PromotionRow, rollout.promotion_id)
        endpoint = self._serving.endpoint(call, rollout.endpoint_id)
        return next_move(rollout, endpoint=endpoint, plan=Plan.model_validate(row.plan), now=call.now)

    def _begin(self, call: Call, row: PromotionRow, endpoint: Endpoint) -> None:
        rollout = RolloutRow(
            promotion_id=row.id,
            endpoint_id=endpoint.id,
            step=0,
            state="moving",
            generation=0,
            before=[route.model_dump(mode="json") for route in endpoint.routes],
            cause="",
            switched_at=call.now,
        )
        self._switch(call, row, rollout, step=0)

    def _switch(self, call: Call, row: PromotionRow, rollout: RolloutRow, *, step: int) -> None:
        """Gives the new version the step's share. Where nothing served before, there is nothing to share with: that
        share of callers is answered, and the others are told that it is opening."""
        plan = Plan.model_validate(row.plan)
        weight = plan.steps[step].weight
        version = self._registry.version(call, row.version_id)
        if version.digest != row.admitted:
            raise Conflict(_("The bytes of {id} are not those that were approved").format(id=version.id))
        before = _before(rollout)
        routes = _shared(_route(version, weight, row.id), before)
        reason = _("{id}: step {step} of {steps}, {weight} %").format(
            id=row.id, step=step + 1, steps=len(plan.steps), weight=weight
        )
        endpoint = self._serving.route(call, rollout.endpoint_id, routes, reason=reason, promotion_id=row.id)
        rollout.step, rollout.state, rollout.generation = step, "moving", endpoint.generation
        rollout.switched_at, rollout.settled_at = call.now, None
        call.session.add(rollout)

    def _finish(self, call: Call, row: PromotionRow, rollout: RolloutRow) -> None:
        rollout.state = "done"
        row.applied_at = call.now
        call.session.add_all([rollout, row])
        version = self._registry.version(call, row.version_id)
        self._registry.set_alias(call, model_id=version.model_id, version=version.version, alias=CHAMPION)
        self._book.set_state(call, row, RequestState.APPLIED)
        call.link(row.id, row.endpoint_id, "released to")

    def _abort(self, call: Call, row: PromotionRow, *, cause: str) -> None:
        """Returns to the routes from before, unless someone else has switched since."""
        rollout = call.session.get_one(RolloutRow, row.id)
        endpoint = self._serving.endpoint(call, row.endpoint_id)
        if endpoint.generation == rollout.generation:
            cause += self._return(call, row, rollout, endpoint, cause=cause)
        rollout.state, rollout.cause = "aborted", cause
        call.session.add(rollout)
        self._book.set_state(call, row, RequestState.ROLLED_BACK, why=cause)

    def _return(self, call: Call, row: PromotionRow, rollout: RolloutRow, endpoint: Endpoint, *, cause: str) -> str:
        """Routes back, or says why it cannot: a damaged rollback target must not keep the rollout going."""
        reason = _("{id} was aborted: {cause}").format(id=row.id, cause=cause)
        try:
            for version_id in _unloaded(rollout, endpoint):
                known = call.prepared.get(version_id) or self._serving.bytes_of(call, version_id=version_id)
                refuse_damaged(self._registry.version(call, version_id), known)
            self._serving.route(call, row.endpoint_id, _before(rollout), reason=reason, promotion_id=row.id)
        except PortalError as error:
            return _("; what serves now stays, because the rollback target cannot serve: {why}").format(
                why=error.message
            )
        return ""

    def _leave(
        self, call: Call, endpoint: Endpoint, version: ModelVersion, admitted: PromotionRow, *, why: str
    ) -> None:
        """A rollout under way ends. The request whose version is left for an older one is rolled back; the one that is
        returned to is applied again."""
        current = self._end_rollout(call, endpoint, why=why)
        is_own = admitted.admitted == version.digest
        if current is not None and (not is_own or _is_newer(current, admitted)):
            self._book.set_state(call, current, RequestState.ROLLED_BACK, why=why)
        if is_own and admitted.state == RequestState.ROLLED_BACK:
            self._book.set_state(call, admitted, RequestState.APPLIED)

    def _leave_champion(self, call: Call, endpoint: Endpoint, version: ModelVersion) -> None:
        """The version that an endpoint serves no longer is the champion of its model no longer, unless another one
        serves it; where another one serves a version of the model, that is."""
        others = self._serving.in_production(call, project=endpoint.project, model=version.model, but=endpoint.id)
        heir = max(
            others, key=lambda route: (route.version_id == version.id, route.weight, route.version), default=None
        )
        number = version.version if heir is None else heir.version
        model_id, points = version.model_id, heir is not None
        self._registry.set_alias(call, model_id=model_id, version=number, alias=CHAMPION, points=points)

    def _end_rollout(self, call: Call, endpoint: Endpoint, *, why: str) -> PromotionRow | None:
        """A rollout under way ends; returns the applied request that serves."""
        if (rollout := active_rollout(call, endpoint.id)) is not None:
            rollout.state, rollout.cause = "aborted", why
            call.session.add(rollout)
            request = call.session.get_one(PromotionRow, rollout.promotion_id)
            self._book.set_state(call, request, RequestState.ROLLED_BACK, why=why)
        return _current(call, endpoint)


def _current(call: Call, endpoint: Endpoint) -> PromotionRow | None:
    """The applied request whose version takes most of the traffic."""
    main = max(endpoint.routes, key=lambda route: route.weight, default=None)
    row = call.session.get(PromotionRow, main.promotion_id) if main else None
    return row if row is not None and row.state == RequestState.APPLIED else None


def _is_newer(current: PromotionRow, other: PromotionRow) -> bool:
    return bool(current.applied_at and other.applied_at and current.applied_at > other.applied_at)


def _unloaded(rollout: RolloutRow, endpoint: Endpoint) -> tuple[str, ...]:
    """The versions that served before a rollout and get no traffic now."""
    loaded = {route.version_id for route in endpoint.routes}
    return tuple(route.version_id for route in _before(rollout) if route.version_id not in loaded)


def _before(rollout: RolloutRow) -> tuple[Route, ...]:
    return tuple(Route.model_validate(route) for route in rollout.before)


def _route(version: ModelVersion, weight: int, promotion_id: str) -> Route:
    return Route(
        version_id=version.id,
        model=version.model,
        version=version.version,
        digest=version.digest,
        weight=weight,
        promotion_id=promotion_id,
    )


def _shared(new: Route, before: Sequence[Route]) -> tuple[Route, ...]:
    """The new version's share, and the rest for what served before; for nobody where nothing did."""
    main = max(before, key=lambda route: route.weight, default=None)
    if main is None or new.weight == 100:
        return (new,)
    return (main.model_copy(update={"weight": 100 - new.weight}), new)
