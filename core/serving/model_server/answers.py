"""What goes back to a caller, refusals among it."""

from typing import NamedTuple

import orjson

from core.foundation.text import _
from core.serving.input_gaps import InputGaps

OK, BROKEN = 200, 503


class Answer(NamedTuple):
    """`compute_ns` is the time the model took, None when it was not asked, and so are the `gaps` of what it was given;
    `waited_ns` is how long the request lay here before its turn came. Where binary tensors follow the JSON of the
    body, that has `head_bytes`. The answers that tell how the server is are no traffic and not `counted`; nor are gaps
    in what measures it."""

    status: int
    body: bytes
    compute_ns: int | None = None
    waited_ns: int = 0
    counted: bool = True
    gaps: InputGaps | None = None
    is_measured: bool = False
    head_bytes: int = 0


def refused(status: int, message: str, *, hint: str = "") -> Answer:
    """A refusal as callers read it."""
    return Answer(status, orjson.dumps({"error": message, "hint": hint}))


def broken() -> Answer:
    """A failure of ours."""
    return refused(BROKEN, _("This request could not be answered"))
