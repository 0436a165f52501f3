"""Which feature versions can be joined: of each view what people get of it, and what an earlier set used of it."""

from app.session import actor, portal, unless_changed
from core.features.values import FeatureVersion, FeatureView

MOST = 200


def offered(view: FeatureView) -> FeatureVersion | None:
    """The version people get of a view: the live one, before there is one the newest that can be joined."""
    if view.live or not view.latest:
        return view.live
    return view.latest if view.latest.state.can_be_joined else None


def views_of(project: str) -> tuple[FeatureView, ...]:
    """The views of a project that can be joined, those with a live version first."""

    def read() -> tuple[FeatureView, ...]:
        views = portal().feature_views.list_views(actor(), project=project, limit=MOST).items
        return tuple(sorted((view for view in views if offered(view)), key=lambda view: view.live is None))

    return unless_changed(f"joinable_{project}", read)


def built_versions(project: str) -> tuple[FeatureVersion, ...]:
    """What people get of each view."""
    versions = (offered(view) for view in views_of(project))
    return tuple(version for version in versions if version is not None and version.features)


def newest_of(version_id: str) -> str:
    """The version that people get now of the view of a version; itself where there is none."""
    view = portal().feature_views.get_view(actor(), view_id=version_of(version_id).view_id)
    newest = offered(view)
    return newest.id if newest else version_id


def version_of(version_id: str) -> FeatureVersion:
    return unless_changed(
        f"version_{version_id}", lambda: portal().feature_versions.get_version(actor(), version_id=version_id)
    )
