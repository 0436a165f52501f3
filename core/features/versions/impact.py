"""What a change of a feature view would touch: all that followed from any of its versions, and whether it is live."""

from collections.abc import Iterator, Sequence

from sqlmodel import col, select

from core.features.values import Consumer, Impact
from core.foundation.actions.call import Call
from core.foundation.ids import Kind, kind_of
from core.foundation.objects import ObjectRow, walk
from core.foundation.ports import LiveUses, Pin

KINDS = (Kind.TRAINING_SET, Kind.MATERIALIZATION, Kind.RUN, Kind.SWEEP, Kind.MODEL_VERSION, Kind.ENDPOINT)
MOST = 500


def impact_of(call: Call, view_id: str, *, versions: Sequence[str], live_uses: LiveUses) -> Impact:
    """The consumers of the versions, newest version first and in the order of the chain, at most 500 of them."""
    consumers: list[Consumer] = []
    live: list[str] = []
    reached = live_uses.reached(call.session)
    for version_id in versions:
        pinned = live_uses.of(call.session, version_id) if version_id in reached else ()
        live += [version_id] if pinned else []
        consumers += _consumers(call, version_id, pinned, reached)
        if len(consumers) > MOST:
            break
    return Impact(view_id=view_id, consumers=tuple(consumers[:MOST]), live=tuple(live), is_cut=len(consumers) > MOST)


def _consumers(call: Call, version_id: str, pinned: Sequence[Pin], reached: frozenset[str]) -> Iterator[Consumer]:
    """What followed from the version. An endpoint is among it while it holds on to what came of the version, and no
    longer; what is live is never cut."""
    edges = walk(call.session, version_id, upstream=False, most=MOST)
    followed = {edge.target: edge.relation for edge in edges if kind_of(edge.target) is not Kind.ENDPOINT}
    endpoints = {pin.endpoint_id: pin.role for pin in pinned}
    relations = {pin.version_id: pin.role for pin in pinned} | followed | endpoints
    wanted = [object_id for object_id in relations if kind_of(object_id) in KINDS]
    rows = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(wanted)))
    for row in sorted(rows, key=lambda row: (KINDS.index(Kind(row.kind)), row.created_at)):
        yield Consumer(
            object_id=row.id,
            kind=row.kind,
            title=row.title,
            state=row.state,
            owner=row.owner,
            relation=relations[row.id],
            version_id=version_id,
            is_live=row.id in endpoints or row.id in reached,
        )
