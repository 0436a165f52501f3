"""What inputs matter to versions: on the page of one, of several beside each other, and in a line."""

from collections.abc import Sequence

import streamlit as st

from app.explanations.bars import importance_bars
from app.session import actor, may, portal
from app.ui import forms, frame, links, numbers
from app.ui.health import put_away_state
from app.ui.numbers import metric_in_words
from app.ui.tables import reading
from core.explanations.evidence import news, rests_on
from core.explanations.values import ImportanceReport, VersionImportance
from core.foundation.text import _
from core.identity.permissions import Permission
from core.registry.values import ModelVersion

DRAWN, COMPARED = 10, 12


def importance_of(version_id: str) -> VersionImportance:
    return portal().explanations.importance(actor(), version_id=version_id)


def why_it_predicts_so(version: ModelVersion) -> None:
    """The first ten inputs as bars and all of them in a table; where nothing was measured, the way to do so."""
    known = importance_of(version.id)
    report = known.report
    hint = _on_rows(report) if report else ""
    frame.section(_("Why it predicts so"), hint=hint, key="why")
    if report is None:
        _not_measured(version, known)
        return
    most_important(report, key="importance")
    if len(report.inputs) > DRAWN:
        with st.expander(_("All {n} inputs").format(n=len(report.inputs))):
            _table(report)


def most_important(report: ImportanceReport, *, key: str) -> None:
    """The first ten inputs as bars, and what is to know of them."""
    x = _("{metric} gets worse by").format(metric=metric_in_words(report.metric))
    importance_bars(report.inputs[:DRAWN], key=key, x=x)
    st.caption(links.escape(f"{rests_on(report)}. {remark_on(report)}"))


def _on_rows(report: ImportanceReport) -> str:
    rows = {"n": numbers.number(report.rows), "all": numbers.number(report.rows_in_all)}
    words = _("{n} rows of {name}") if report.rows == report.rows_in_all else _("{n} of the {all} rows of {name}")
    return links.escape(words.format(name=report.holdout_name, **rows))


def remark_on(report: ImportanceReport) -> str:
    """What one must know to read the figures."""
    return (
        _("Inputs that say the same share their importance, and these do: {names}.").format(
            names=report.together[0].name
        )
        if report.together
        else _("Inputs that say the same share their importance.")
    )


def _not_measured(version: ModelVersion, known: VersionImportance) -> None:
    if known.job_id:
        with frame.card("why_running", tight=True):
            st.caption(_("It is being measured: one input after the other is shuffled."))
            links.link(known.job_id, _("Follow it"), icon=":material/progress_activity:")
        return
    with frame.card("why", tight=True):
        st.caption(_("Not measured yet: how much worse it is where one of its inputs is shuffled."))
        allowed = may(Permission.EVIDENCE_WRITE, project=version.project) and not put_away_state(version.model_id)
        if allowed and version.training_set_id and st.button(_("Measure"), key="measure_why"):
            with forms.attempt() as done:
                portal().explanations.measure_importance(actor(), version_id=version.id)
            if done.succeeded:
                st.rerun()
        elif not version.training_set_id:
            st.caption(_("It has no training set: `causeway explanations measure-importance` takes another one."))


def _table(report: ImportanceReport) -> None:
    shares = report.shares
    intervals = [entry.importance for entry in report.inputs]
    columns = {
        _("Input"): [links.code(entry.name) for entry in report.inputs],
        _("Share"): [numbers.percent(shares[entry.name]) for entry in report.inputs],
        _("Worse by"): [
            f"{numbers.number(known.value)} :gray[{numbers.number(known.low)} – {numbers.number(known.high)}]"
            for known in intervals
        ],
    }
    reading(columns, alt=_("All inputs by importance"))


def importance_line(version_id: str, *, before_id: str = "", before: str = "") -> None:
    """What a version rests on, and what is new in that against the one that it would replace, as a row of a list."""
    known = importance_of(version_id)
    earlier = importance_of(before_id).report if before_id else None
    value, detail = _("not measured"), _("What inputs matter to it was not measured yet.")
    if known.report is not None:
        value, detail = rests_on(known.report), _against(known.report, earlier, before=before)
    icon = ":gray[:material/insights:]"
    title = _("Why it predicts so")
    with frame.row("importance", title=title, value=links.escape(value), detail=links.escape(detail), icon=icon):
        if known.evidence_id:
            links.follow(known.evidence_id, _("Report"))


def _against(report: ImportanceReport, earlier: ImportanceReport | None, *, before: str) -> str:
    if earlier is None:
        return _("{n} inputs, on {name}").format(n=len(report.inputs) + report.left_out, name=report.holdout_name)
    changed = news(report, earlier)
    if not changed:
        return _("It rests on the same inputs as {version}.").format(version=before)
    return _("New against {version}: {changed}.").format(version=before, changed=changed)


def side_by_side(versions: Sequence[ModelVersion], *, labels: dict[str, str]) -> None:
    """Each input's share in every version that was measured, with its rank and how that changed."""
    known = {version.id: importance_of(version.id).report for version in versions}
    reports = {version_id: report for version_id, report in known.items() if report}
    if not reports:
        return
    frame.section(_("Why they predict so"), hint=_("share of what all inputs bring, and its rank"))
    shares = {version_id: report.shares for version_id, report in reports.items()}
    names = sorted({name for share in shares.values() for name in share}, key=lambda name: -_largest(shares, name))
    first = next(iter(reports))
    columns = {_("Input"): [links.code(name) for name in names[:COMPARED]]}
    for version_id in reports:
        others = shares[first] if version_id != first else {}
        columns[links.escape(labels[version_id])] = [
            _share(name, shares[version_id], others) for name in names[:COMPARED]
        ]
    reading(columns, alt=_("Importance of inputs by version"))
    if missing := [labels[version.id] for version in versions if version.id not in reports]:
        st.caption(_("Not measured yet: {names}.").format(names=links.escape(", ".join(missing))))


def _largest(shares: dict[str, dict[str, float]], name: str) -> float:
    return max(share.get(name, 0.0) for share in shares.values())


def _share(name: str, own: dict[str, float], others: dict[str, float]) -> str:
    """ "62 % · 1." with an arrow where it stood elsewhere."""
    if name not in own:
        return ":gray[—]"
    rank = list(own).index(name) + 1
    moved = (list(others).index(name) + 1 - rank) if name in others else 0
    arrow = f" {'↑' if moved > 0 else '↓'}\u202f{abs(moved)}" if moved else ""
    return f"{numbers.percent(own[name])} :gray[no. {rank}{arrow}]"


def feature_importance_line(feature_version_id: str, feature: str) -> str:
    """How important a feature is to the newest version that was trained with it, as Markdown; empty where nobody
    knows."""
    known = portal().explanations.feature_importance(actor(), feature_version_id=feature_version_id)
    entry = known.features.get(feature)
    if entry is None:
        return ""
    return _("No. {rank} among the inputs of {version}, with {share} of what they bring").format(
        rank=entry.rank,
        version=f"[{links.escape(entry.title)}]({links.address_of(entry.version_id)})",
        share=numbers.percent(entry.share),
    )
