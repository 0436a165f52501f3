"""Parts of the feature pages: the lines of the catalog, and the dialog of a new view."""

import streamlit as st

from app import forms, links, times
from app.session import actor, portal
from core.features import Feature, FeatureContract, FeatureVersion, FeatureView
from core.foundation.text import _
from core.foundation.values import Value
from core.lake import ColumnProfile

MOST_VIEWS = 200


class FeatureLine(Value):
    """A feature of the newest version of its view; a version that is not built yet has one line without a feature."""

    view: FeatureView
    version: FeatureVersion
    feature: Feature | None
    profile: ColumnProfile | None

    @property
    def name(self) -> str:
        return self.feature.name if self.feature else self.view.name

    @property
    def state(self) -> str:
        return self.version.state.value

    @property
    def null_share(self) -> float:
        return self.feature.null_share if self.feature else 0.0

    @property
    def bins(self) -> list[int]:
        return [count for _label, count in self.profile.bins] if self.profile else []

    def facts(self) -> dict[str, str]:
        """What the catalog says about it, as Markdown."""
        version = self.version
        found = {
            _("Reference"): f"`{self.view.name}.{self.name}@v{version.version}`",
            _("Entity"): links.escape(self.view.entity),
            _("Keys"): f"`{', '.join(version.keys)}`" if version.keys else "—",
        }
        if self.feature:
            found[_("Type")] = f"`{self.feature.type.lower()}` {self.feature.kind}"
            found[_("Null rate")] = times.percent(self.null_share)
        found[_("Counts for")] = times.duration(version.ttl_seconds) if version.ttl_seconds else _("ever")
        found[_("Version")] = f"`{version.id}` v{version.version}"
        return found


def feature_lines() -> tuple[list[FeatureLine], list[str]]:
    """Every feature of every view's newest version, and the entities there are."""
    views = portal().features.list_views(actor(), limit=MOST_VIEWS).items
    lines = [line for view in views if view.latest for line in _lines(view, view.latest)]
    return lines, sorted({view.entity for view in views})


def _lines(view: FeatureView, version: FeatureVersion) -> list[FeatureLine]:
    if not version.features:
        return [FeatureLine(view=view, version=version, feature=None, profile=None)]
    profiles = {item.name: item for item in portal().features.statistics(actor(), version_id=version.id)}
    return [
        FeatureLine(view=view, version=version, feature=feature, profile=profiles.get(feature.name))
        for feature in version.features
    ]


@st.dialog(_("New feature view"))
def view_dialog() -> None:
    """A name and an entity; the first version comes next."""
    project = forms.choose_project(key="view_project")
    name = st.text_input(_("Name"), key="view_name", placeholder="route_delay")
    entity = st.text_input(_("Entity"), key="view_entity", placeholder="route", help=_("What its rows are about."))
    keys = st.text_input(
        _("Keys"), key="view_keys", placeholder="origin, dest", help=_("The columns that name one such thing.")
    )
    description = st.text_area(_("Description"), key="view_description", max_chars=4000)
    if st.button(_("Create and write its SQL"), type="primary", key="view_save"):
        with forms.attempt() as done:
            made = portal().features.create_view(
                actor(), project=project, name=name, entity=entity, keys=words(keys), description=description
            )
        if done.succeeded:
            links.open_page("new-feature-version", id=made.id)


def words(text: str) -> tuple[str, ...]:
    """Names separated by commas or spaces."""
    return tuple(text.replace(",", " ").split())


def input_lines(contract: FeatureContract) -> list[tuple[str, str, str, str]]:
    """What a model is asked with: each input, its kind, where it comes from, and the feature's own name."""
    lines = [
        (field.name, str(field.kind), _("sent") if field.is_model_input else _("sent, for look-up only"), "")
        for field in contract.request
    ]
    for view in contract.views:
        keys = ", ".join(f"{key} = {field}" for key, field in view.keys)
        origin = _("{view}, by {keys}").format(view=view.view, keys=keys)
        lines += [(name, str(kind), origin, feature) for feature, name, kind in view.outputs]
    return lines
