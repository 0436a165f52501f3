"""Python laid out anew. SQL is laid out by the browser, which knows the dialect of the engine; what can do so for
Python is larger than all of the editor."""

import re
import subprocess
import sys

from core.foundation.errors import Invalid
from core.foundation.text import _

MOST, SECONDS = 20_000, 10.0
FAILED_AT = re.compile(r"(?P<line>\d+):\d+: (?P<what>[^\n]*)")


def formatted_python(text: str) -> str:
    """Raises Invalid, with the line where there is one, for what cannot be read."""
    if len(text) > MOST:
        raise Invalid(_("It is too long to be formatted: at most {most} characters").format(most=MOST), line=1)
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--line-length=100", "-"]
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Invalid(_("It took too long to be formatted"), line=1) from error
    if done.returncode == 0:
        return done.stdout
    failed = FAILED_AT.search(done.stderr)
    what = failed["what"] if failed else _("it cannot be read")
    raise Invalid(_("Python: {what}").format(what=what), line=int(failed["line"]) if failed else 1)
