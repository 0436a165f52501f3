"""What comes next for a feature view with the version of it that is shown."""

from app.next_action.values import NextAction, Rights, nothing
from core.features.values import FeatureVersion, FeatureView, VersionState
from core.foundation.text import _
from core.identity.permissions import Permission


def feature_action(view: FeatureView, shown: FeatureVersion | None, *, rights: Rights) -> NextAction:
    """What leads the version on towards being live; a new version where nothing does."""
    if not rights.may(Permission.FEATURE_SQL):
        return nothing()
    if shown is None:
        return _new_version(view, _("It has no version yet."))
    if shown.state is VersionState.BUILDING:
        return nothing(_("v{n} is being built.").format(n=shown.version))
    return _onward(view, shown) or _new_version(view, _("v{n} needs no action.").format(n=shown.version))


def _new_version(view: FeatureView, sentence: str) -> NextAction:
    target = f"new-feature-version?id={view.id}"
    return NextAction(name="new_version", label=_("New version"), icon="add", sentence=sentence, target=target)


def _onward(view: FeatureView, shown: FeatureVersion) -> NextAction | None:
    """The names are those of the moves of a version."""
    if shown.state is VersionState.DRAFT:
        sentence = _("Its rows are built and its tests are run.")
        return NextAction(name="build", label=_("Build and check"), icon="build", sentence=sentence)
    if shown.state is VersionState.FAILED:
        target = f"new-feature-version?id={view.id}&version={shown.id}"
        sentence = _("Its build failed; the draft can be corrected.")
        return NextAction(name="edit", label=_("Edit"), icon="edit", sentence=sentence, target=target)
    if shown.state is VersionState.STAGED:
        sentence = _("Everyone may use it, and the view's alias moves to it.")
        return NextAction(
            name="publish", label=_("Publish"), icon="publish", sentence=sentence, missing=_broken_tests(shown)
        )
    is_live = view.live is not None and view.live.id == shown.id
    if shown.state is VersionState.PUBLISHED and not is_live:
        sentence = _("The view's alias moves to this version. Nothing that pins another one changes.")
        return NextAction(name="alias", label=_("Make live"), icon="published_with_changes", sentence=sentence)
    return None


def _broken_tests(shown: FeatureVersion) -> str:
    names = [check.name for check in shown.checks if check.verdict == "fail"]
    return _("Its tests are broken: {names}.").format(names=", ".join(names)) if names else ""
