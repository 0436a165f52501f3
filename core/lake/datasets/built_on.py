"""What is made of snapshots and still in use: it keeps a snapshot, and wants the columns that it reads in the next."""

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.ids import Kind
from core.foundation.objects import LinkRow, ObjectRow

IN_USE = ("building", "staged", "published", "deprecated")


def versions_built_on(call: Call, snapshots: ColumnElement[bool], *, limit: int = 1) -> list[ObjectRow]:
    """The feature versions in use built on snapshots, the newest first. `snapshots` is a condition on links."""
    built = select(ObjectRow).join(LinkRow, col(LinkRow.target) == ObjectRow.id)
    in_use = (snapshots, ObjectRow.kind == Kind.FEATURE_VERSION, col(ObjectRow.state).in_(IN_USE))
    newest = built.where(*in_use).order_by(col(ObjectRow.created_at).desc()).distinct()
    return list(call.session.exec(newest.limit(limit)).all())
