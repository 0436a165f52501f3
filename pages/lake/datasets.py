"""Datasets: named tables whose snapshots never change."""

import streamlit as st

from app.lake.datasets import FILTERS, dataset_dialog, filters, stage_of, waiting_imports
from app.session import actor, may, portal
from app.ui import cells, frame, links, numbers
from app.ui.cells import Column, Row
from app.ui.components.rows import BESIDE, rows, window
from app.ui.fields.naming import titled
from app.ui.health import Healths, health_cell, health_column, healths_of
from app.ui.tables import no_match
from app.ui.wording import counted
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.lake.values import Dataset


def show() -> None:
    head, facets = st.container(), portal().datasets.dataset_facets(actor())
    # Who owns a dataset is known as soon as there is one.
    filtered = filters(facets) if facets.owners else {}
    part = window("datasets", filtered)
    listing = portal().datasets.list_datasets(actor(), **filtered, offset=part.offset, limit=part.limit)
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
    healths = healths_of(item.id for item in listing.items)
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _catalog(listing, healths)
    with right, frame.card("dataset"):
        for item in listing.items:
            if item.id in chosen:
                _detail(item, healths)


def _head(listing: Listing[Dataset]) -> None:
    total = sum(item.latest.rows for item in listing.items if item.latest)
    facts = [
        counted(listing.total, _("dataset"), _("datasets")),
        _("{n} rows in the newest snapshots").format(n=numbers.number(total)),
    ]
    with frame.header(_("Datasets"), facts=facts):
        if may(Permission.DATA_WRITE) and st.button(_("New dataset"), icon=":material/add:", type="primary"):
            dataset_dialog()


def _catalog(listing: Listing[Dataset], healths: Healths) -> tuple[str, ...]:
    if not listing.items:
        no_match(_("No dataset matches"), FILTERS)
        return ()
    columns = (
        Column(_("Dataset")),
        Column(_("Rows"), "number", 104),
        Column(_("Version"), "number", 84, priority=3),
        Column(_("Stage"), "word", 80),
        health_column(),
        Column(_("Updated"), "time", 96, priority=2),
    )
    lines = [_row(item, healths) for item in listing.items]
    return rows(columns, lines, key="datasets", label=_("Datasets"), total=listing.total, choice="first", height=BESIDE)


def _row(item: Dataset, healths: Healths) -> Row:
    newest = item.latest
    return Row(
        item.id,
        (
            titled(item.title, item.name, target=item.id),
            cells.number(newest.rows if newest else 0),
            cells.number(item.snapshots, f"v{item.snapshots}" if item.snapshots else "—"),
            cells.word(stage_of(item)),
            health_cell(healths.get(item.id)),
            cells.time(newest.created_at if newest else item.created_at, now=frame.now()),
        ),
        target=item.id,
    )


def _detail(item: Dataset, healths: Healths) -> None:
    frame.card_head(item.title, stage=stage_of(item), health=healths.get(item.id), text=item.description)
    if st.button(_("Open"), type="primary", icon=":material/arrow_forward:", key=f"open_{item.id}"):
        links.open_object(item.id)
    pairs = {
        _("Id"): f"`{item.id}`",
        _("Identifier"): links.code(item.name),
        _("Owner"): links.escape(frame.name_of(item.owner)),
    }
    if item.tags:
        pairs[_("Tags")] = links.escape(", ".join(item.tags))
    if item.waiting:
        pairs[_("To confirm")] = counted(item.waiting, _("import"), _("imports"))
    if item.latest:
        known = [column for column in item.latest.columns if column.known]
        pairs |= {
            _("Newest"): f"`{item.latest.id}` v{item.latest.version}",
            _("Rows"): numbers.number(item.latest.rows),
            _("Columns"): str(len(item.latest.columns)),
            _("Known later"): links.escape(", ".join(column.name for column in known)) or "—",
            _("Digest"): f"`{item.latest.digest[:12]}`",
        }
    frame.facts(pairs)


show()
