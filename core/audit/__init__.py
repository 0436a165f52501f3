"""The audit log: what happened and who did it, append-only, hash-chained and signed outside the database. Anyone can
verify an export of it without the portal."""
