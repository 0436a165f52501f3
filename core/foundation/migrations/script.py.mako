"""${message}."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.foundation.columns import JSON_DOCUMENT, UtcDateTime

revision: str = ${repr(up_revision)}
down_revision: str | None = ${repr(down_revision)}
branch_labels: Any = ${repr(branch_labels)}
depends_on: Any = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
