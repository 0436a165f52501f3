"""One materialization of a feature version: its schedule, how far it is, and its rows day by day."""

import streamlit as st

from app.features.materialization import SERVED, facts_of, parts_table, schedule_actions
from app.session import actor, may, portal
from app.ui import charts, forms, frame, links, numbers, status, times
from app.ui.fields.naming import head_of
from app.ui.health import put_away_state
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
        runs=lambda materialization: materialization.state == "running",
    )


def _draw(materialization: Materialization) -> None:
    version = portal().feature_versions.get_version(actor(), version_id=materialization.version_id)
    by = _("Requested by {name}, {age}").format(
        name=links.escape(frame.name_of(materialization.created_by)),
        age=times.since(materialization.created_at, now=frame.now()),
    )
    here, whole = materialization.id, materialization.view_id
    view = (head_of(version.title, version=version.version), whole)
    crumbs = [(_("Features"), "features"), view, (_("v{n}").format(n=version.version), version.id)]
    rows = _("{n} rows materialized").format(n=numbers.number(materialization.rows))
    facts = [counted(materialization.keys, _("key"), _("keys")), rows, by]
    title, state = _("{version} online").format(version=version.title), materialization.state
    with frame.header(title, state=state, facts=facts, crumbs=crumbs, here=here, whole=whole):
        _actions(materialization, version)
    if state == "running":
        job_progress(materialization.job_id)
    elif materialization.cause:
        cause_card(materialization.cause, job_id=materialization.job_id)
    st.markdown(_answer(materialization))
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        _parts(materialization)
    with right:
        frame.section(_("Materialization"), hint=_("schedule and state"))
        frame.facts(facts_of(materialization))
        _around(materialization)
        frame.section(_("Activity"))
        frame.activity(here)
    frame.lineage(here)


def _actions(materialization: Materialization, version: FeatureVersion) -> None:
    if materialization.state == "running":
        cancel(materialization.job_id)
    is_kept = materialization.state != "removed" and not put_away_state(materialization.view_id)
    if version.state not in SERVED or not is_kept or not may(Permission.JOBS_WRITE, project=materialization.project):
        return
    schedule_actions(materialization)
    if materialization.state != "running" and frame.more([_(AGAIN)]) == _(AGAIN):
        with forms.attempt() as done:
            portal().materialization.run_materialization(actor(), materialization_id=materialization.id, whole=True)
        if done.succeeded:
            st.rerun()


def _answer(materialization: Materialization) -> str:
    """Whether the store has what it should, in one sentence."""
    if materialization.state == "removed":
        return f"{status.icon('removed')} " + _("**Its version was discarded: its rows are no longer in the store.**")
    if materialization.as_of is None:
        return f"{status.icon('no_data')} " + _("**Nothing is materialized yet.**")
    known = _("All rows known at {at} are in the store.").format(at=times.absolute(materialization.as_of))
    if materialization.state == "failed":
        warning = _("The last run failed; the next one backfills everything.")
        return f"{status.icon('failed')} **{warning}** {known}"
    if materialization.behind:
        waiting = _("Newer data are materialized by the next run.")
        return f"{status.icon('late')} **{waiting}** {known}"
    return f"{status.icon('pass')} **{known}**"


def _parts(materialization: Materialization) -> None:
    listing = portal().materialization.list_parts(actor(), materialization_id=materialization.id, limit=MOST_DAYS)
    parts = listing.items
    hint = _("{n} of {all} days, the newest first").format(n=len(parts), all=listing.total)
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


def _around(materialization: Materialization) -> None:
    checks = portal().feature_parity.list_parity(actor(), version_id=materialization.version_id, limit=1).items
    around = [
        materialization.version_id,
        *materialization.snapshots.values(),
        *(check.id for check in checks),
        materialization.job_id,
    ]
    neighbors(materialization.version_id, around, title=_("Belongs to"))


show()
