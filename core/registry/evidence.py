"""Evidence as a document that is written once. Its digest covers what was measured, on which bytes, and the verdict,
and is checked whenever it is read: figures that someone edited afterwards are refused, not shown."""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.foundation.digests import canonical, digest_bytes
from core.foundation.errors import Invalid, NotFound, Unavailable
from core.foundation.ids import Kind
from core.foundation.plugins import Plugin
from core.foundation.text import _
from core.registry.tables import EvidenceRow, VersionRow
from core.registry.values import Evidence, NewEvidence


def write_evidence(call: Call, new: NewEvidence, *, kinds: Mapping[str, Plugin]) -> Evidence:
    """Writes evidence about a model version in the caller's transaction. Raises Invalid when a figure is NaN, when it
    is of no kind there is, or when it was measured on other bytes than the version's."""
    if new.kind not in kinds:
        raise Invalid(
            _("There is no kind of evidence called {name}").format(name=repr(new.kind)),
            hint=_("Choose one of: {names}.").format(names=", ".join(kinds)),
            field="kind",
        )
    version = call.session.get(VersionRow, new.subject)
    if version is None:
        raise Invalid(_("{id} is no model version").format(id=repr(new.subject[:40])), field="subject")
    measured_on = {"version": version.digest, "model": version.model_digest, **new.measured_on}
    if (measured_on["version"], measured_on["model"]) != (version.digest, version.model_digest):
        raise Invalid(_("This was measured on other bytes than those of {id}").format(id=version.id), field="subject")
    kind_title = _(kinds[new.kind].title)
    title = f"{kind_title}: {version.entry.title}"
    evidence_id = call.create(
        Kind.EVIDENCE, project=version.project, title=title, state=new.verdict.value, owner=new.created_by
    )
    document = _document(new.model_copy(update={"measured_on": measured_on}))
    row = EvidenceRow(
        id=evidence_id,
        project=version.project,
        kind=new.kind,
        subject=new.subject,
        digest=digest_bytes(document.encode()),
        document=document,
        source=new.source,
        created_by=new.created_by,
        created_at=call.now,
    )
    call.session.add(row)
    call.link(new.subject, evidence_id, "measured by")
    call.record("registry:evidence:written", subject=evidence_id, details={"digest": row.digest})
    return evidence_of(row)


def evidence_of(row: EvidenceRow) -> Evidence:
    """The evidence a row holds. Unavailable when its document is not the one that was digested."""
    if digest_bytes(row.document.encode()) != row.digest:
        raise Unavailable(
            _("Evidence {id} was changed after it was written").format(id=row.id),
            hint=_("Restore the database, or measure again; nothing was read from it."),
        )
    columns = row.model_dump(include={"id", "project", "digest", "source", "created_by", "created_at"})
    return Evidence.model_validate({**json.loads(row.document), **columns})


class Measured(NamedTuple):
    """All evidence of some kinds about an object, kind by kind and each with the newest first, and what is damaged in
    words. Damaged evidence is as good as none, and so is what else there is of its kind."""

    evidence: tuple[Evidence, ...] = ()
    damage: tuple[str, ...] = ()


def evidence_about(call: Call, subjects: Collection[str], kinds: Iterable[str]) -> dict[str, Measured]:
    """What was measured of each of these objects. Asked once, however many there are."""
    names = tuple(kinds)
    rows: dict[str, dict[str, list[EvidenceRow]]] = {subject: {name: [] for name in names} for subject in subjects}
    # No index on kinds is of use: there is little of one object, and very much of each kind.
    is_of_kinds = col(EvidenceRow.kind).concat("").in_(names)
    wanted = select(EvidenceRow).where(col(EvidenceRow.subject).in_(subjects), is_of_kinds)
    newest = wanted.order_by(col(EvidenceRow.created_at).desc(), col(EvidenceRow.id).desc())
    for row in call.session.exec(newest) if rows else ():
        rows[row.subject][row.kind].append(row)
    return {subject: _measured(rows_by_kind.values()) for subject, rows_by_kind in rows.items()}


def _measured(kinds: Iterable[list[EvidenceRow]]) -> Measured:
    evidence: list[Evidence] = []
    damage: list[str] = []
    for rows_of_kind in kinds:
        try:
            evidence += [evidence_of(row) for row in rows_of_kind]
        except Unavailable as error:
            damage.append(error.message)
    return Measured(tuple(evidence), tuple(damage))


def find_evidence(call: Call, evidence_id: str) -> Evidence:
    row = call.session.get(EvidenceRow, evidence_id)
    if row is None:
        raise NotFound(_("There is no evidence called {id}").format(id=repr(evidence_id[:40])))
    return evidence_of(row)


def _document(new: NewEvidence) -> str:
    try:
        digested = new.model_dump(include={"kind", "subject", "verdict", "summary", "measured_on", "content"})
        return canonical({**digested, "verdict": new.verdict.value}).decode()
    except (ValueError, TypeError) as error:
        raise Invalid(
            _("A figure of this evidence is missing or infinite"), hint=_("Measure again."), field="content"
        ) from error
