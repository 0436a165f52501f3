"""Datasets: named tables whose snapshots never change."""

import streamlit as st

from app.lake.datasets import clear, dataset_dialog, filters, state_of, waiting_imports
from app.session import actor, may, portal
from app.ui import frame, links, status, times
from app.ui.tables import grid, offset_of, pager, shown_of
from app.ui.wording import counted
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.lake.values import Dataset

SIZE = 50


def show() -> None:
    head, facets = st.container(), portal().lake.dataset_facets(actor())
    # Who owns a dataset is known as soon as there is one.
    asked = filters(facets) if facets.owners else {}
    listing = portal().lake.list_datasets(actor(), **asked, offset=offset_of("datasets_page", size=SIZE), limit=SIZE)
    with head:
        _head(listing)
        waiting_imports()
    if not facets.owners:
        frame.empty(
            _("No datasets yet"),
            advice=_("Create one, then upload a file or import a package's data."),
            icon="database",
        )
        return
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _catalog(listing)
    with right, frame.card("dataset"):
        if chosen is not None:
            _detail(listing.items[chosen])


def _head(listing: Listing[Dataset]) -> None:
    rows = sum(item.latest.rows for item in listing.items if item.latest)
    facts = [
        counted(listing.total, _("dataset"), _("datasets")),
        _("{n} rows in the newest snapshots").format(n=times.number(rows)),
    ]
    with frame.header(_("Datasets"), facts=facts):
        if may(Permission.DATA_WRITE) and st.button(_("New dataset"), icon=":material/add:", type="primary"):
            dataset_dialog()


def _catalog(listing: Listing[Dataset]) -> int | None:
    if not listing.items:
        with frame.empty(_("No dataset is like that"), advice=_("Ask for less, or see all."), icon="search_off"):
            st.button(_("Show all"), key="datasets_clear", on_click=clear)
        return None
    now, items = frame.now(), listing.items
    chosen = grid(
        {
            _("Dataset"): [item.name for item in items],
            _("Rows"): [item.latest.rows if item.latest else 0 for item in items],
            _("Version"): [f"v{item.snapshots}" if item.snapshots else "—" for item in items],
            _("State"): [state_of(item) for item in items],
            _("Updated"): [
                times.ago(item.latest.created_at if item.latest else item.created_at, now=now) for item in items
            ],
        },
        key="datasets",
        states=_("State"),
        widths={_("Rows"): 88, _("Version"): 70, _("State"): 150, _("Updated"): 88},
        numbers={_("Rows"): "localized"},
        required=True,
    )
    st.caption(shown_of(len(items), listing.total))
    pager(listing.total, key="datasets_page", size=SIZE)
    return chosen


def _detail(item: Dataset) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
        st.header(links.escape(item.name), anchor=False, width="content")
        status.badge(state_of(item))
    if item.description:
        st.caption(links.escape(item.description))
    if st.button(_("Open"), type="primary", icon=":material/arrow_forward:", key=f"open_{item.id}"):
        links.open_object(item.id)
    pairs = {_("Id"): f"`{item.id}`", _("Owner"): links.escape(frame.name_of(item.owner))}
    if item.tags:
        pairs[_("Tags")] = links.escape(", ".join(item.tags))
    if item.waiting:
        pairs[_("To confirm")] = counted(item.waiting, _("import"), _("imports"))
    if item.latest:
        known = [column for column in item.latest.columns if column.known]
        pairs |= {
            _("Newest"): f"`{item.latest.id}` v{item.latest.version}",
            _("Rows"): times.number(item.latest.rows),
            _("Columns"): str(len(item.latest.columns)),
            _("Known later"): links.escape(", ".join(column.name for column in known)) or "—",
            _("Digest"): f"`{item.latest.digest[:12]}`",
        }
    frame.facts(pairs)


show()
