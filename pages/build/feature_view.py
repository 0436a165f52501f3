"""One feature view: a version's features, SQL and rows, the other versions, and what learned from it."""

import streamlit as st

from app import feature_life, frame, links, times
from app.feature_logic import logic_of
from app.feature_online import freshness, online
from app.profiles import preview_table, profile_grid
from app.running import cause_card, job_progress
from app.session import actor, may, portal
from app.wording import counted
from core.features import FeatureVersion, FeatureView, VersionState
from core.foundation.ids import Kind, kind_of
from core.foundation.text import _
from core.identity import Permission


def show() -> None:
    wanted = links.wanted_id(Kind.FEATURE_VIEW, Kind.FEATURE_VERSION)
    shown = None
    if kind_of(wanted) is Kind.FEATURE_VERSION:
        shown = portal().features.get_version(actor(), version_id=wanted)
    view = portal().features.get_view(actor(), view_id=shown.view_id if shown else wanted)
    shown = shown or view.latest
    state = shown.state if shown else "empty"
    crumbs = [(_("Features"), "features")]
    with frame.header(view.name, state=state, facts=_facts(view, shown), crumbs=crumbs, here=wanted):
        if may(Permission.FEATURE_SQL, project=view.project) and st.button(
            _("New version"), type="primary", icon=":material/add:"
        ):
            links.open_page("new-feature-version", id=view.id)
    if view.description:
        st.markdown(links.escape_lines(view.description))
    feature_life.alias_bar(view)
    if shown is None:
        advice = _("Its first version is SQL over named snapshots; a job builds its rows.")
        frame.empty(_("No version yet"), advice=advice, icon="dataset")
        return
    _version(view, shown)


def _facts(view: FeatureView, shown: FeatureVersion | None) -> list[str]:
    facts = [
        _("Entity {entity}, keys {keys}").format(
            entity=links.escape(view.entity), keys=f"`{', '.join(view.keys) or '—'}`"
        ),
        _("Owner {name}").format(name=links.escape(frame.name_of(view.owner))),
    ]
    if shown:
        age = times.ago(shown.created_at, now=frame.now())
        facts += [
            _("{id}, version {version} of {n}").format(id=shown.id, version=shown.version, n=view.versions),
            _("{n} rows, {age}").format(n=times.number(shown.rows), age=age),
        ]
    return facts


def _version(view: FeatureView, shown: FeatureVersion) -> None:
    if shown.state is VersionState.BUILDING:
        job_progress(shown.job_id)
    if shown.cause:
        cause_card(shown.cause, job_id=shown.job_id)
    feature_life.actions(view, shown)
    names = [_("Features"), _("Checks"), _("Logic"), _("Rows"), _("Online"), _("Versions"), _("Used by"), _("Lineage")]
    features, checks, logic, rows, kept, versions, usage, lineage = st.tabs(names)
    built = bool(shown.rows_digest)
    with checks:
        feature_life.checks(shown.checks)
    with kept:
        online(shown)
    with usage:
        feature_life.consumers(view, shown)
    with features:
        if built:
            freshness(view)
            statistics = portal().features.statistics(actor(), version_id=shown.id)
            profile_grid(shown.features, statistics, key="statistics")
        else:
            st.caption(_("Features are known once the version is built."))
    with logic:
        logic_of(view, shown)
    with rows:
        if built:
            preview_table(portal().features.preview_version(actor(), version_id=shown.id, limit=50))
    with versions:
        _versions(view, shown)
    with lineage:
        frame.lineage(shown.id)


def _versions(view: FeatureView, shown: FeatureVersion) -> None:
    with frame.rows("versions"):
        for item in portal().features.list_versions(actor(), view_id=view.id).items:
            here = " :gray-badge[" + _("shown") + "]" if item.id == shown.id else ""
            here += " :green-badge[" + _("live") + "]" if view.live and item.id == view.live.id else ""
            frame.row(
                item.id,
                title=f"v{item.version}",
                target=item.id,
                value=counted(len(item.features), _("feature"), _("features")) + here,
                state=item.state,
                detail=f"{item.id} · {links.escape(item.description or frame.name_of(item.created_by))}",
                age=times.ago(item.created_at, now=frame.now()),
            )


show()
