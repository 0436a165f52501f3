"""What a promotion changes in production, part by part, as a table that is read closely."""

from app.ui import links
from app.ui.tables import reading
from core.foundation.text import N_, _
from core.promotion.values import Change, Request, RequestState
from core.tasks.metrics import in_words
from core.tasks.task import all_metrics

CODE = (N_("Model"), N_("Artifact"))
OVER = (RequestState.APPLIED, RequestState.ROLLED_BACK)


def changes_table(request: Request) -> None:
    over = request.state in OVER
    reading(
        {
            _("Part"): [links.escape(change.part) for change in request.changes],
            _("Before") if over else _("Now"): [_plain(change, change.now) for change in request.changes],
            _("After") if over else _("After approval"): [_after(change) for change in request.changes],
        }
    )


def _plain(change: Change, value: str) -> str:
    if value == "–":
        return ":gray[–]"
    return links.code(value) if change.part in [_(part) for part in CODE] else links.escape(value)


def _after(change: Change) -> str:
    """A difference follows its value, in green or red by better and worse; one that may be none stays gray."""
    value, dot, delta = change.after.partition(" · ")
    if not dot or not delta.startswith(("+", "−")):
        return _plain(change, change.after)
    if not any(digit in delta for digit in "123456789"):
        same = _("same")
        return f"**{links.escape(value)}** :gray[{same}]"
    low, _word, high = delta.partition("(")[2].rstrip(")").partition(" to ")
    if low[:1] != high[:1]:
        within = _("{delta}, within chance").format(delta=delta.partition(" (")[0])
        return f"**{links.escape(value)}** :gray[{links.escape(within)}]"
    tone = "green" if (low[:1] == "+") is is_more_better(change.part) else "red"
    return f"**{links.escape(value)}** :{tone}[{links.escape(delta)}]"


def is_more_better(part: str) -> bool:
    """By the metric that the part ends with, of several the one with the longest name; where it is none, less is."""
    named = [metric for metric in all_metrics().values() if part.endswith(in_words(metric))]
    return bool(named) and max(named, key=lambda metric: len(in_words(metric))).better == "up"
