"""Evidence as people read it: what was measured of versions, by its kind. Only here every kind is known; measurements
write it through the registry."""

from typing import Annotated

from sqlmodel import col

from core.foundation.actions.call import Call
from core.foundation.actions.run import Service, action
from core.foundation.listings import conditions, page_of
from core.foundation.plugins import OneOf
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.promotion.evidence_kinds.table import kind_names
from core.registry.evidence import evidence_of, find_evidence
from core.registry.tables import EvidenceRow
from core.registry.values import Evidence

KindName = Annotated[str, OneOf(kind_names)]


class EvidenceService(Service):
    domain = "registry"

    @action(permission=Permission.READ, reads=True)
    def list_evidence(
        self,
        call: Call,
        *,
        subject: str = "",
        kind: KindName | None = None,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Evidence]:
        """List evidence, the newest first."""
        return page_of(
            call.session,
            EvidenceRow,
            where=conditions(call, EvidenceRow, subject=subject, kind=kind or ""),
            order=(col(EvidenceRow.created_at).desc(),),
            offset=offset,
            limit=limit,
            convert=evidence_of,
        )

    @action(permission=Permission.READ, reads=True)
    def get_evidence(self, call: Call, *, evidence_id: str) -> Evidence:
        """Show one piece of evidence."""
        call.may_reach(evidence_id)
        return find_evidence(call, evidence_id)
