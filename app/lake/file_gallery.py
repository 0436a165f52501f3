"""Parts of the dataset page for datasets of files: search by attributes, small pictures, and beginnings of texts."""

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers
from app.ui.fields.address import text
from app.ui.tables import offset_of, pager, search, shown_of
from core.foundation.text import N_, _
from core.lake.values import Item, Snapshot

SIZE, IN_A_ROW, SIDE, EXCERPT = 24, 6, 240, 280
KINDS = {"": N_("All"), "image": N_("Images"), "text": N_("Texts")}


def items(shown: Snapshot) -> None:
    """The files of a snapshot, found by name, label and kind."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        query = search(_("Search by name"), key="item")
        label = st.text_input(
            _("Label"),
            **text("label"),
            placeholder=_("Label"),
            label_visibility="collapsed",
            width=160,
        )
        kind = st.segmented_control(
            _("Kind"),
            list(KINDS),
            default="",
            required=True,
            format_func=lambda chosen: _(KINDS[chosen]),
            key="kind",
            label_visibility="collapsed",
        )
    items = portal().datasets.search_items(
        actor(),
        snapshot_id=shown.id,
        query=query,
        label=(label or "").strip(),
        media_type=kind or "",
        offset=offset_of("items_page", size=SIZE),
        limit=SIZE,
    )
    if not items.items:
        frame.empty(_("No file matches"), advice=_("Clear the search to see all."), icon="search_off", key="items")
        return
    for begin in range(0, len(items.items), IN_A_ROW):
        for place, item in zip(st.columns(IN_A_ROW, gap="xsmall"), items.items[begin : begin + IN_A_ROW], strict=False):
            with place:
                _item(shown, item)
    st.caption(shown_of(len(items.items), items.total))
    pager(items.total, key="items_page", size=SIZE)


def _item(shown: Snapshot, item: Item) -> None:
    name = item.path.rpartition("/")[2]
    size = f"{item.width} × {item.height}" if item.width else numbers.size(item.bytes)
    with frame.card(f"item_{item.digest[:12]}_{abs(hash(item.path))}", tight=True):
        content = portal().datasets.item(actor(), snapshot_id=shown.id, digest=item.digest, side=SIDE)
        if item.media_type.startswith("image"):
            st.image(content.content, width="stretch", alt=item.path)
        else:
            st.caption(links.escape(content.content.decode("utf-8-sig", "replace")[:EXCERPT]))
        st.markdown(links.code(name[:40]), help=links.escape(item.path))
        st.caption(" · ".join(part for part in (links.escape(item.label), size) if part))
