"""One parity check of the online store: its verdict, why keys differ, and what it was measured on. It never changes."""

import streamlit as st

from app.features.parity import ask
from app.features.parity_report import causes, examples, figures, pictures, verdict_line
from app.session import actor, portal
from app.ui import frame, links, numbers, status, times
from app.ui.fields.naming import head_of
from app.ui.jobs import cancel, cause_card, job_progress
from app.ui.neighbors import neighbors
from core.features.materialization.values import FeatureParity, FeatureParityReport
from core.features.values import FeatureVersion
from core.foundation.ids import Kind
from core.foundation.text import _


def show() -> None:
    wanted = links.wanted_id(Kind.FEATURE_PARITY)
    frame.live_page(
        lambda: portal().feature_parity.get_parity(actor(), parity_id=wanted),
        _draw,
        runs=lambda check: check.state == "running",
    )


def _draw(check: FeatureParity) -> None:
    version = portal().feature_versions.get_version(actor(), version_id=check.version_id)
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(check.created_by)), age=times.since(check.created_at, now=frame.now())
    )
    crumbs = [
        (_("Features"), "features"),
        (head_of(version.title, version=version.version), version.view_id),
        (_("v{n}").format(n=version.version), version.id),
    ]
    title = _("Parity of {version}").format(version=version.title)
    facts = [_("the online store against the point-in-time join, key by key"), by]
    with frame.header(
        title, state=check.verdict or check.state, facts=facts, crumbs=crumbs, here=check.id, whole=version.view_id
    ):
        _actions(check, version)
    if check.state == "running":
        job_progress(check.job_id)
    elif check.report is None:
        cause_card(check.cause, job_id=check.job_id)
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        _body(check)
    with right:
        if check.report:
            frame.section(_("Measured"), hint=_("in figures"))
            figures(check, check.report)
        _around(check, version)
    frame.lineage(check.id)


def _actions(check: FeatureParity, version: FeatureVersion) -> None:
    if check.state == "running":
        cancel(check.job_id)
    elif started := ask(version, is_running=False):
        links.open_object(started.id)


def _body(check: FeatureParity) -> None:
    if check.report is None:
        waits = _("The rows are rebuilt, and the same keys are looked up on both sides.")
        lost = _("Nothing was changed. Check again once the cause is fixed.")
        is_running = check.state == "running"
        statement = _("It is being measured") if is_running else _("There is no report")
        frame.empty(statement, advice=waits if is_running else lost, icon="compare_arrows", key="parity")
        return
    st.markdown(verdict_line(check))
    if not check.report.mismatches:
        _nothing_differs(check.report)
        return
    frame.section(_("Why keys differ"), hint=_("the commonest cause first"))
    causes(check.report)
    pictures(check.report)
    shown, every = len(check.report.worst), check.report.mismatches
    frame.section(
        _("Keys that differ"), hint=_("{n} of {all}").format(n=numbers.number(shown), all=numbers.number(every))
    )
    examples(check.report)


def _nothing_differs(report: FeatureParityReport) -> None:
    if report.compared:
        compared = _("{n} values were compared, to the last bit.").format(n=numbers.number(report.cells))
        frame.empty(_("All keys match"), advice=compared, icon="task_alt", key="parity")
        return
    advice = _("The store was updated after the instant compared, or there are no keys.")
    frame.empty(_("Nothing could be compared"), advice=advice, icon="help", key="parity")


def _around(check: FeatureParity, version: FeatureVersion) -> None:
    """What it belongs to: the version, what keeps it online, what was read, and the other checks."""
    materializations = portal().materialization.list_materializations(actor(), version_id=version.id, limit=1).items
    read = check.report.snapshots.values() if check.report else ()
    around = [version.id, *(materialization.id for materialization in materializations), *read, check.job_id]
    neighbors(version.id, around, title=_("Belongs to"))
    others = portal().feature_parity.list_parity(actor(), version_id=version.id, limit=6).items
    rest = [other for other in others if other.id != check.id]
    if rest:
        frame.section(_("Other checks"), hint=_("newest first"))
        with frame.card("other_checks", tight=True):
            for other in rest:
                with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                    links.link(other.id, other.id)
                    st.caption(times.ago(other.created_at, now=frame.now()), width="content")
                    st.markdown(status.inline(other.verdict or other.state), width="content")


show()
