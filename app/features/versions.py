"""The versions of a view, and where its alias pointed over time."""

import streamlit as st

from app.features import lifecycle
from app.features.glossary import ALIAS
from app.session import actor, portal
from app.ui import frame, links, times
from app.ui.tables import offset_of, pager
from app.ui.wording import counted
from core.features.values import FeatureVersion, FeatureView
from core.foundation.text import N_, _

PAGE = 20
DISCARDED = N_("Discarded before they were published. Their numbers are not used again.")


def versions(view: FeatureView, shown: FeatureVersion) -> None:
    """Every version with what comes next for it, then the history of the alias."""
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        discarded = view.newest_number - view.versions
        with frame.section(_("Versions"), hint=str(view.versions)):
            label = _("{n} discarded").format(n=discarded)
            with_discarded = discarded > 0 and st.toggle(label, key="versions_discarded", help=_(DISCARDED))
        _listed(view, shown, discarded=with_discarded)
    with right:
        frame.section(_("Alias history"), hint=_("newest first"))
        st.caption(_(ALIAS))
        _history(view)


def _listed(view: FeatureView, shown: FeatureVersion, *, discarded: bool) -> None:
    offset = offset_of("versions_page", size=PAGE)
    versions = portal().feature_versions.list_versions(
        actor(), view_id=view.id, discarded=discarded, offset=offset, limit=PAGE
    )
    with frame.rows("versions"):
        for item in versions.items:
            words = [counted(len(item.features), _("feature"), _("features"))] if item.features else []
            shown_text = _("shown")
            words += [f":gray-badge[{shown_text}]"] if item.id == shown.id else []
            live = _("live")
            words += [f":green-badge[{live}]"] if view.live and item.id == view.live.id else []
            with frame.row(
                item.id,
                title=f"v{item.version}",
                target=item.id,
                value=" ".join(words),
                state=item.state,
                detail=f"{item.id} · {links.escape(item.reason or item.description or frame.name_of(item.created_by))}",
                age=times.ago(item.created_at, now=frame.now()),
            ):
                lifecycle.onward(view, item)
    pager(versions.total, key="versions_page", size=PAGE)


def _history(view: FeatureView) -> None:
    periods = portal().feature_views.alias_history(actor(), view_id=view.id)
    if not periods:
        st.caption(_("No version was published yet."))
        return
    with frame.rows("alias_history"):
        for period in periods:
            frame.row(
                f"alias_{period.number}",
                title=f"v{period.version}",
                target=period.version_id,
                detail=f"{links.escape(period.reason)} · {links.escape(frame.name_of(period.changed_by))}",
                age=times.ago(period.changed_at, now=frame.now()),
            )
