"""Compare: which of several versions is better, in words, then in figures, curves, decisions and what one pays for."""

import streamlit as st

from app.explanations.importance import side_by_side
from app.next_action.registry import comparison_action
from app.registry.choice import choose, offered
from app.registry.comparison import decisions, differs, lines_of, metric_table, parameter_table, sentence
from app.registry.comparison_charts import curves, trade_offs
from app.registry.naming import Places, colors_of, endpoints, labels_of, places_on, stage_of
from app.session import actor, portal
from app.ui import frame, links
from app.ui.fields.naming import head_of
from app.ui.primary_action import primary_action, rights, what_is_missing
from app.ui.wording import counted
from core.foundation.text import _
from core.registry.values import Comparison
from core.serving.values import Endpoint


def show() -> None:
    serving = endpoints()
    known = places_on(serving)
    versions = offered()
    head = st.container()
    if len(versions) < 2:
        frame.header(_("Compare versions"))
        advice = _("Register two runs as versions; what differs between them is shown here.")
        with frame.empty(_("It takes two versions"), advice=advice, icon="compare_arrows"):
            links.page_link("runs", _("Choose a run"), icon=":material/model_training:")
        return
    choice = choose(versions, known)
    if len(choice.ids) < 2:
        with head:
            frame.header(_("Compare versions"), facts=[_("Figures, curves and decisions on the same rows")])
        advice = _("One of them is the baseline that the others are measured against.")
        frame.empty(_("Choose two versions"), advice=advice, icon="compare_arrows")
        return
    comparison = portal().registry.compare(actor(), version_ids=choice.ids, baseline_id=choice.baseline)
    with head:
        _head(comparison, serving)
    _body(comparison, known, only=choice.only_differences)


def _head(comparison: Comparison, serving: tuple[Endpoint, ...]) -> None:
    judged = [
        evaluation
        for version in comparison.versions
        for evaluation in version.evaluations
        if evaluation.holdout == comparison.holdout
    ]
    facts = (
        [
            _("Evaluated on `{name}`").format(name=judged[0].holdout_name),
            counted(judged[0].rows, _("row"), _("rows")),
            _("the same rows for all"),
        ]
        if judged
        else [_("Not evaluated on the same rows")]
    )
    crumbs: list[tuple[str, str]] = [(_("Models"), "models")]
    if len({version.model_id for version in comparison.versions}) == 1:
        first = comparison.versions[0]
        crumbs.append((head_of(first.title, version=first.version), first.model_id))
    action = comparison_action(comparison, endpoints=serving, rights=rights(comparison.versions[0].project))
    with frame.header(_("Compare versions"), facts=facts, crumbs=crumbs, here=_("Compare")):
        primary_action(action)
    what_is_missing(action)


def _body(comparison: Comparison, known: Places, *, only: bool) -> None:
    labels, colors, lines = labels_of(comparison.versions), colors_of(comparison.versions), lines_of(comparison)
    shown = [line for line in lines if not only or differs(line)]
    lead, dot, rest = sentence(comparison, shown).partition(". ")
    st.markdown(f":material/check_circle: **{links.escape(lead + dot.strip())}** {links.escape(rest)}")
    left, right = st.columns([1.2, 1], gap="medium")
    with left:
        base = next(version for version in comparison.versions if version.id == comparison.baseline)
        stage = stage_of(base, known)
        frame.section(
            _("Metrics"),
            hint=_("against {name}, {stage}; gray may be chance").format(name=labels[comparison.baseline], stage=stage),
        )
        metric_table(comparison, shown, known=known)
        parameter_table(comparison, only=only)
    with right:
        curves(comparison, colors)
        trade_offs(comparison, lines=lines, colors=colors)
    decisions(comparison)
    side_by_side(comparison.versions, labels=labels)


show()
