"""Features: the catalog over the version of every view that people get, a page at a time; and what nobody uses."""

import streamlit as st

from app.features import unused
from app.features.catalog import facts_of, stage_of, usage_of, view_dialog
from app.features.filters import FILTERS, filters
from app.lake.profiles import distribution
from app.session import actor, may, portal
from app.ui import cells, frame, links, numbers
from app.ui.cells import Column, Row
from app.ui.components.rows import BESIDE, rows, window
from app.ui.fields.address import Parts, tabs
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.tables import no_match
from app.ui.wording import counted
from core.features.catalog.search import CatalogFeature
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission

UNUSED_HELP = N_("Versions that nothing uses, the most expensive first.")


def show() -> None:
    whole = portal().feature_catalog.catalog_scope(actor())
    facts = [
        counted(whole.features, _("feature"), _("features")),
        counted(whole.views, _("view"), _("views")),
        counted(len(whole.entities), _("entity"), _("entities")),
    ]
    with frame.header(_("Features"), facts=facts if whole.views else []):
        if whole.views and st.button(
            _("Unused versions"), icon=":material/delete_sweep:", help=_(UNUSED_HELP), key="to_unused"
        ):
            links.open_page("features", show="unused")
        if may(Permission.FEATURE_SQL) and st.button(_("New view"), icon=":material/add:", type="primary"):
            view_dialog()
    if not whole.views and not portal().feature_catalog.catalog(actor(), archived=True, limit=1).total:
        advice = _("A view names the features of an entity; its versions are SQL or pandas over snapshots.")
        frame.empty(_("No features yet"), advice=advice, icon="dataset")
        return
    filtered = filters(whole)
    part = window("features", filtered)
    listing = portal().feature_catalog.catalog(actor(), **filtered, offset=part.offset, limit=part.limit)
    if not listing.items:
        no_match(_("No feature matches"), FILTERS)
        return
    healths = healths_of(item.version_id for item in listing.items)
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _catalog(listing, healths)
    with right, frame.card("feature"):
        for item in listing.items:
            if item.reference in chosen:
                _detail(item, healths)


def _catalog(listing: Listing[CatalogFeature], healths: Healths) -> tuple[str, ...]:
    columns = (
        Column(_("Feature")),
        Column(_("View"), width=122),
        Column(_("Stage"), "word", 90, priority=2),
        health_column(),
        Column(_("Nulls"), "number", 70, priority=2),
        Column(_("Used by"), "number", 80, priority=4),
        Column(_("Distribution"), "spark", 96, priority=3),
    )
    links.titles_of(item.view_id for item in listing.items)
    lines = [_row(item, healths) for item in listing.items]
    return rows(columns, lines, key="features", label=_("Features"), total=listing.total, choice="first", height=BESIDE)


def _row(item: CatalogFeature, healths: Healths) -> Row:
    bins = [count for _label, count in item.profile.bins] if item.profile else []
    nulls = item.feature.null_share if item.feature else None
    target = item.version_id or item.view_id
    return Row(
        item.reference,
        (
            cells.text(item.name, target=target),
            cells.text(f"{links.title_of(item.view_id, item.view)} v{item.version}", target=item.view_id),
            cells.word(stage_of(item)),
            health_cell(healths.get(item.version_id)),
            cells.number(nulls, numbers.percent(nulls)),
            cells.number(item.used_by),
            cells.spark(bins, title=_("Distribution of {name}").format(name=item.name)),
        ),
        target=target,
    )


def _detail(item: CatalogFeature, healths: Healths) -> None:
    frame.card_head(item.name, stage=stage_of(item), health=healths.get(item.version_id), text=item.description)
    with st.container(horizontal=True, gap="xsmall"):
        if item.state.can_be_joined and st.button(
            _("Add to a training set"), type="primary", icon=":material/add_shopping_cart:", key="add_to_set"
        ):
            links.open_page("new-training-set", add=item.version_id)
        if st.button(_("Open the view"), icon=":material/arrow_forward:", key="open_view"):
            links.open_object(item.view_id)
    parts: Parts = {N_("Overview"): lambda: _overview(item)}
    if item.version_id:
        parts[N_("Lineage")] = lambda: frame.lineage(item.version_id, key="feature_lineage")
        parts[N_("Usage")] = lambda: usage_of(item)
    tabs(parts, key="part")


def _overview(item: CatalogFeature) -> None:
    frame.facts(facts_of(item))
    if item.profile:
        st.caption(_("Distribution over {n}").format(n=counted(item.rows, _("row"), _("rows"))))
        distribution(item.profile, key="feature_distribution")


if st.query_params.get("show") == "unused":
    unused.show()
else:
    show()
