"""Features: the catalog over the version of every view that people get, a page at a time; and what nobody uses."""

import zlib
from collections.abc import Callable

import streamlit as st

from app.features import unused
from app.features.catalog import facts_of, footer, usage_of, view_dialog
from app.features.filters import clear, filters
from app.lake.profiles import distribution
from app.session import actor, may, portal
from app.ui import frame, links
from app.ui.tables import PAGE, grid, offset_of, pager, shown_of
from app.ui.wording import counted
from core.features.catalog.search import CatalogFeature
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission

UNUSED_HELP = N_("Versions that nothing uses, the most expensive first.")


def show() -> None:
    whole = portal().features.catalog_scope(actor())
    facts = [
        counted(whole.features, _("feature"), _("features")),
        counted(whole.views, _("view"), _("views")),
        counted(len(whole.entities), _("entity"), _("entities")),
    ]
    with frame.header(_("Features"), facts=facts if whole.views else []):
        if whole.views and st.button(
            _("What nobody uses"), icon=":material/delete_sweep:", help=_(UNUSED_HELP), key="to_unused"
        ):
            links.open_page("features", show="unused")
        if may(Permission.FEATURE_SQL) and st.button(_("New view"), icon=":material/add:", type="primary"):
            view_dialog()
    if not whole.views:
        advice = _("A view names the features of an entity; its versions are SQL or pandas over snapshots.")
        frame.empty(_("No features yet"), advice=advice, icon="dataset")
        return
    asked = filters(whole)
    # Other filters have other pages and another choice: what was turned to before would show nothing.
    key = f"features_{zlib.crc32(repr(asked).encode())}"
    found = portal().features.catalog(actor(), **asked, offset=offset_of(f"{key}_page"), limit=PAGE)
    if not found.items:
        with frame.empty(_("No feature matches"), advice=_("Clear the filters to see all."), icon="filter_alt_off"):
            st.button(_("Clear filters"), on_click=clear, key="clear_filters")
        st.caption(shown_of(0, whole.entries))
        return
    _master_detail(found, every=whole.entries, key=key)


def _master_detail(found: Listing[CatalogFeature], *, every: int, key: str) -> None:
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _grid(found.items, key=f"{key}_{found.offset}")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.caption(footer(found, every=every))
            pager(found.total, key=f"{key}_page")
    with right, frame.card("feature"):
        _detail(found.items[chosen or 0])


def _grid(items: tuple[CatalogFeature, ...], *, key: str) -> int | None:
    return grid(
        {
            _("Feature"): [item.name for item in items],
            _("View"): [f"{item.view} v{item.version}" for item in items],
            _("State"): [item.state.value for item in items],
            _("Nulls"): [round(item.feature.null_share * 100, 1) if item.feature else None for item in items],
            _("Used by"): [item.used_by for item in items],
            _("Live"): [item.is_live for item in items],
            _("Distribution"): [
                [count for _label, count in item.profile.bins] if item.profile else [] for item in items
            ],
        },
        key=key,
        states=_("State"),
        widths={_("State"): 100, _("Used by"): 70},
        numbers={_("Nulls"): "%g %%"},
        config={
            _("Distribution"): st.column_config.AreaChartColumn(_("Distribution"), width=96, color="blue"),
            _("Live"): st.column_config.CheckboxColumn(_("Live"), width=54, help=_("An endpoint needs it.")),
        },
        required=True,
    )


def _detail(item: CatalogFeature) -> None:
    frame.card_head(item.name, state=item.state.value, text=item.description)
    with st.container(horizontal=True, gap="xsmall"):
        if item.state.can_be_joined and st.button(
            _("Add to a training set"), type="primary", icon=":material/add_shopping_cart:", key="add_to_set"
        ):
            links.open_page("new-training-set", add=item.version_id)
        if st.button(_("Open the view"), icon=":material/arrow_forward:", key="open_view"):
            links.open_object(item.view_id)
    parts: dict[str, Callable[[], None]] = {_("Overview"): lambda: _overview(item)}
    if item.version_id:
        parts[_("Lineage")] = lambda: frame.lineage(item.version_id, key="feature_lineage")
        parts[_("Usage")] = lambda: usage_of(item)
    frame.tabs(parts, key="feature_tabs", is_address=False)


def _overview(item: CatalogFeature) -> None:
    frame.facts(facts_of(item))
    if item.profile:
        st.caption(_("Distribution over {n}").format(n=counted(item.rows, _("row"), _("rows"))))
        distribution(item.profile, key="feature_distribution")


if st.query_params.get("show") == "unused":
    unused.show()
else:
    show()
