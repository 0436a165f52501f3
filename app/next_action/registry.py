"""What comes next for a model version, and for versions that were compared."""

from collections.abc import Iterable, Sequence

from app.next_action.values import NextAction, Rights, nothing
from core.foundation.text import _
from core.identity.permissions import Permission
from core.promotion.values import Request, RequestState
from core.registry.values import Comparison, MetricRow, ModelVersion
from core.serving.values import Endpoint
from core.tasks.measures.claims import gain
from core.tasks.metrics import Metric, in_words
from core.tasks.task import Task, quality_metrics, task_called

OVER = (RequestState.APPLIED, RequestState.REJECTED, RequestState.CANCELLED, RequestState.ROLLED_BACK)


def version_action(
    version: ModelVersion, *, endpoints: Sequence[Endpoint], request: Request | None, rights: Rights
) -> NextAction:
    """`endpoints` are those that the reader sees, `request` the newest one about the version."""
    if version.state == "archived":
        return nothing(_("It is archived: it can no longer be released."))
    if request is not None and request.state not in OVER:
        sentence = _("{id} asks for its release to {endpoint}.").format(id=request.id, endpoint=request.endpoint)
        label = _("Open {id}").format(id=request.id)
        return NextAction(name="open_request", label=label, icon="approval", sentence=sentence, target=request.id)
    return _release(version, endpoints=endpoints, rights=rights)


def _release(version: ModelVersion, *, endpoints: Sequence[Endpoint], rights: Rights) -> NextAction:
    production = [
        endpoint
        for endpoint in endpoints
        if endpoint.environment == "production" and endpoint.project == version.project
    ]
    serving = next((endpoint for endpoint in production if serves_all(endpoint, version.id)), None)
    if serving is not None:
        return nothing(_("It serves every request of {endpoint}.").format(endpoint=serving.title))
    if not rights.may(Permission.PROMOTE_REQUEST):
        return nothing()
    missing = "" if production else _("Its project has no production endpoint yet: make one on the page of endpoints.")
    return _ask(version, label=_("Request promotion"), missing=missing)


def _ask(version: ModelVersion, *, label: str, sentence: str = "", missing: str = "") -> NextAction:
    return NextAction(
        name="request",
        label=label,
        icon="approval",
        sentence=sentence or _("Its evidence is judged and people decide; nothing changes in production before."),
        missing=missing,
        target=f"promotions?version={version.id}",
    )


def serves_all(endpoint: Endpoint, version_id: str) -> bool:
    return any(route.version_id == version_id and route.weight == 100 for route in endpoint.routes)


def comparison_action(comparison: Comparison, *, endpoints: Sequence[Endpoint], rights: Rights) -> NextAction:
    """Only the version that leads is offered, and only where it surely leads what serves production."""
    leader = _leader(comparison)
    if leader is None and judge_of(task_called(comparison.task)) is None:
        return nothing(_("No metric judges what they answer, so none of them leads."))
    if leader is None:
        return nothing(_("They were not evaluated on the same rows, so none of them leads."))
    action = version_action(leader, endpoints=endpoints, request=None, rights=rights)
    name = _name_of(leader, comparison.versions)
    if action.name != "request":
        lead = _("{name} leads.").format(name=name)
        return nothing(f"{lead} {action.sentence}".strip())
    beaten = _serving(comparison, endpoints=endpoints)
    chance = ""
    if beaten is not None and not _surely_leads(leader, over=beaten, comparison=comparison):
        chance = _("The lead of {name} over {other}, which serves production, may be chance.").format(
            name=name, other=_name_of(beaten, comparison.versions)
        )
    label = _("Request promotion of {name}").format(name=name)
    judge = judge_of(task_called(comparison.task))
    words = _("{name} has the lowest {metric} on the same rows.")
    if judge is not None and judge.better == "up":
        words = _("{name} has the highest {metric} on the same rows.")
    sentence = words.format(name=name, metric=in_words(judge) if judge else "")
    return _ask(leader, label=label, sentence=sentence, missing=chance or action.missing)


def judge_of(task: type[Task]) -> Metric | None:
    """The metric that says most: it decides which version leads. None where nothing judges."""
    return quality_metrics()[task.leading[0]] if task.leading else None


def _judged(comparison: Comparison) -> MetricRow | None:
    judge = judge_of(task_called(comparison.task))
    return next((row for row in comparison.metrics if judge and row.metric == judge.name), None)


def _leader(comparison: Comparison) -> ModelVersion | None:
    """The best version on the common rows."""
    row = _judged(comparison)
    judged = [version for version in comparison.versions if row and version.id in row.values]
    if row is None or not judged:
        return None
    choose = max if row.better == "up" else min
    return choose(judged, key=lambda version: row.values[version.id].value)


def _serving(comparison: Comparison, *, endpoints: Iterable[Endpoint]) -> ModelVersion | None:
    """The compared version that serves production alone."""
    production = [endpoint for endpoint in endpoints if endpoint.environment == "production"]
    return next(
        (
            version
            for version in comparison.versions
            if any(serves_all(endpoint, version.id) for endpoint in production)
        ),
        None,
    )


def _surely_leads(leader: ModelVersion, *, over: ModelVersion, comparison: Comparison) -> bool:
    """By the interval of the paired difference where one of them is the baseline, else by intervals that are apart."""
    row = _judged(comparison)
    assert row is not None  # It is what the leader leads by.
    if over.id == comparison.baseline and leader.id in row.deltas:
        return gain(row.deltas[leader.id], better=row.better).low > 0
    if leader.id == comparison.baseline and over.id in row.deltas:
        return gain(row.deltas[over.id], better=row.better).high < 0
    if over.id not in row.values:
        return False
    ahead, behind = row.values[leader.id], row.values[over.id]
    return ahead.low > behind.high if row.better == "up" else ahead.high < behind.low


def _name_of(version: ModelVersion, versions: Sequence[ModelVersion]) -> str:
    """ "v2", with the model's name where there are several models."""
    is_single = len({item.model_id for item in versions}) == 1
    return f"v{version.version}" if is_single else version.title
