"""How much is tried of what could go on for hours: a part whenever the tests run, far more by `scripts/long walks`."""

import os

LONG = "CAUSEWAY_TESTS_LONG"


def tries(usual: int, *, long: int) -> int:
    """The number to try now."""
    return long if os.environ.get(LONG) else usual
