"""The stored things that requests are about, as they are in the caller's transaction: of several requests they are read
at once, so that a page of many asks the database no more often than a page of one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from core.foundation.actions.call import Call
from core.promotion.approvals.provenance import unrecorded
from core.promotion.evidence_kinds.table import kind_names
from core.promotion.rows import policy_of
from core.promotion.tables import PolicyRow, PromotionRow, RolloutRow
from core.promotion.values import Plan, Policy
from core.registry.evidence import Measured
from core.registry.service import RegistryService
from core.registry.tables import VersionRow
from core.registry.values import Evidence, ModelVersion
from core.requirements.values import Criterion
from core.serving.service import EndpointService
from core.serving.tables import EndpointRow
from core.serving.values import Endpoint, Route

UNDER_WAY = ("moving", "holding")


class Target(NamedTuple):
    """What a request would change."""

    version: ModelVersion
    endpoint: Endpoint
    production: ModelVersion | None
    rollback: ModelVersion | None

    @property
    def return_to(self) -> tuple[str, str] | None:
        """The endpoint, and the digest that a rollback would return to where that is not what serves."""
        if self.rollback is None or self.rollback == self.production:
            return None
        return self.endpoint.id, self.rollback.digest


class RequestFacts(NamedTuple):
    """The stored things that a request is about."""

    version: ModelVersion
    endpoint: Endpoint
    production: ModelVersion | None
    rollback: ModelVersion | None
    untried: bool
    evidence: tuple[Evidence, ...]
    rollback_evidence: tuple[Evidence, ...]
    unrecorded: frozenset[str]
    damage: tuple[str, ...]
    policy: Policy
    criteria: tuple[Criterion, ...]
    plan: Plan

    @property
    def versions(self) -> tuple[ModelVersion, ...]:
        """What an approval lets in."""
        return (self.version, self.rollback) if self.rollback and self.untried else (self.version,)


class FactsReader:
    def __init__(self, *, registry: RegistryService, serving: EndpointService) -> None:
        self._registry = registry
        self._serving = serving

    def read(self, call: Call, rows: Sequence[PromotionRow]) -> list[RequestFacts]:
        """Everything that each of the requests is about, in their order."""
        under_way = call.session.exec(_under_way({row.endpoint_id for row in rows}))
        rollouts = {rollout.endpoint_id: rollout for rollout in under_way}
        # Found in the session one by one, for as long as they are held here.
        _held = _read_ahead(call, rows, rollouts=rollouts.values())
        targets = [self._target(call, row, rollouts.get(row.endpoint_id)) for row in rows]
        untried = _untried(call, targets)
        let_in = {target.version.id for target in targets}
        let_in |= {target.rollback.id for target in targets if target.rollback and target.return_to in untried}
        measured = self._registry.evidence_of(call, let_in, kind_names())
        unknown = unrecorded(call.session, [item for known in measured.values() for item in known.evidence])
        return [
            _facts(call, row, target, untried=target.return_to in untried, measured=measured, unknown=unknown)
            for row, target in zip(rows, targets, strict=True)
        ]

    def _target(self, call: Call, row: PromotionRow, rollout: RolloutRow | None) -> Target:
        version = self._registry.version(call, row.version_id)
        endpoint = self._serving.endpoint(call, row.endpoint_id)
        production = self._production(call, endpoint, rollout)
        rollback = self._registry.version(call, row.rollback_to) if row.rollback_to else production
        return Target(version=version, endpoint=endpoint, production=production, rollback=rollback)

    def _production(self, call: Call, endpoint: Endpoint, rollout: RolloutRow | None) -> ModelVersion | None:
        """What serves now; while a rollout is under way, what served before it."""
        routes = [Route.model_validate(route) for route in rollout.before] if rollout else endpoint.routes
        main = max(routes, key=lambda route: route.weight, default=None)
        return self._registry.version(call, main.version_id) if main else None


def _facts(
    call: Call,
    row: PromotionRow,
    target: Target,
    *,
    untried: bool,
    measured: Mapping[str, Measured],
    unknown: frozenset[str],
) -> RequestFacts:
    own = measured[target.version.id]
    others = measured[target.rollback.id] if target.rollback and untried else Measured()
    return RequestFacts(
        version=target.version,
        endpoint=target.endpoint,
        production=target.production,
        rollback=target.rollback,
        untried=untried,
        evidence=own.evidence,
        rollback_evidence=others.evidence,
        unrecorded=unknown.intersection(item.id for item in (*own.evidence, *others.evidence)),
        damage=(*own.damage, *others.damage),
        policy=policy_of(call.session.get_one(PolicyRow, (row.policy_id, row.policy_revision))),
        criteria=tuple(Criterion.model_validate(criterion) for criterion in row.criteria),
        plan=Plan.model_validate(row.plan),
    )


def _read_ahead(call: Call, rows: Sequence[PromotionRow], *, rollouts: Iterable[RolloutRow]) -> tuple[object, ...]:
    endpoints = _rows_of(call, EndpointRow, {row.endpoint_id for row in rows})
    routes = (*(endpoint.routes for endpoint in endpoints), *(rollout.before for rollout in rollouts))
    served = {route["version_id"] for side in routes for route in side}
    named = {version_id for row in rows for version_id in (row.version_id, row.rollback_to)}
    return (
        *endpoints,
        *_rows_of(call, VersionRow, served | named),
    )


def _rows_of(call: Call, table: Any, ids: Collection[str]) -> Sequence[Any]:
    rows: Sequence[Any] = call.session.exec(select(table).where(col(table.id).in_(ids))).all()
    return rows


def _untried(call: Call, targets: Sequence[Target]) -> set[tuple[str, str] | None]:
    """The returns to bytes that were never approved for their endpoint or never served there."""
    returns = {target.return_to for target in targets if target.return_to}
    return set(returns - _admitted(call, returns))


def _admitted(call: Call, returns: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """The bytes that were approved for an endpoint and have served there, as endpoint and digest."""
    if not returns:
        return set()
    endpoints, digests = ({pair[side] for pair in returns} for side in (0, 1))
    columns = select(PromotionRow.endpoint_id, PromotionRow.admitted, PromotionRow.admitted_rollback)
    applied = columns.where(col(PromotionRow.endpoint_id).in_(endpoints), col(PromotionRow.applied_at).is_not(None))
    wanted = applied.where(col(PromotionRow.admitted).in_(digests) | col(PromotionRow.admitted_rollback).in_(digests))
    rows = call.session.exec(wanted.distinct())
    return {(endpoint_id, digest) for endpoint_id, *admitted in rows for digest in admitted}


def active_rollout(call: Call, endpoint_id: str) -> RolloutRow | None:
    """The rollout that is under way on an endpoint; there is at most one."""
    return call.session.exec(_under_way({endpoint_id})).one_or_none()


def _under_way(endpoint_ids: Collection[str]) -> SelectOfScalar[RolloutRow]:
    return select(RolloutRow).where(col(RolloutRow.endpoint_id).in_(endpoint_ids), col(RolloutRow.state).in_(UNDER_WAY))


def admission(call: Call, endpoint_id: str, version: ModelVersion) -> PromotionRow | None:
    """The newest applied request that let these very bytes in, as its version or as its rollback target."""
    digest = version.digest
    wanted = select(PromotionRow).where(
        PromotionRow.endpoint_id == endpoint_id,
        col(PromotionRow.applied_at).is_not(None),
        (col(PromotionRow.admitted) == digest) | (col(PromotionRow.admitted_rollback) == digest),
    )
    own_first = (col(PromotionRow.admitted) == digest).desc()
    return call.session.exec(wanted.order_by(own_first, col(PromotionRow.applied_at).desc())).first()
