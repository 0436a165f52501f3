"""What one can begin from anywhere: a verb, the page on which it is done, and the permission without which it is not
offered."""

from app.session import may
from core.foundation.text import _
from core.foundation.values import Value
from core.identity.permissions import Permission


class Start(Value):
    """`url` is a page of ours; its own button, form or dialog does the work."""

    title: str
    url: str
    permission: Permission


def open_starts() -> tuple[Start, ...]:
    """What the visitor may begin."""
    return tuple(start for start in starts() if may(start.permission))


def starts() -> tuple[Start, ...]:
    """In the order of the chain."""
    entries = (
        (_("Write a requirement"), "edit-requirement", Permission.REQUIREMENT_WRITE),
        (_("Add a dataset"), "datasets", Permission.DATA_WRITE),
        (_("Write a query"), "query", Permission.FEATURE_SQL),
        (_("Define a feature view"), "features", Permission.DATA_WRITE),
        (_("Join a training set"), "new-training-set", Permission.DATA_WRITE),
        (_("Start training"), "start-training", Permission.JOBS_WRITE),
        (_("Start a sweep"), "start-sweep", Permission.JOBS_WRITE),
        (_("Upload a model"), "models", Permission.MODELS_WRITE),
        (_("Compare versions"), "compare", Permission.READ),
        (_("Deploy to an endpoint"), "endpoints", Permission.ENDPOINT_WRITE),
        (_("Start a load test"), "load-tests", Permission.LOADTEST),
        (_("Request a promotion"), "promotions", Permission.PROMOTE_REQUEST),
        (_("Add a person"), "people", Permission.PEOPLE_WRITE),
    )
    return tuple(Start(title=title, url=url, permission=permission) for title, url, permission in entries)
