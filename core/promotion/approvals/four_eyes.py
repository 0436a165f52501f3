"""Who may not decide on a request: whoever wrote it, trained what it asks for, measured it, or described it, by
themselves or by an account of theirs; and whoever may decide only since then or by one of them. Computed from the
lineage and the audit log at every reading, never from what a request says of itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from sqlmodel import Session, col, select

from core.audit.second_person import Eligibility, Matter, eligibilities, with_those_behind
from core.audit.tables import AuditRow
from core.foundation.ids import Kind
from core.foundation.objects import LinkRow, ObjectRow, led_to, walk
from core.foundation.text import N_, _
from core.identity.permissions import ROLES, Permission
from core.promotion.tables import PromotionRow
from core.promotion.values import Policy
from core.registry.values import Evidence, ModelVersion

PEOPLE = (f"{Kind.PERSON.prefix}-", f"{Kind.SERVICE_ACCOUNT.prefix}-")
CARD_EDITED = "registry.edit_card"
AUTHORED = {
    Kind.RUN: N_("trained {id}"),
    Kind.SWEEP: N_("ran the sweep {id}"),
    Kind.MODEL_VERSION: N_("registered {id}"),
}
MEASURED = {
    Kind.EVIDENCE: N_("measured {id}"),
    Kind.JOB: N_("measured with {id}"),
    Kind.LOAD_TEST: N_("load-tested with {id}"),
    Kind.RUN: N_("measured with {id}"),
}
Reason = tuple[str, str]


class Case(NamedTuple):
    """A request with its policy, the versions that its approval would let in, and all the evidence there is on them."""

    row: PromotionRow
    policy: Policy
    versions: Sequence[ModelVersion]
    evidence: Sequence[Evidence]


def eligibility_for(session: Session, cases: Sequence[Case]) -> list[Eligibility]:
    """To each request. The database is asked as often for many requests as for one."""
    authors = with_those_behind(session, _authors_of(session, cases))
    matters = [Matter(case.row.created_at, case.row.project, by_id) for case, by_id in zip(cases, authors, strict=True)]
    demanded = {demand.role for case in cases for demand in case.policy.approvals}
    return eligibilities(session, matters, deciding=ROLES[Permission.PROMOTE_DECIDE], demanded=demanded)


def _authors_of(session: Session, cases: Sequence[Case]) -> list[dict[str, str]]:
    """For each request, who took part in it, with how in words."""
    makers = _Makers(session, {version.id: version for case in cases for version in case.versions})
    measurers = _Measurers(session, [item for case in cases for item in case.evidence])
    return [
        _by_person(
            chain(_authors(case.row), *(makers.of(version) for version in case.versions), measurers.of(case.evidence))
        )
        for case in cases
    ]


def _by_person(reasons: Iterable[Reason]) -> dict[str, str]:
    reasons_by_person: dict[str, list[str]] = defaultdict(list)
    for person_id, why in reasons:
        if why not in reasons_by_person[person_id]:
            reasons_by_person[person_id].append(why)
    return {
        person_id: ", ".join(whys)
        for person_id, whys in sorted(reasons_by_person.items())
        if person_id.startswith(PEOPLE)
    }


def _authors(row: PromotionRow) -> Iterator[Reason]:
    yield row.requested_by, _("requested it")
    for person_id in row.authors:
        if person_id != row.requested_by:
            yield person_id, _("revised the request")


class _Makers:
    """Those who registered versions, trained them, ran the sweeps they came from, or edited their cards."""

    def __init__(self, session: Session, versions: Mapping[str, ModelVersion]) -> None:
        sources: dict[str, list[str]] = defaultdict(list)
        for edge in walk(session, *versions, upstream=True):
            sources[edge.target].append(edge.source)
        self._origins = {id_: led_to(id_, sources) | {version.run_id} for id_, version in versions.items()}
        self._things = _things(session, chain.from_iterable(self._origins.values()), kinds=AUTHORED)
        edits = select(AuditRow.subject, AuditRow.actor).where(
            col(AuditRow.subject).in_(versions), AuditRow.action == CARD_EDITED, AuditRow.outcome == "ok"
        )
        self._edits = session.exec(edits.distinct()).all()

    def of(self, version: ModelVersion) -> Iterator[Reason]:
        origins = self._origins[version.id]
        for thing in self._things:
            if thing.id in origins:
                yield thing.owner, _(AUTHORED[Kind(thing.kind)]).format(id=thing.id)
        yield version.created_by, _(AUTHORED[Kind.MODEL_VERSION]).format(id=version.id)
        for version_id, person_id in self._edits:
            if version_id == version.id:
                yield person_id, _("edited the card of {id}").format(id=version.id)


class _Measurers:
    """Those who asked for measurements, by the evidence itself, by the job that took it and by what led to it."""

    def __init__(self, session: Session, evidence: Sequence[Evidence]) -> None:
        self._origins = {item.id: {item.id, item.source} for item in evidence}
        edges = select(LinkRow.target, LinkRow.source).where(col(LinkRow.target).in_(self._origins))
        for evidence_id, source in session.exec(edges) if evidence else ():
            self._origins[evidence_id].add(source)
        self._things = _things(session, chain.from_iterable(self._origins.values()), kinds=MEASURED)

    def of(self, evidence: Sequence[Evidence]) -> Iterator[Reason]:
        origins = {origin for item in evidence for origin in self._origins[item.id]}
        for thing in self._things:
            if thing.id in origins:
                yield thing.owner, _(MEASURED[Kind(thing.kind)]).format(id=thing.id)
        for item in evidence:
            yield item.created_by, _(MEASURED[Kind.EVIDENCE]).format(id=item.id)


def _things(session: Session, ids: Iterable[str], *, kinds: Iterable[Kind]) -> Sequence[ObjectRow]:
    # No index on kinds is of use: these are few, and all that ever ran is much.
    is_of_kinds = col(ObjectRow.kind).concat("").in_([kind.value for kind in kinds])
    wanted = select(ObjectRow).where(col(ObjectRow.id).in_(set(ids)), is_of_kinds)
    return session.exec(wanted.order_by(ObjectRow.id)).all()
