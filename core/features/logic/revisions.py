"""What a draft says, as a short text that changes with it: so that of two people who edit one draft the second does not
save over what the first has written without knowing."""

from sqlmodel import col, select

from core.audit.tables import AuditRow
from core.features.logic.definition import Logic
from core.features.tables import FeatureVersionRow
from core.foundation.actions.call import Call
from core.foundation.digests import digest_of
from core.foundation.errors import Conflict
from core.foundation.objects import ObjectRow
from core.foundation.text import _

SAVES = ("features.create_version", "features.edit_draft", "features.describe_version")
COVERED = {*Logic.model_fields, "description", "tags"}


def revision_of(row: FeatureVersionRow) -> str:
    """The SHA-256 of all that may be edited of a draft."""
    return digest_of(row.model_dump(include=COVERED))


def refuse_outdated(call: Call, row: FeatureVersionRow, *, expected: str) -> None:
    """Conflict when somebody has saved a draft since it was `expected`; it says who and when."""
    if not expected or expected == revision_of(row):
        return
    saved = select(AuditRow).where(
        AuditRow.subject == row.id, AuditRow.outcome == "ok", col(AuditRow.action).in_(SAVES)
    )
    last = call.session.exec(saved.order_by(col(AuditRow.seq).desc()).limit(1)).first()
    person = call.session.get(ObjectRow, last.actor if last else row.created_by)
    when = last.time if last else row.created_at
    raise Conflict(
        _("{who} saved this draft at {time} UTC, after you began").format(
            who=person.title if person else row.created_by, time=f"{when:%Y-%m-%d %H:%M:%S}"
        ),
        hint=_(
            "Nothing was saved. See what differs, then save over it on purpose (by its newest revision) or drop yours."
        ),
    )
