"""One feature view: a version's features, figures, logic, rows and life, what is online, and what learned from it."""

import streamlit as st

from app.features import lifecycle
from app.features.description import describe
from app.features.logic import logic_of
from app.features.materialization import online
from app.features.statistics import statistics
from app.features.versions import versions
from app.lake.profiles import preview_table, profile_grid
from app.next_action.features import feature_action
from app.next_action.values import NextAction, nothing
from app.session import actor, portal
from app.ui import frame, links, numbers, status, times
from app.ui.fields.address import Parts, tabs
from app.ui.fields.naming import identifier
from app.ui.health import health_of, put_away_state
from app.ui.jobs import cause_card, job_progress
from app.ui.primary_action import primary_action, rights, what_is_missing
from core.features.values import FeatureVersion, FeatureView, VersionState
from core.foundation.ids import Kind, kind_of
from core.foundation.text import N_, _


def show() -> None:
    view, shown = _wanted(links.wanted_id(Kind.FEATURE_VIEW, Kind.FEATURE_VERSION))
    stage, here = (shown.state, shown.id) if shown else ("empty", view.id)
    crumbs = [(_("Features"), "features")]
    health, facts = health_of(here), _facts(view, shown)
    state = put_away_state(view.id)
    with frame.header(view.title, stage=stage, facts=facts, crumbs=crumbs, here=here, whole=view.id, health=health):
        action = nothing() if state else feature_action(view, shown, rights=rights(view.project))
        _actions(view, shown, action)
    what_is_missing(action)
    if view.description:
        st.markdown(links.escape_lines(view.description))
    lifecycle.alias_bar(view)
    if shown is None:
        advice = "" if state else _("Its first version is SQL or pandas over named snapshots; a job builds its rows.")
        frame.empty(_("No version yet"), advice=advice, icon="dataset")
        return
    _version(view, shown, action)


def _wanted(wanted: str) -> tuple[FeatureView, FeatureVersion | None]:
    """The view and the version of it that the address names: by its id, as `version` beside the view's, or else the one
    that people get."""
    named = wanted if kind_of(wanted) is Kind.FEATURE_VERSION else st.query_params.get("version", "")
    shown = portal().feature_versions.get_version(actor(), version_id=named) if named else None
    view = portal().feature_views.get_view(actor(), view_id=shown.view_id if shown else wanted)
    return view, shown or view.live or view.latest


def _actions(view: FeatureView, shown: FeatureVersion | None, action: NextAction) -> None:
    if primary_action(action) and shown is not None:
        lifecycle.begin(view, shown, move=action.name)
    describe(view, shown)


def _facts(view: FeatureView, shown: FeatureVersion | None) -> list[str]:
    keys = links.code(", ".join(view.keys) or "—")
    facts = [
        identifier(view.title, view.name),
        _("Entity {entity}, keys {keys}").format(entity=links.escape(view.entity), keys=keys),
        _("Owner {name}").format(name=links.escape(frame.name_of(view.owner))),
    ]
    if shown:
        age = times.ago(shown.created_at, now=frame.now())
        facts += [
            _("{id}, version {version} of {n}").format(id=shown.id, version=shown.version, n=view.newest_number),
            _("{n} rows, {age}").format(n=numbers.number(shown.rows), age=age),
        ]
    return facts


def _version(view: FeatureView, shown: FeatureVersion, action: NextAction) -> None:
    if shown.state is VersionState.BUILDING:
        job_progress(shown.job_id)
    if shown.cause:
        cause_card(shown.cause, job_id=shown.job_id)
    if shown.reason:
        st.caption(
            _("{state}: {reason}").format(state=status.look(shown.state).word, reason=links.escape(shown.reason))
        )
    if not put_away_state(view.id):
        lifecycle.actions(view, shown, primary=action.name)
    parts: Parts = {
        N_("Features"): lambda: _features(view, shown),
        N_("Statistics"): lambda: statistics(view, shown),
        N_("Checks"): lambda: lifecycle.checks(shown.checks),
        N_("Logic"): lambda: logic_of(view, shown),
        N_("Rows"): lambda: _rows(shown),
        N_("Online"): lambda: online(shown),
        N_("Versions"): lambda: versions(view, shown),
        N_("Used by"): lambda: lifecycle.consumers(view, shown),
        N_("Lineage"): lambda: frame.lineage(shown.id),
    }
    tabs(parts)


def _features(view: FeatureView, shown: FeatureVersion) -> None:
    if shown.description not in ("", view.description):
        st.markdown(links.escape_lines(shown.description))
    if not shown.rows_digest:
        st.caption(_("Features are known once the version is built."))
        return
    profiles = portal().feature_statistics.statistics(actor(), version_id=shown.id)
    profile_grid(shown.features, profiles, key="statistics")


def _rows(shown: FeatureVersion) -> None:
    if not shown.rows_digest:
        st.caption(_("It has rows once it is built."))
        return
    preview_table(portal().feature_versions.preview_version(actor(), version_id=shown.id, limit=50))


show()
