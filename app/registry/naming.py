"""Versions of models in words and colors: what each is called, where it serves, and the color it keeps on every chart
of a page."""

from collections.abc import Iterable, Sequence

from app.session import actor, portal
from app.ui import charts, numbers
from app.ui.cells import Cell
from app.ui.tasks import quality_cell
from app.ui.wording import counted
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.values import ModelVersion, judging
from core.serving.values import Endpoint
from core.tasks.task import task_of
from core.tasks.values import Interval

MOST = 200
PRODUCTION, STAGING, ARCHIVED, REGISTERED = "production", "staging", "archived", "registered"


class Place(Value):
    """An endpoint that sends a share of its traffic to a version."""

    endpoint: Endpoint
    weight: int

    @property
    def words(self) -> str:
        """ "100 % of churn-risk"."""
        return _("{share}\u202f% of {name}").format(share=self.weight, name=self.endpoint.title)


Places = dict[str, tuple[Place, ...]]


def endpoints() -> tuple[Endpoint, ...]:
    """The endpoints that the visitor sees."""
    return portal().endpoints.list_endpoints(actor(), limit=MOST).items


def places() -> Places:
    """Where each version serves now, by version id, production first."""
    return places_on(endpoints())


def places_on(endpoints: Sequence[Endpoint]) -> Places:
    """The same of endpoints that were read already."""
    by_version: dict[str, list[Place]] = {}
    for endpoint in sorted(endpoints, key=lambda endpoint: endpoint.environment != PRODUCTION):
        for route in endpoint.routes:
            by_version.setdefault(route.version_id, []).append(Place(endpoint=endpoint, weight=route.weight))
    return {version_id: tuple(version_places) for version_id, version_places in by_version.items()}


def stage_of(version: ModelVersion, known: Places) -> str:
    """One word: where it serves, else whether it is put away."""
    serving = known.get(version.id, ())
    if serving:
        return serving[0].endpoint.environment
    return ARCHIVED if version.state == "archived" else REGISTERED


def title_of(version: ModelVersion) -> str:
    return version.title


def labels_of(versions: Iterable[ModelVersion]) -> dict[str, str]:
    """ "v2" by id; with the model's name where there are several models."""
    known = list(versions)
    single = len({version.model_id for version in known}) == 1
    return {version.id: f"v{version.version}" if single else title_of(version) for version in known}


def colors_of(versions: Iterable[ModelVersion]) -> dict[str, int]:
    """The position of each version's color by id: by its own number, so that it stays whatever else is chosen."""
    positions: dict[str, int] = {}
    for version in sorted(versions, key=lambda version: version.created_at):
        wanted = (int(version.id.partition("-")[2]) - 1) % len(charts.LIGHT)
        while wanted in positions.values() and len(positions) < len(charts.LIGHT):
            wanted = (wanted + 1) % len(charts.LIGHT)
        positions[version.id] = wanted
    return positions


def figure_of(version: ModelVersion, metric: str) -> Interval | None:
    """A figure on the rows that training never saw."""
    evaluation = judging(version.evaluations)
    return evaluation.metrics.get(metric) if evaluation else None


def quality_of(version: ModelVersion | None) -> Cell:
    """The first figure of its task on those rows, with its name."""
    evaluation = judging(version.evaluations) if version else None
    if version is None or evaluation is None:
        return quality_cell(None, {})
    return quality_cell(task_of(version.signature.target), evaluation.metrics)


def baseline_for(version: ModelVersion, known: Places) -> ModelVersion | None:
    """What to compare a version with: another one in production, else the one registered before it, else the next."""
    others = [other for other in siblings(version) if other.id != version.id]
    serving = [other for other in others if stage_of(other, known) == PRODUCTION]
    before = [other for other in others if other.version < version.version]
    candidates = serving or before or others
    return candidates[0] if candidates else None


def siblings(version: ModelVersion) -> Sequence[ModelVersion]:
    """All versions of its model, the newest first."""
    return portal().registry.list_versions(actor(), model_id=version.model_id, limit=MOST).items


def registered_line(version: ModelVersion) -> str:
    """What the version is made of, as plain text."""
    origin = version.run_id or _("an upload")
    return _("from {run}, {size} ONNX").format(run=origin, size=numbers.size(version.bytes))


def serving_line(known: Places) -> str:
    """How many versions are in production."""
    serving = sum(1 for version_places in known.values() if version_places[0].endpoint.environment == PRODUCTION)
    return _("{versions} in production").format(versions=counted(serving, _("version"), _("versions")))
