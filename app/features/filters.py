"""What narrows the catalog of features: each filter stands in the address, so that a view of the catalog can be
sent."""

from typing import Any

import streamlit as st

from app.ui import frame, status
from app.ui.fields.address import some_of
from app.ui.tables import choice, is_archived_chosen, search
from core.features.catalog.search import CatalogScope
from core.foundation.text import N_, _

FILTERS: dict[str, object] = {"q": "", "state": [], "entity": "", "owner": "", "use": "", "fresh": "", "kept": ""}
STATES = ("published", "staged", "draft", "deprecated", "failed")
USES = {
    "": N_("Any use"),
    "live": N_("Live"),
    "used": N_("Used"),
    "unused": N_("Unused"),
}
FRESHNESS = {"": N_("Any age"), "fresh": N_("Fresh"), "stale": N_("Stale"), "no data": N_("No data")}


def filters(whole: CatalogScope) -> dict[str, Any]:
    """The bar above the catalog; returns what is asked for, by the names of the action's parameters."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        query = search(_("Search features"), key="q", width=190)
        states = st.pills(
            _("State"),
            STATES,
            selection_mode="multi",
            format_func=lambda state: status.look(state).word,
            label_visibility="collapsed",
            **some_of("state", status.words(STATES)),
        )
        entities = {"": _("All entities")} | {name: name for name in whole.entities}
        return {
            "query": query,
            "states": tuple(states),
            "entity": choice(_("Entity"), entities, key="entity"),
            "owner": choice(_("Owner"), {"": _("All owners")} | _names(whole), key="owner"),
            "use": choice(_("Use"), USES, key="use"),
            "fresh": choice(_("Freshness"), FRESHNESS, key="fresh"),
            "archived": is_archived_chosen(),
        }


def _names(whole: CatalogScope) -> dict[str, str]:
    return {owner: frame.name_of(owner) for owner in whole.owners}
