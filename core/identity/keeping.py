"""What becomes of things that nobody uses any more: they are archived, brought back, and deleted, each in the same way
whatever they are. An archived one is out of lists and choices, and nothing new is made of it; its history stays. A
deleted one does not come back. Nothing that is live, or that something live rests on, is either."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from sqlmodel import Session, col, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.naming.texts import Reason
from core.foundation.naming.titles import GIVEN_AWAY
from core.foundation.objects import PARTS, LinkRow, ObjectRow, Thing, put_away_among, thing_of, walk
from core.foundation.ports import LiveUses
from core.foundation.text import N_, _
from core.identity.permissions import Permission

# What was made of a thing and is still there to be used, by its state.
IN_USE: Mapping[Kind, tuple[str, ...]] = {
    Kind.FEATURE_VERSION: ("draft", "building", "staged", "published", "deprecated"),
    Kind.TRAINING_SET: ("building", "needs_review", "ready"),
    Kind.MODEL_VERSION: ("active",),
}
# So many of what hangs on a thing are named.
MOST_NAMED = 5
# What else has to be done, or stands in the way, when a thing of some kind goes.
Emptying = Callable[[Call, str, str], None]
Asking = Callable[[Session, str], Sequence[ObjectRow]]


class KeepingService(Service):
    domain = "objects"

    def __init__(
        self,
        foundation: Foundation,
        *,
        tables: Mapping[Kind, Any],
        live_uses: LiveUses,
        asking: Asking,
        emptying: Mapping[Kind, Emptying],
    ) -> None:
        """`tables` are those of the kinds that can be put away; `asking` are the open requests on an endpoint, or
        for what rests on another thing."""
        super().__init__(foundation)
        self._tables, self._live_uses, self._asking, self._emptying = tables, live_uses, asking, emptying

    @action(permission=Permission.ARCHIVE, says=N_("archived"))
    def archive(self, call: Call, *, object_id: str) -> Thing:
        """Archive a dataset, feature view, training set, model or endpoint: it is out of lists and choices until it
        is brought back. Its history and evidence stay. Refused while something live rests on it."""
        row = self._about(call, object_id)
        if row.put_away:
            raise Conflict(_("{title} is {state} already").format(title=row.title, state=_(row.put_away)))
        self._refuse(call, row, self._live(call, row), words=_("{title} ({id}) cannot be archived"))
        return _put(call, row, "archived")

    @action(permission=Permission.ARCHIVE, says=N_("brought back"))
    def bring_back(self, call: Call, *, object_id: str) -> Thing:
        """Bring back what was archived, as it was."""
        row = self._about(call, object_id)
        if row.put_away == "deleted":
            raise Conflict(
                _("{title} was deleted: what is deleted does not come back").format(title=row.title),
                hint=_("Make a new one."),
            )
        if not row.put_away:
            raise Conflict(_("{title} is not archived").format(title=row.title))
        return _put(call, row, "")

    @action(permission=Permission.ARCHIVE, says=N_("deleted"))
    def delete(self, call: Call, *, object_id: str, reason: Reason) -> Thing:
        """Delete a dataset, feature view, training set, model or endpoint for good; of a dataset the rows, too. Refused
        while something that is in use hangs on it. What was recorded of it stays, and so does its place in lineage.

        Its name can be given again only where nothing was ever made of it: evidence and the log say names, and one of
        them must not mean two things."""
        row = self._about(call, object_id)
        if row.put_away == "deleted":
            raise Conflict(_("{title} is {state} already").format(title=row.title, state=_("deleted")))
        holds = [*self._live(call, row), *_followers(call, row)]
        self._refuse(call, row, holds, words=_("{title} ({id}) cannot be deleted"))
        if empty := self._emptying.get(Kind(row.kind)):
            empty(call, row.id, reason)
        is_free = not _was_used(call, row.id)
        if is_free:
            self._free_name(call, row)
        call.note(reason=reason, name_is_free=is_free)
        return _put(call, row, "deleted")

    def _about(self, call: Call, object_id: str) -> ObjectRow:
        row = call.may_reach(object_id, even_put_away=True)
        call.about(object_id)
        if Kind(row.kind) not in self._tables:
            raise Invalid(
                _("{id} cannot be archived or deleted").format(id=object_id),
                hint=_("Datasets, feature views, training sets, models and endpoints can."),
                field="object_id",
            )
        return row

    def _live(self, call: Call, row: ObjectRow) -> Iterator[str]:
        """What serves, would again, or is asked for, and rests on it; of an endpoint, what it serves and who asks for
        more."""
        is_endpoint = row.kind == Kind.ENDPOINT
        for pin in self._live_uses.of(call.session, row.id):
            names = {"endpoint": f"{pin.endpoint} ({pin.endpoint_id})", "version": f"{pin.version} ({pin.version_id})"}
            if pin.role == "serves":
                yield _("{endpoint} serves {version}").format(**names)
            elif not is_endpoint:
                yield _("{endpoint} would go back to {version}").format(**names)
        for request in self._asking(call.session, row.id):
            yield _("{title} ({id}) is {state}").format(title=request.title, id=request.id, state=request.state)

    def _refuse(self, call: Call, row: ObjectRow, holds: Iterator[str] | Sequence[str], *, words: str) -> None:
        """Conflict that names what hangs on a thing."""
        named = list(dict.fromkeys(holds))
        if not named:
            return
        more = _("; and {n} more").format(n=len(named) - MOST_NAMED) if len(named) > MOST_NAMED else ""
        rests_elsewhere = row.kind != Kind.ENDPOINT and self._live_uses.of(call.session, row.id)
        # What an endpoint would go back to is not taken out of use by clearing it.
        hint = _("Take it out of use there first, or clear and archive the endpoint.") if rests_elsewhere else ""
        raise Conflict(
            _("{words}: {holds}").format(
                words=words.format(title=row.title, id=row.id), holds="; ".join(named[:MOST_NAMED]) + more
            ),
            hint=hint or _("Take it out of use there first."),
        )

    def _free_name(self, call: Call, row: ObjectRow) -> None:
        entry = call.session.get_one(self._tables[Kind(row.kind)], row.id)
        # No name has such a letter.
        entry.name, row.name = f"{entry.name}{GIVEN_AWAY}{row.id}", ""
        call.session.add_all([entry, row])


def _put(call: Call, row: ObjectRow, where: Literal["", "archived", "deleted"]) -> Thing:
    row.put_away = where
    call.update(row.id)
    return thing_of(row)


def _followers(call: Call, row: ObjectRow) -> Iterator[str]:
    """What was made of a thing and is in use, but for its own parts and for the parts of what was put away."""
    edges = walk(call.session, row.id, upstream=False)
    own = {edge.target for edge in edges if edge.source == row.id and edge.relation in PARTS}
    ids = {edge.target for edge in edges} - own
    rows = call.session.exec(select(ObjectRow).where(col(ObjectRow.id).in_(ids)).order_by(ObjectRow.id)).all()
    gone = put_away_among(call.session, ids)
    for other in rows:
        is_in_use = other.state in IN_USE.get(Kind(other.kind), ())
        if is_in_use and other.id not in gone:
            yield _("{title} ({id}) was made of it").format(title=other.title, id=other.id)


def _was_used(call: Call, object_id: str) -> bool:
    """Whether the chain knows of anything that came of it, or served through it."""
    either = (col(LinkRow.source) == object_id) | (col(LinkRow.target) == object_id)
    return call.session.exec(select(LinkRow.source).where(either).limit(1)).first() is not None
