"""What a plan of traffic takes, in the words of its form."""

import pytest

from app.promotion.rollouts import plan_from
from core.foundation.errors import Invalid


def test_how_long_a_step_is_held_is_refused_in_minutes() -> None:
    assert [step.hold_seconds for step in plan_from(((25, 0.5), (100, 1))).steps] == [30, 60]
    with pytest.raises(Invalid, match="Step 2 cannot be held for 0 minutes"):
        plan_from(((25, 5), (100, None)))
    with pytest.raises(Invalid, match="Step 1 cannot be held for 10\u202f081 minutes"):
        plan_from(((100, 7 * 24 * 60 + 1),))
