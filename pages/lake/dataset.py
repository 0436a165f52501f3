"""One dataset: the profile of a snapshot, its rows or files, what its import did, its versions, what learned from it,
and what hangs on it."""

from collections.abc import Callable

import streamlit as st

from app.lake import retention, snapshot_list
from app.lake.datasets import snapshot_dialog
from app.lake.file_gallery import items
from app.lake.profiles import preview_table, profile_grid
from app.session import actor, may, portal
from app.ui import frame, links
from app.ui.fields.address import tabs
from app.ui.health import health_of, put_away_state
from core.foundation.ids import Kind, kind_of
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.values import Dataset, Snapshot

Parts = dict[str, Callable[[], None]]


def show() -> None:
    wanted = links.wanted_id(Kind.DATASET, Kind.SNAPSHOT)
    shown = None
    if kind_of(wanted) is Kind.SNAPSHOT:
        shown = portal().datasets.get_snapshot(actor(), snapshot_id=wanted)
    dataset = portal().datasets.get_dataset(actor(), dataset_id=shown.dataset_id if shown else wanted)
    shown = shown or dataset.latest
    facts, stage = snapshot_list.facts_of(dataset, shown), snapshot_list.stage_of(shown)
    crumbs, health = [(_("Datasets"), "datasets")], health_of(shown.id if shown and shown.quarantine else wanted)
    state, whole = put_away_state(dataset.id), dataset.id
    with frame.header(dataset.title, stage=stage, facts=facts, crumbs=crumbs, here=wanted, whole=whole, health=health):
        is_asked = (
            not state
            and may(Permission.DATA_WRITE, project=dataset.project)
            and st.button(_("Add a snapshot"), type="primary", icon=":material/upload:")
        )
        if is_asked:
            snapshot_dialog(dataset)
        if _can_teach(dataset, shown) and st.button(_("New training set"), icon=":material/table_view:", key="new_set"):
            links.open_page("new-training-set", dataset=wanted)
        retention.menu(dataset, shown)
    if dataset.description:
        st.markdown(links.escape_lines(dataset.description))
    snapshot_list.tags(dataset)
    if shown is None:
        frame.empty(
            _("No rows yet"),
            advice="" if state else _("Add a snapshot: upload a CSV or Parquet file, or import a package's data."),
            icon="table_rows",
        )
        return
    _tabs(dataset, shown)


def _can_teach(dataset: Dataset, shown: Snapshot | None) -> bool:
    """Whether the visitor can make a training set of these rows."""
    is_usable = shown is not None and not shown.quarantine and shown.deleted_at is None
    is_of_rows = dataset.form == "table" and not put_away_state(dataset.id)
    return is_usable and is_of_rows and may(Permission.FEATURE_SQL, project=dataset.project)


def _tabs(dataset: Dataset, shown: Snapshot) -> None:
    columns: Parts = {N_("Columns"): lambda: _columns(shown)}
    # Of files people want to see the files, of a table what its columns are.
    is_of_files = dataset.form == "files"
    content: Parts = {N_("Files") if is_of_files else N_("Rows"): lambda: _content(dataset, shown)}
    tabs(
        {
            **(content | columns if is_of_files else columns | content),
            N_("Import"): lambda: snapshot_list.report(shown),
            N_("Versions"): lambda: snapshot_list.versions(dataset, shown),
            N_("Lineage"): lambda: frame.lineage(shown.id),
            N_("Impact"): lambda: retention.impact(shown),
        }
    )


def _columns(shown: Snapshot) -> None:
    profile_grid(shown.columns, portal().datasets.profile(actor(), snapshot_id=shown.id), key="profile")


def _content(dataset: Dataset, shown: Snapshot) -> None:
    if shown.deleted_at is not None:
        frame.empty(_("The rows were deleted"), advice=_("Their description, profile and lineage stay."), icon="delete")
    elif dataset.form == "files":
        items(shown)
    else:
        preview_table(portal().datasets.preview(actor(), snapshot_id=shown.id, limit=50))


show()
