"""How a feature version computes its values, and how that differs from another version of its view."""

from difflib import unified_diff

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers
from core.features.values import FeatureVersion, FeatureView
from core.foundation.text import _

MOST = 50


def logic_of(view: FeatureView, shown: FeatureVersion) -> None:
    """SQL and pandas side by side, what its times mean, its sources, and the difference to another version."""
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        _code(shown)
        _difference(view, shown)
    with right:
        frame.facts(_terms(shown) | {_("Digest"): links.code(shown.digest[:16])})
        for name, snapshot in shown.sources.items():
            links.link(snapshot, f"{name}: {snapshot}", icon=links.icon_of(snapshot))


def _code(shown: FeatureVersion) -> None:
    forms = [(text, language) for text, language in ((shown.sql, "sql"), (shown.python, "python")) if text]
    for place, (text, language) in zip(st.columns(len(forms) or 1), forms, strict=False):
        place.code(text, language=language)


def _terms(version: FeatureVersion) -> dict[str, str]:
    return {
        _("Event time"): links.code(version.event_time),
        _("Written at"): links.code(version.created_time) if version.created_time else _("the event time"),
        _("Time to live"): numbers.duration(version.ttl_seconds) if version.ttl_seconds else _("unlimited"),
        _("Arrival delay"): numbers.duration(version.delay_seconds) if version.delay_seconds else _("none"),
        _("Lookback"): numbers.duration(version.lookback_seconds) if version.lookback_seconds else _("all rows"),
    }


def _difference(view: FeatureView, shown: FeatureVersion) -> None:
    listed = portal().feature_versions.list_versions(actor(), view_id=view.id, limit=MOST).items
    others = {item.version: item for item in listed if item.id != shown.id}
    if not others:
        return
    chosen = st.selectbox(
        _("Difference to"),
        [None, *others],
        format_func=lambda number: f"v{number}" if number else _("nothing"),
        key="difference_to",
    )
    if chosen:
        before, after = text_of(others[chosen]), text_of(shown)
        lines = list(unified_diff(before, after, f"v{chosen}", f"v{shown.version}", lineterm=""))
        st.code("\n".join(lines) or _("Logic, sources, times and rules are the same."), language="diff")


def text_of(version: FeatureVersion) -> list[str]:
    """All that decides a version's values, a line each."""
    terms = [f"{label}: {value}" for label, value in _terms(version).items()]
    sources = [f"{name}: {snapshot}" for name, snapshot in sorted(version.sources.items())]
    tests = version.tests
    rules = [rule.model_dump_json(exclude_defaults=True) for rule in tests.rules]
    fresh = numbers.duration(tests.fresh_seconds) if tests.fresh_seconds else _("any age")
    rules += [
        _("One row per key and event time: {answer}").format(answer=_("yes") if tests.unique_rows else _("no")),
        _("Newest row behind its sources by at most: {time}").format(time=fresh),
    ]
    kinds = [f"{label}: {', '.join(names)}" for label, names in _kinds(version) if names]
    return [*version.sql.splitlines(), *version.python.splitlines(), *terms, *sources, *kinds, *rules]


def _kinds(version: FeatureVersion) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ((_("Categories"), version.categories), (_("Numbers"), version.numbers))
