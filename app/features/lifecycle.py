"""The life of a feature version on its view's page: which version people get, what may be done with the one shown, and
whom that would touch."""

from collections.abc import Sequence

import streamlit as st

from app.next_action.features import feature_action
from app.session import actor, may, portal
from app.ui import forms, frame, links, times
from app.ui.health import put_away_state
from app.ui.primary_action import rights
from app.ui.wording import counted
from core.features.values import Check, FeatureVersion, FeatureView, VersionState
from core.foundation.text import N_, _
from core.identity.permissions import Permission

MOST_NAMED = 8
UNDO = "feature_rolled_back_from"


def alias_bar(view: FeatureView) -> None:
    """Which version is live, and the rollback to the one before in one click."""
    history = portal().feature_views.alias_history(actor(), view_id=view.id)
    if view.live is None or not history:
        return
    now = max(history, key=lambda period: period.number)
    with frame.card("alias"), st.container(horizontal=True, horizontal_alignment="distribute"):
        st.markdown(
            _("**v{version}** is live: the view's alias refers to it. :gray[Since {time}, {who}: {reason}]").format(
                version=view.live.version,
                time=times.since(now.changed_at, now=frame.now()),
                who=links.escape(frame.name_of(now.changed_by)),
                reason=links.escape(now.reason),
            )
        )
        if len(history) > 1 and may(Permission.FEATURE_SQL, project=view.project) and not put_away_state(view.id):
            _back(view)


def _back(view: FeatureView) -> None:
    help_text = _("The alias moves to the previous version. Nothing that pins a version changes.")
    if st.button(_("Roll back"), icon=":material/undo:", help=help_text, key="roll_back"):
        with forms.attempt() as done:
            after = portal().feature_views.roll_back(actor(), view_id=view.id, reason=_("Rolled back on its page"))
        if done.succeeded and view.live:
            st.session_state[UNDO] = (view.id, view.live.id)
            frame.say(_("v{version} is live again").format(version=after.live.version if after.live else "—"))
            st.rerun()
    _undo(view)


def _undo(view: FeatureView) -> None:
    """The way forward again, for as long as the session knows where it came from."""
    undo_view, undone = st.session_state.get(UNDO, ("", ""))
    if (
        undo_view == view.id
        and view.live
        and undone != view.live.id
        and st.button(_("Undo"), type="tertiary", key="undo_roll_back")
    ):
        with forms.attempt() as done:
            portal().feature_views.point_alias(
                actor(), view_id=view.id, version_id=undone, reason=_("The rollback was undone")
            )
        if done.succeeded:
            del st.session_state[UNDO]
            st.rerun()


def actions(view: FeatureView, shown: FeatureVersion, *, primary: str) -> None:
    """What else may be done with the version beside the page's `primary` action, each asked for with its effect."""
    if not may(Permission.FEATURE_SQL, project=view.project):
        return
    with st.container(horizontal=True, gap="xsmall"):
        for move in (move for move in moves(view, shown) if move != primary):
            _offer(view, shown, move, key=f"version_{move}")
        if primary != "new_version" and st.button(_("New version"), icon=":material/add:", key="other_version"):
            links.open_page("new-feature-version", id=view.id)


def onward(view: FeatureView, item: FeatureVersion) -> None:
    """What leads a version on, at its row in a list; nothing does while its view is archived, as its page says."""
    if put_away_state(view.id):
        return
    move = feature_action(view, item, rights=rights(view.project))
    if move.is_possible and move.name in LABELS:
        _offer(view, item, move.name, key=f"row_{move.name}_{item.id}")


def moves(view: FeatureView, version: FeatureVersion) -> list[str]:
    """What its state lets follow, the likeliest first."""
    is_live = view.live is not None and view.live.id == version.id
    after = {
        VersionState.DRAFT: ["build", "edit", "discard"],
        VersionState.FAILED: ["edit", "build", "discard"],
        VersionState.STAGED: ["publish", "discard"],
        VersionState.PUBLISHED: ["deprecate"] if is_live else ["alias", "deprecate"],
        VersionState.DEPRECATED: ["publish", "retire"],
    }
    return after.get(version.state, [])


def _offer(view: FeatureView, version: FeatureVersion, move: str, *, key: str) -> None:
    if st.button(_(LABELS[move]), key=key):
        begin(view, version, move=move)


def begin(view: FeatureView, version: FeatureVersion, *, move: str) -> None:
    """Asks for what has consequences; the rest is done at once."""
    if move == "build":
        _build(version)
    elif move == "edit":
        links.open_page("new-feature-version", id=view.id, version=version.id)
    else:
        life_dialog(view, version, move)


def _build(shown: FeatureVersion) -> None:
    with forms.attempt() as done:
        portal().feature_drafts.build_version(actor(), version_id=shown.id, until="staged")
    if done.succeeded:
        st.rerun()


EFFECTS = {
    "publish": N_("Everyone may use it, and the view's alias moves to it."),
    "again": N_("New training sets may be made with it again. The alias stays where it is."),
    "alias": N_("The view's alias moves to this version. Nothing that pins another one changes."),
    "deprecate": N_("Existing uses continue; new training sets cannot use it."),
    "retire": N_("It leaves the online store and cannot be joined. Refused while something live needs it."),
    "discard": N_(
        "It is discarded for good: it leaves the lists and the online store, and its number is not used again."
    ),
}
LABELS = {
    "build": N_("Build and check"),
    "edit": N_("Edit"),
    "publish": N_("Publish"),
    "alias": N_("Make live"),
    "deprecate": N_("Deprecate"),
    "retire": N_("Retire"),
    "discard": N_("Discard"),
}


@forms.dialog(N_("Impact"))
def life_dialog(view: FeatureView, shown: FeatureVersion, what: str) -> None:
    """The effect and the consumers first, then the reason and the button. What is discarded leaves its place to the
    view."""
    effect = "again" if what == "publish" and shown.state is VersionState.DEPRECATED else what
    label = _(LABELS[what])
    consequence = _(EFFECTS[effect])
    st.markdown(f"**{label} {links.escape(shown.title)}.** {consequence}")
    consumers(view, shown)
    reason = _reason(shown, what)
    if st.button(_(LABELS[what]), type="primary", key="life_do"):
        with forms.attempt() as done:
            _do(view, shown, what, reason)
        if done.succeeded and what == "discard":
            frame.say(_("{title} is discarded").format(title=shown.title))
            links.open_object(view.id)
        if done.succeeded:
            st.rerun()


def _reason(shown: FeatureVersion, what: str) -> str:
    """Publishing needs one only where a check was inconclusive."""
    unsure = any(check.verdict in ("inconclusive", "no data") for check in shown.checks)
    if what == "publish" and not (unsure and shown.state is VersionState.STAGED):
        return ""
    label = _("Why it is right although a check is inconclusive") if what == "publish" else _("Reason")
    return st.text_input(label, key="life_reason", help=_("It is kept in the audit log.")) or ""


def _do(view: FeatureView, shown: FeatureVersion, what: str, reason: str) -> None:
    versions = portal().feature_versions
    if what == "publish":
        versions.publish_version(actor(), version_id=shown.id, accept=reason)
    elif what == "alias":
        portal().feature_views.point_alias(actor(), view_id=view.id, version_id=shown.id, reason=reason)
    else:
        acts = {
            "deprecate": versions.deprecate_version,
            "retire": versions.retire_version,
            "discard": versions.discard_version,
        }
        acts[what](actor(), version_id=shown.id, reason=reason)


def consumers(view: FeatureView, shown: FeatureVersion) -> None:
    """Who uses the version, what is live first."""
    every = portal().feature_views.impact(actor(), view_id=view.id).consumers
    using = sorted(
        (consumer for consumer in every if consumer.version_id == shown.id), key=lambda consumer: not consumer.is_live
    )
    live = sum(consumer.is_live for consumer in using)
    uses = counted(len(using), _("object uses it"), _("objects use it"))
    st.caption(_("{uses}, {live} of them live").format(uses=uses, live=live) if using else _("Nothing uses it."))
    for consumer in using[:MOST_NAMED]:
        mark = " " + _("(live)") if consumer.is_live else ""
        title = f"{consumer.title} · {consumer.relation}{mark}"
        if links.has_page(consumer.object_id):
            links.link(consumer.object_id, title, icon=links.icon_of(consumer.object_id))
        else:
            st.caption(f":material/circle: {links.escape(title)}")


def checks(checks: Sequence[Check]) -> None:
    """What a version's tests gave, with a few of the rows that broke them."""
    if not checks:
        st.caption(_("It has no tests, or is not built yet."))
        return
    with frame.rows("checks"):
        for number, check in enumerate(checks):
            frame.row(f"check_{number}", title=check.name, state=check.verdict, detail=links.escape(check.detail))
    for check in checks:
        if check.rows:
            st.caption(_("Rows that broke: {name}").format(name=links.escape(check.name)))
            cells = {name: [links.code(str(row[at])) for row in check.rows] for at, name in enumerate(check.columns)}
            st.table(cells, border="horizontal", hide_index=True)
