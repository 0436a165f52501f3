"""Append-only, hash-chained, signed outside the database: what happened and who did it."""

from core.audit.journal import AuditJournal
from core.audit.service import AuditEvent, AuditReport, AuditService

__all__ = ["AuditEvent", "AuditJournal", "AuditReport", "AuditService"]
