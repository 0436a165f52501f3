"""From rows to the values that others see."""

from core.promotion.approvals.digests import policy_digest
from core.promotion.tables import PolicyRow
from core.promotion.values import Policy


def policy_of(row: PolicyRow) -> Policy:
    """The digest is computed from what is stored, so that an edited row shows."""
    stored = row.model_dump(exclude={"reason", "created_at"})
    policy = Policy.model_validate({**stored, "digest": ""})
    return policy.model_copy(update={"digest": policy_digest(policy)})
