"""Parts of the feature pages: what the catalog says of a feature, and the dialog of a new view."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.explanations.importance import feature_importance_line
from app.session import actor, portal
from app.ui import forms, frame, links, numbers, times
from app.ui.fields.naming import name_fields
from core.features.catalog.search import CatalogFeature
from core.features.values import FeatureContract, RequestField
from core.foundation.ids import Kind
from core.foundation.text import N_, _


def facts_of(feature: CatalogFeature) -> dict[str, str]:
    """What the catalog says about a feature, as Markdown."""
    facts = {
        _("Reference"): links.code(feature.reference),
        _("Entity"): links.escape(feature.entity),
        _("Keys"): links.code(", ".join(feature.keys)) if feature.keys else "—",
    }
    if feature.feature:
        facts[_("Type")] = f"{links.code(feature.feature.type.lower())} {feature.feature.kind}"
        facts[_("Null rate")] = numbers.percent(feature.feature.null_share)
    facts[_("Owner")] = links.escape(frame.name_of(feature.owner))
    facts[_("Time to live")] = numbers.duration(feature.ttl_seconds) if feature.ttl_seconds else _("unlimited")
    facts[_("Newest row")] = times.absolute(feature.newest_event)
    if feature.tags:
        facts[_("Tags")] = " ".join(f":gray-badge[{links.escape(tag)}]" for tag in feature.tags)
    return facts


def stage_of(item: CatalogFeature) -> str:
    """Where it is in its life; live is what an endpoint needs."""
    return "live" if item.is_live else item.state.value


def usage_of(item: CatalogFeature) -> None:
    """What uses the version that a feature of the catalog is of."""
    used = portal().feature_statistics.usage(actor(), version_id=item.version_id)
    if item.feature and (line := feature_importance_line(item.version_id, item.feature.name)):
        st.markdown(f":gray[:material/insights:] {line}")
    st.caption(_("Used by") if used.consumers else _("Nothing uses it yet"))
    for consumer in used.consumers[:12]:
        links.link(consumer.object_id, consumer.title, icon=links.icon_of(consumer.object_id))


@forms.dialog(N_("New feature view"))
def view_dialog() -> None:
    """A name and an entity; the first version comes next."""
    project = forms.choose_project(key="view_project")
    places: dict[str, DeltaGenerator] = {}
    names = name_fields(Kind.FEATURE_VIEW, project=project, key="view", example=_("Customer activity"), places=places)
    entity = st.text_input(_("Entity"), key="view_entity", placeholder="customer", help=_("What its rows are about."))
    keys = st.text_input(
        _("Keys"), key="view_keys", placeholder="country, store_id", help=_("The columns that name one such thing.")
    )
    description = st.text_area(_("Description"), key="view_description", max_chars=4000)
    if st.button(_("Create and write its SQL"), type="primary", key="view_save"):
        with forms.attempt(places) as done:
            view = portal().feature_views.create_view(
                actor(), project=project, entity=entity, keys=words(keys), description=description, **names
            )
        if done.succeeded:
            links.open_page("new-feature-version", id=view.id)


def words(text: str) -> tuple[str, ...]:
    """Names separated by commas or spaces."""
    return tuple(text.replace(",", " ").split())


def _kind(field: RequestField) -> str:
    if field.image is None:
        return str(field.kind)
    colors = _("gray") if field.image.channels == 1 else _("colors")
    return f"{field.kind}, {field.image.width} x {field.image.height}, {colors}"


def input_lines(contract: FeatureContract) -> list[tuple[str, str, str, str]]:
    """What a model is asked with: each input, its kind, where it comes from, and the feature's own name."""
    lines = [
        (field.name, _kind(field), _("sent") if field.is_model_input else _("sent, for look-up only"), "")
        for field in contract.request
    ]
    for view in contract.views:
        keys = ", ".join(f"{key} = {field}" for key, field in view.keys)
        origin = _("{view}, by {keys}").format(view=links.title_of(view.version_id, view.view), keys=keys)
        lines += [(name, str(kind), origin, feature) for feature, name, kind in view.outputs]
    return lines
