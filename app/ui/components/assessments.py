"""What was promised of a version, what was measured where it serves, and the limits that both are held against, as a
table. The service judges; here it is only shown."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers, times
from app.ui.numbers import metric_name, metric_value
from app.ui.tables import reading
from app.ui.wording import limit_line
from core.foundation.text import _
from core.health.assessment import Assessment, Reading

JOINER, UNBROKEN = "\u2060", "\u00a0"


def assessments_of(object_id: str) -> tuple[Assessment, ...]:
    """Of an endpoint, a model version or a requirement."""
    return portal().health.assessments(actor(), object_id=object_id)


def promised_against_measured(object_id: str) -> None:
    """A section with one table for each version and endpoint; nothing of what serves nowhere."""
    serving = [assessment for assessment in assessments_of(object_id) if assessment.endpoint_id]
    if not serving:
        return
    frame.section(_("Promised against measured"), hint=_("before it served, and by the newest replay"))
    groups: dict[tuple[str, str], list[Assessment]] = {}
    for assessment in serving:
        groups.setdefault((assessment.version_id, assessment.endpoint_id), []).append(assessment)
    for (version_id, endpoint_id), shown in groups.items():
        if len(groups) > 1:
            other = (endpoint_id, shown[0].endpoint) if object_id == version_id else (version_id, shown[0].title)
            st.markdown(f"[{links.escape(other[1])}]({links.address_of(other[0])})")
        with st.container(key=f"promises_{version_id}_{endpoint_id}"):
            _table(shown)


def _table(shown: Sequence[Assessment]) -> None:
    columns = {
        _("What"): [metric_name(assessment.metric) for assessment in shown],
        _("Limit"): [_limit(assessment) for assessment in shown],
        _("Promised"): [_figure(assessment, assessment.promised) for assessment in shown],
        _("Measured"): [_measured(assessment) for assessment in shown],
        _("Verdict"): [verdict_words(assessment) for assessment in shown],
    }
    reading(columns, alt=_("What was promised and what was measured, with the limits"))
    if bases := _bases(shown):
        st.caption(bases)


def verdict_words(assessment: Assessment) -> str:
    """Kept, missed or no data, as Markdown."""
    word = {"kept": _("kept"), "missed": _("missed"), "no data": _("no data")}[assessment.verdict]
    color, icon = {"kept": ("green", "check"), "missed": ("red", "close"), "no data": ("gray", "remove")}[
        assessment.verdict
    ]
    return f":{color}[:material/{icon}: {word}]"


def _limit(assessment: Assessment) -> str:
    """What the goal asks for; without one, what the endpoint promises its callers. It stays on one line, which is read
    at a glance against the figures beside it."""
    criterion = assessment.goal or assessment.level
    return limit_line(criterion).replace(" ", UNBROKEN) if criterion else ":gray[—]"


def _measured(assessment: Assessment) -> str:
    if assessment.measured is None:
        text = _("no data")
        return f":gray[{text}]"
    if assessment.verdict != "missed":
        return _figure(assessment, assessment.measured)
    return f":red[**{metric_value(assessment.metric, assessment.measured.value)}**]{_interval(assessment.measured)}"


def _figure(assessment: Assessment, reading: Reading | None) -> str:
    return metric_value(assessment.metric, reading.value) + _interval(reading) if reading else ":gray[—]"


def _interval(reading: Reading) -> str:
    """The ends stay in one piece where the cell is narrow."""
    if reading.low is None or reading.high is None:
        return ""
    return f" :gray[{numbers.number(reading.low)}{JOINER}–{JOINER}{numbers.number(reading.high)}]"


def _bases(shown: Sequence[Assessment]) -> str:
    """What was measured by what and how long ago: mostly it is one measurement that all figures are of."""
    metrics: dict[str, list[str]] = {}
    for assessment in shown:
        if assessment.measured is not None:
            metrics.setdefault(_basis(assessment.measured), []).append(metric_name(assessment.metric))
    if len(metrics) == 1:
        return _("Measured by {basis}").format(basis=next(iter(metrics)))
    return " · ".join(
        _("{metrics} by {basis}").format(metrics=", ".join(names), basis=basis) for basis, names in metrics.items()
    )


def _basis(reading: Reading) -> str:
    source = links.escape(reading.source)
    if links.has_page(reading.source):
        source = f"[{source}]({links.address_of(reading.source)})"
    return f"{source}, {times.since(reading.at, now=frame.now())}" if reading.at else source
