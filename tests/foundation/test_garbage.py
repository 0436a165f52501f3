"""A process looks for garbage seldom while it loads, and as often as Python does once it serves."""

import subprocess
import sys

from core.garbage import AS_USUAL

SERVING = """
import gc, weakref
import core.portal
from core.garbage import loaded

class Session:
    def __init__(self):
        self.itself = self

assert gc.get_threshold()[0] > 10_000
loaded()
assert gc.get_freeze_count() > 100_000
session = Session()
gone = weakref.ref(session)
gc.collect()
del session
held = []
while gone() is not None and len(held) < 200_000:
    held.append([])
print(gc.get_threshold(), gone() is None)
"""


def test_what_lived_long_and_is_given_up_goes_soon_where_a_process_serves() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{AS_USUAL} True"
