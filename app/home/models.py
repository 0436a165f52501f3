"""The visitor's models at a glance, for those who build them: four figures of the model that matters most now, and
a line for each model."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app.registry.naming import quality_of
from app.session import actor, may, portal
from app.ui import cells, frame, links, numbers
from app.ui.cells import Column, Row
from app.ui.components.assessments import assessments_of
from app.ui.components.rows import rows
from app.ui.evidence import figures_of
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.tasks import shown_metrics
from core.foundation.text import MINUS, _
from core.foundation.values import Value
from core.health.assessment import Reading
from core.identity.permissions import Permission
from core.registry.values import Model, ModelVersion
from core.serving.values import Endpoint
from core.tasks.metrics import Metric
from core.tasks.task import Task, quality_metrics, task_of

MOST = 20
# Figures from here on are read without their third digit after the point.
LARGE = 10
ORDER = {"production": 0, "staging": 1, "registered": 2}


class ModelSummary(Value):
    """A model with its version that counts: the one in production, else in staging, else the newest."""

    model: Model
    version: ModelVersion
    stage: str
    endpoint: Endpoint | None

    @property
    def task(self) -> type[Task]:
        return task_of(self.version.signature.target)

    def metric(self, name: str) -> float | None:
        """A figure of the version's last evaluation."""
        figure = self.version.evaluations[-1].metrics.get(name) if self.version.evaluations else None
        return figure.value if figure else None


def models_overview() -> None:
    """Figures and grid; says where to begin while there is no model."""
    summaries = model_summaries()
    if not summaries:
        frame.section(_("Your models"))
        with frame.empty(
            _("No models yet"), advice=_("A run that has finished registers its version here."), icon="deployed_code"
        ):
            if may(Permission.JOBS_WRITE):
                links.page_link("start-training", _("Start training"), icon=":material/play_circle:")
        return
    first = summaries[0]
    hint = _("{model} v{version}, {stage}").format(
        model=links.escape(first.model.title), version=first.version.version, stage=first.stage
    )
    frame.section(_("Your models"), hint=hint)
    _figures(first)
    _table(summaries)


def model_summaries() -> list[ModelSummary]:
    """Every model with its version that counts, those in production first."""
    models = [model for model in portal().registry.list_models(actor(), limit=MOST).items if model.latest]
    endpoints = portal().endpoints.list_endpoints(actor(), limit=200).items
    summaries = [_summary(model, endpoints) for model in models]
    return sorted(summaries, key=lambda item: (ORDER[item.stage], item.model.name))


def _summary(model: Model, endpoints: Sequence[Endpoint]) -> ModelSummary:
    assert model.latest is not None  # Models without a version are left out.
    serving = [endpoint for endpoint in endpoints if _heaviest(endpoint, model.name)]
    if not serving:
        return ModelSummary(model=model, version=model.latest, stage="registered", endpoint=None)
    endpoint = min(serving, key=lambda served: ORDER[served.environment])
    version = portal().registry.get_version(actor(), version_id=_heaviest(endpoint, model.name))
    return ModelSummary(model=model, version=version, stage=endpoint.environment, endpoint=endpoint)


def _heaviest(endpoint: Endpoint, model: str) -> str:
    """The version of a model that an endpoint sends most of its traffic to, "" for none."""
    routes = [route for route in endpoint.routes if route.model == model]
    return max(routes, key=lambda route: route.weight).version_id if routes else ""


def _figures(summary: ModelSummary) -> None:
    versions = portal().registry.list_versions(actor(), model_id=summary.model.id, limit=MOST).items
    history = [version for version in reversed(versions) if version.evaluations]
    figures, measured = figures_of(summary.version.id), _measured(summary)
    first, second, third, fourth = st.columns(4, gap="xsmall")
    with first:
        _quality_at(0, summary, history, measured)
    with second:
        _quality_at(1, summary, history, measured)
    p99, capacity = figures.get("p99_ms"), figures.get("capacity_rps")
    with third:
        promised = p99.value if p99 else None
        _card(_("p99, ms"), promised, measured=measured.get("p99_ms"), digits=1, delta=None, better_up=False)
    with fourth:
        shown = numbers.fixed(capacity.value if capacity else None, 0)
        st.metric(_("Capacity, rps"), shown, border=True, height="stretch")


def _measured(summary: ModelSummary) -> dict[str, Reading]:
    """What was measured of the version where it serves, by metric."""
    if summary.endpoint is None:
        return {}
    return {
        item.metric: item.measured
        for item in assessments_of(summary.version.id)
        if item.endpoint_id == summary.endpoint.id and item.measured
    }


def _quality_at(
    place: int, summary: ModelSummary, history: Sequence[ModelVersion], measured: Mapping[str, Reading]
) -> None:
    """The first or second metric of its task; nothing where there are fewer."""
    for metric in shown_metrics(summary.task, most=2)[place : place + 1]:
        _quality(quality_metrics()[metric], summary, history, measured=measured.get(metric))


def _quality(
    metric: Metric, summary: ModelSummary, history: Sequence[ModelVersion], *, measured: Reading | None
) -> None:
    """A metric as it was measured where the version serves; before that as evaluated, with its change against the
    version before. Its course over the versions stands below."""
    judged = [(version, version.evaluations[-1].metrics) for version in history]
    values = [(version, figures[metric.name].value) for version, figures in judged if metric.name in figures]
    value = summary.metric(metric.name)
    before = [past for version, past in values if version.version < summary.version.version]
    delta = round(value - before[-1], 4) if value is not None and before else None
    course = [past for _version, past in values] if len(values) > 1 else None
    is_up = metric.better == "up"
    digits = 4 if value is None or abs(value) < LARGE else 1
    _card(
        numbers.metric_short(metric.name),
        value,
        measured=measured,
        digits=digits,
        delta=delta,
        better_up=is_up,
        course=course,
    )


def _card(
    label: str,
    promised: float | None,
    *,
    measured: Reading | None,
    digits: int,
    delta: float | None,
    better_up: bool,
    course: list[float] | None = None,
) -> None:
    """A figure. Where it was measured, that is what counts, beside what was promised."""
    value, change = promised, delta if delta is None else numbers.fixed(delta, digits)
    if measured:
        value, change = measured.value, None
        if promised is not None:
            change = _("{difference} to {promised} promised").format(
                difference=numbers.fixed(measured.value - promised, digits), promised=numbers.fixed(promised, digits)
            )
    st.metric(
        label,
        numbers.fixed(value, digits),
        # Streamlit tells a fall from a rise by the sign of a keyboard.
        delta=change.replace(MINUS, "-", 1) if change else change,
        delta_color="normal" if better_up else "inverse",
        border=True,
        chart_data=course,
        height="stretch",
    )


def _table(summaries: Sequence[ModelSummary]) -> None:
    columns = (
        Column(_("Model")),
        Column(_("Version"), width=80),
        Column(_("Stage"), "word", 96),
        health_column(),
        Column(_("Promised"), width=132),
        Column(_("Endpoint"), width=150, priority=2),
    )
    healths = healths_of(summary.model.id for summary in summaries)
    lines = [_row(summary, healths) for summary in summaries]
    rows(columns, lines, key="home_models", label=_("Your models"))


def _row(summary: ModelSummary, healths: Healths) -> Row:
    version, endpoint = summary.version, summary.endpoint
    return Row(
        summary.model.id,
        (
            cells.text(summary.model.title, target=summary.model.id),
            cells.text(f"v{version.version}", target=version.id),
            cells.word(summary.stage),
            health_cell(healths.get(summary.model.id)),
            quality_of(version),
            cells.text(endpoint.title if endpoint else "—", target=endpoint.id if endpoint else ""),
        ),
        target=summary.model.id,
    )
