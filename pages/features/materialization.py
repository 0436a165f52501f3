"""One standing order to keep a feature version online: how far it is, what it brought day by day, and its schedule."""

import streamlit as st

from app.features.materialization import SERVED, facts_of, parts_table, standing_actions
from app.session import actor, may, portal
from app.ui import charts, forms, frame, links, numbers, status, times
from app.ui.jobs import cancel, cause_card, job_progress
from app.ui.neighbors import neighbors
from app.ui.wording import counted
from core.features.materialization.values import Materialization
from core.features.values import FeatureVersion
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.identity.permissions import Permission

MOST_DAYS = 200
AGAIN = N_("Backfill everything")


def show() -> None:
    wanted = links.wanted_id(Kind.MATERIALIZATION)
    frame.live_page(
        lambda: portal().materialization.get_materialization(actor(), materialization_id=wanted),
        _draw,
        runs=lambda order: order.state == "running",
    )


def _draw(order: Materialization) -> None:
    version = portal().feature_versions.get_version(actor(), version_id=order.version_id)
    name = _("v{n}").format(n=order.version)
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(order.created_by)), age=times.since(order.created_at, now=frame.now())
    )
    crumbs = [(_("Features"), "features"), (order.view, order.view_id), (name, order.version_id)]
    brought = _("{n} rows materialized").format(n=numbers.number(order.rows))
    facts = [counted(order.keys, _("key"), _("keys")), brought, by]
    title = _("{view} {version} online").format(view=order.view, version=name)
    with frame.header(title, state=order.state, facts=facts, crumbs=crumbs, here=order.id):
        _actions(order, version)
    if order.state == "running":
        job_progress(order.job_id)
    elif order.cause:
        cause_card(order.cause, job_id=order.job_id)
    st.markdown(_answer(order))
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        _parts(order)
    with right:
        frame.section(_("Materialization"), hint=_("schedule and state"))
        frame.facts(facts_of(order))
        _around(order)
        frame.section(_("Activity"))
        frame.activity(order.id)
    frame.lineage(order.id)


def _actions(order: Materialization, version: FeatureVersion) -> None:
    if order.state == "running":
        cancel(order.job_id)
    is_served = version.state in SERVED and order.state != "removed"
    if not is_served or not may(Permission.JOBS_WRITE, project=order.project):
        return
    standing_actions(order)
    if order.state != "running" and frame.more([_(AGAIN)]) == _(AGAIN):
        with forms.attempt() as done:
            portal().materialization.run_materialization(actor(), materialization_id=order.id, whole=True)
        if done.succeeded:
            st.rerun()


def _answer(order: Materialization) -> str:
    """Whether the store has what it should, in one sentence."""
    if order.state == "removed":
        return f"{status.icon('removed')} " + _("**Its version was discarded: its rows are no longer in the store.**")
    if order.as_of is None:
        return f"{status.icon('no_data')} " + _("**Nothing is materialized yet.**")
    known = _("All rows known at {at} are in the store.").format(at=times.absolute(order.as_of))
    if order.state == "failed":
        warning = _("The last run failed; the next one backfills everything.")
        return f"{status.icon('failed')} **{warning}** {known}"
    if order.behind:
        waiting = _("Newer data are materialized by the next run.")
        return f"{status.icon('late')} **{waiting}** {known}"
    return f"{status.icon('pass')} **{known}**"


def _parts(order: Materialization) -> None:
    found = portal().materialization.list_parts(actor(), materialization_id=order.id, limit=MOST_DAYS)
    parts = found.items
    hint = _("{n} of {all} days, the newest first").format(n=len(parts), all=found.total)
    frame.section(_("Materialized rows"), hint=hint if parts and parts[0].day else "")
    if not parts:
        frame.empty(_("No rows yet"), advice=_("They are listed once a run has succeeded."), icon="bolt", key="parts")
        return
    if len(parts) > 1:
        days = list(reversed(parts))
        alt = _("Rows by day of event time")
        labels, values = [part.day for part in days], [part.rows for part in days]
        charts.bars(labels, values, key="parts_by_day", x=_("day of event time"), y=_("rows"), alt=alt)
    parts_table(parts)


def _around(order: Materialization) -> None:
    checks = portal().feature_parity.list_parity(actor(), version_id=order.version_id, limit=1).items
    around = [order.version_id, *order.snapshots.values(), *(one.id for one in checks), order.job_id]
    neighbors(order.version_id, around, title=_("Belongs to"))


show()
