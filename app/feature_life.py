"""The life of a feature version on its view's page: which version people get, what may be done with the one shown, and
whom that would touch."""

from collections.abc import Callable, Sequence

import streamlit as st

from app import forms, frame, links, times
from app.session import actor, may, portal
from app.wording import counted
from core.features import Check, FeatureVersion, FeatureView, VersionState
from core.foundation.text import _
from core.identity import Permission

MOST_NAMED = 8
UNDO = "feature_rolled_back_from"


def alias_bar(view: FeatureView) -> None:
    """Which version people get, and the way back to the one before in one click."""
    history = portal().features.alias_history(actor(), view_id=view.id)
    if view.live is None or not history:
        return
    now = max(history, key=lambda stretch: stretch.number)
    with frame.card("alias"), st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(
            _(
                "**v{version}** is live: people get it who ask for the view. :gray[Since {time}, {who}: {reason}]"
            ).format(
                version=view.live.version,
                time=times.since(now.changed_at, now=frame.now()),
                who=links.escape(frame.name_of(now.changed_by)),
                reason=links.escape(now.reason),
            )
        )
        if len(history) > 1 and may(Permission.FEATURE_SQL, project=view.project):
            _back(view)


def _back(view: FeatureView) -> None:
    help_text = _("People who ask for the view get the version before. Nothing that pins a version changes.")
    if st.button(_("Roll back"), icon=":material/undo:", help=help_text, key="roll_back"):
        with forms.attempt() as done:
            after = portal().features.roll_back(actor(), view_id=view.id, reason=_("Rolled back on its page"))
        if done.succeeded and view.live:
            st.session_state[UNDO] = (view.id, view.live.id)
            frame.say(_("v{version} is live again").format(version=after.live.version if after.live else "—"))
            st.rerun()
    _undo(view)


def _undo(view: FeatureView) -> None:
    """The way forward again, for as long as the session knows where it came from."""
    kept_view, undone = st.session_state.get(UNDO, ("", ""))
    if (
        kept_view == view.id
        and view.live
        and undone != view.live.id
        and st.button(_("Undo"), type="tertiary", key="undo_roll_back")
    ):
        with forms.attempt() as done:
            portal().features.point_alias(
                actor(), view_id=view.id, version_id=undone, reason=_("The roll back was undone")
            )
        if done.succeeded:
            del st.session_state[UNDO]
            st.rerun()


def actions(view: FeatureView, shown: FeatureVersion) -> None:
    """What may be done with the version, each asked for with its effect."""
    if not may(Permission.FEATURE_SQL, project=view.project):
        return
    state = shown.state
    with st.container(horizontal=True, gap="xsmall"):
        if state in (VersionState.DRAFT, VersionState.FAILED):
            _offer(_("Build and check"), "build", lambda: _build(shown))
        if state in (VersionState.STAGED, VersionState.DEPRECATED):
            _offer(_("Publish"), "publish", lambda: _dialog(view, shown, "publish"))
        if state is VersionState.PUBLISHED and (view.live is None or view.live.id != shown.id):
            _offer(_("Make live"), "alias", lambda: _dialog(view, shown, "alias"))
        if state is VersionState.PUBLISHED:
            _offer(_("Deprecate"), "deprecate", lambda: _dialog(view, shown, "deprecate"))
        if state in (VersionState.STAGED, VersionState.PUBLISHED, VersionState.DEPRECATED):
            _offer(_("Retire"), "retire", lambda: _dialog(view, shown, "retire"))


def _offer(label: str, key: str, act: Callable[[], None]) -> None:
    if st.button(label, key=f"version_{key}"):
        act()


def _build(shown: FeatureVersion) -> None:
    with forms.attempt() as done:
        portal().features.build_version(actor(), version_id=shown.id, until="staged")
    if done.succeeded:
        st.rerun()


EFFECTS = {
    "publish": _("Everyone may use it, and people who ask for the view get it."),
    "alias": _("People who ask for the view get this version. Nothing that pins another one changes."),
    "deprecate": _("What uses it goes on; new training sets are not made with it."),
    "retire": _("It leaves the online store and cannot be joined. What something live needs is refused."),
}
LABELS = {"publish": _("Publish"), "alias": _("Make live"), "deprecate": _("Deprecate"), "retire": _("Retire")}


@st.dialog(_("What this touches"))
def _dialog(view: FeatureView, shown: FeatureVersion, what: str) -> None:
    """The effect and the consumers first, then the reason and the button."""
    st.markdown(f"**{LABELS[what]} {links.escape(view.name)} v{shown.version}.** {EFFECTS[what]}")
    consumers(view, shown)
    reason = _reason(shown, what)
    if st.button(LABELS[what], type="primary", key="life_do"):
        with forms.attempt() as done:
            _do(view, shown, what, reason)
        if done.succeeded:
            st.rerun()


def _reason(shown: FeatureVersion, what: str) -> str:
    """Publishing needs one only where a check could not tell."""
    unsure = any(check.verdict in ("inconclusive", "no data") for check in shown.checks)
    if what == "publish" and not (unsure and shown.state is VersionState.STAGED):
        return ""
    label = _("Why it is right although a check could not tell") if what == "publish" else _("Reason")
    return st.text_input(label, key="life_reason", help=_("It is kept in the audit log.")) or ""


def _do(view: FeatureView, shown: FeatureVersion, what: str, reason: str) -> None:
    features = portal().features
    if what == "publish":
        features.publish_version(actor(), version_id=shown.id, accept=reason)
    elif what == "alias":
        features.point_alias(actor(), view_id=view.id, version_id=shown.id, reason=reason)
    elif what == "deprecate":
        features.deprecate_version(actor(), version_id=shown.id, reason=reason)
    else:
        features.retire_version(actor(), version_id=shown.id, reason=reason)


def consumers(view: FeatureView, shown: FeatureVersion) -> None:
    """Who uses the version, what is live first."""
    every = portal().features.impact(actor(), view_id=view.id).consumers
    using = sorted((one for one in every if one.version_id == shown.id), key=lambda one: not one.is_live)
    live = sum(one.is_live for one in using)
    told = counted(len(using), _("object uses it"), _("objects use it"))
    st.caption(_("{told}, {live} of them live").format(told=told, live=live) if using else _("Nothing uses it."))
    for one in using[:MOST_NAMED]:
        mark = " " + _("(live)") if one.is_live else ""
        links.link(one.object_id, f"{one.title} · {one.relation}{mark}", icon=links.icon_of(one.object_id))


def checks(found: Sequence[Check]) -> None:
    """What a version's tests gave, with a few of the rows that broke them."""
    if not found:
        st.caption(_("It has no tests, or is not built yet."))
        return
    with frame.rows("checks"):
        for number, check in enumerate(found):
            frame.row(f"check_{number}", title=check.name, state=check.verdict, detail=links.escape(check.detail))
    for check in found:
        if check.rows:
            st.caption(_("Rows that broke: {name}").format(name=links.escape(check.name)))
            cells = {name: [links.code(str(row[at])) for row in check.rows] for at, name in enumerate(check.columns)}
            st.table(cells, border="horizontal", hide_index=True)
