"""Who may not decide on a request: whoever wrote it, trained what it asks for, measured it, or described it. Computed
from the lineage and the audit log at every reading, never from what a request says of itself."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from sqlmodel import Session, col, select

from core.audit.tables import AuditRow
from core.foundation.ids import Kind
from core.foundation.objects import LinkRow, ObjectRow, walk
from core.foundation.text import N_, _
from core.promotion.tables import PromotionRow
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


def may_not_approve(
    session: Session, row: PromotionRow, *, versions: Sequence[ModelVersion], evidence: Sequence[Evidence]
) -> dict[str, str]:
    """Person id -> why, in words. `versions` are the candidate and a rollback target that the approval would let in
    too, `evidence` is all there is on them."""
    reasons_by_person: dict[str, list[str]] = defaultdict(list)
    reasons = (_authors(row), *(_makers(session, version) for version in versions), _measurers(session, evidence))
    for person_id, why in chain.from_iterable(reasons):
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


def _makers(session: Session, version: ModelVersion) -> Iterator[Reason]:
    """Those who registered the version, trained it, ran the sweep it came from, or edited its card."""
    edges = walk(session, version.id, upstream=True)
    ids = {version.id, version.run_id, *(edge.source for edge in edges)}
    for thing in _things(session, ids, kinds=AUTHORED):
        yield thing.owner, _(AUTHORED[Kind(thing.kind)]).format(id=thing.id)
    yield version.created_by, _(AUTHORED[Kind.MODEL_VERSION]).format(id=version.id)
    edits = select(AuditRow.actor).where(
        AuditRow.subject == version.id, AuditRow.action == CARD_EDITED, AuditRow.outcome == "ok"
    )
    for person_id in session.exec(edits.distinct()):
        yield person_id, _("edited the card of {id}").format(id=version.id)


def _measurers(session: Session, evidence: Sequence[Evidence]) -> Iterator[Reason]:
    """Those who asked for a measurement, by the evidence itself, by the job that took it and by what led to it."""
    ids = {item.id for item in evidence}
    leading = session.exec(select(LinkRow.source).where(col(LinkRow.target).in_(ids))) if ids else ()
    for thing in _things(session, {*ids, *(item.source for item in evidence), *leading}, kinds=MEASURED):
        yield thing.owner, _(MEASURED[Kind(thing.kind)]).format(id=thing.id)
    for item in evidence:
        yield item.created_by, _(MEASURED[Kind.EVIDENCE]).format(id=item.id)


def _things(session: Session, ids: Iterable[str], *, kinds: Iterable[Kind]) -> Iterator[ObjectRow]:
    wanted = select(ObjectRow).where(
        col(ObjectRow.id).in_(set(ids)), col(ObjectRow.kind).in_([kind.value for kind in kinds])
    )
    yield from session.exec(wanted.order_by(ObjectRow.id))
