"""A parity report of the online store in words, tables and pictures: the verdict first, then why keys differ, which
features, and a few of the keys."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.ui import charts, frame, links, numbers, status, times
from app.ui.tables import reading
from core.features.materialization.values import FeatureParity, FeatureParityReport
from core.foundation.text import N_, _

MOST_EXAMPLES, MOST_VALUES, MOST_FEATURES = 20, 3, 12
CAUSES: dict[str, tuple[str, str]] = {
    "lost from the store": (
        N_("Lost from the store"),
        N_(
            "It was materialized, and the store has none or an older one: the store was emptied or restored. Backfill "
            "everything."
        ),
    ),
    "late row": (
        N_("Late row"),
        N_("It arrived in a time window that was already materialized. The next run adds it."),
    ),
    "withdrawn row": (
        N_("Withdrawn row"),
        N_("It was materialized, and the newest snapshots no longer have it. The next run removes it."),
    ),
    "missing materialization": (
        N_("Not materialized"),
        N_("Newer than all materialized rows, or none were materialized. Run the materialization."),
    ),
    "ttl": (N_("Expired on one side"), N_("The row has outlived its ttl on one side and not on the other.")),
    "default": (N_("Default"), N_("One side filled a value that the other left null.")),
    "type or rounding": (N_("Type or rounding"), N_("The same value, written in another type or cut to fewer digits.")),
    "key": (
        N_("Key"),
        N_("The row is there under a key that is written in another way: as text or number, in other case."),
    ),
    "code version": (N_("Code version"), N_("The store returns values of another version of the view.")),
    "unknown": (N_("Unknown"), N_("No materialization wrote these values: something else has written into the store.")),
}


def verdict_line(check: FeatureParity) -> str:
    """The answer in one sentence, as Markdown."""
    report = check.report
    if report is None or not report.compared:
        not_comparable = _("No key could be compared.")
        return f"{status.inline(check.verdict or check.state)} **{not_comparable}**"
    sentence = _("{share} of the keys match: {n} of {all} differ.").format(
        share=numbers.percent(1 - report.mismatches / report.compared, 2),
        n=numbers.number(report.mismatches),
        all=numbers.number(report.compared),
    )
    return f"{status.inline(check.verdict)} **{sentence}**"


def figures(check: FeatureParity, report: FeatureParityReport) -> None:
    frame.facts(
        {
            _("Keys compared"): _("{n} of {all}").format(
                n=numbers.number(report.compared), all=numbers.number(report.keys)
            ),
            _("Values compared"): numbers.number(report.cells),
            _("At the instant"): times.absolute(report.at),
            _("Answers"): _counts(report.statuses),
            _("Updated since"): numbers.number(report.moved_on),
            _("Report"): links.code(check.digest[:16]),
        }
    )


def causes(report: FeatureParityReport) -> None:
    """Why keys differ, the commonest cause first, with what it means."""
    causes_by_count = sorted(report.causes.items(), key=lambda item: -item[1])
    meanings = [CAUSES.get(cause, (cause.capitalize(), "")) for cause, _count in causes_by_count]
    reading(
        {
            _("Cause"): [_(word) for word, _meaning in meanings],
            _("Keys"): [numbers.number(count) for _cause, count in causes_by_count],
            _("What it means"): [_(meaning) if meaning else "" for _word, meaning in meanings],
        }
    )


def pictures(report: FeatureParityReport) -> None:
    """How many keys each cause concerns, and how many of them differ in each feature."""
    left, right = st.columns(2, gap="medium")
    by_cause = {_(CAUSES.get(cause, (cause, ""))[0]): count for cause, count in report.causes.items()}
    by_feature = dict(list(report.by_feature.items())[:MOST_FEATURES])
    for place, named, key, alt in (
        (left, by_cause, "by_cause", _("Keys that differ by cause")),
        (right, by_feature, "by_feature", _("Keys that differ by feature")),
    ):
        with place:
            st.caption(alt)
            charts.ranking(list(named), list(named.values()), key=f"parity_{key}", x=_("keys"), alt=alt)


def examples(report: FeatureParityReport, *, most: int = MOST_EXAMPLES) -> None:
    """A few of the keys that differ: what each side answers, and why."""
    worst = report.worst[:most]
    reading(
        {
            _("Key"): [links.code(_values(example.key)) for example in worst],
            _("Offline"): [
                links.code(_side(example.offline_status, example.offline, example.online)) for example in worst
            ],
            _("Online"): [
                links.code(_side(example.online_status, example.online, example.offline)) for example in worst
            ],
            _("Cause"): [_(CAUSES[example.cause][0]) for example in worst],
        }
    )


def _counts(counts: Mapping[str, int]) -> str:
    return (
        ", ".join(f"{numbers.number(count)} {status.look(name).word.lower()}" for name, count in counts.items()) or "—"
    )


def _side(name: str, values: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """One side's answer, of its values those that differ; a key that has none is its status alone."""
    differ = {feature: value for feature, value in values.items() if value != other.get(feature)}
    if name != "present":
        return status.look(name).word.lower()
    shown = dict(list(differ.items())[:MOST_VALUES])
    more = _(" and {n} more").format(n=len(differ) - MOST_VALUES) if len(differ) > MOST_VALUES else ""
    return _values(shown) + more


def _values(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_cell(value)}" for name, value in values.items())


def _cell(value: Any) -> str:
    if value is None:
        return "null"
    return numbers.figure(value) if isinstance(value, float) else str(value)
