"""One dataset: the profile of a snapshot, its rows or files, what its import did, its versions, what learned from it,
and what hangs on it."""

import streamlit as st

from app import frame, links, snapshot_care, snapshot_versions
from app.datasets import snapshot_dialog
from app.items import items
from app.profiles import preview_table, profile_grid
from app.session import actor, may, portal
from core.foundation.ids import Kind, kind_of
from core.foundation.text import _
from core.identity import Permission
from core.lake.values import Dataset, Snapshot


def show() -> None:
    wanted = links.wanted_id(Kind.DATASET, Kind.SNAPSHOT)
    shown = None
    if kind_of(wanted) is Kind.SNAPSHOT:
        shown = portal().lake.get_snapshot(actor(), snapshot_id=wanted)
    dataset = portal().lake.get_dataset(actor(), dataset_id=shown.dataset_id if shown else wanted)
    shown = shown or dataset.latest
    facts, state = snapshot_versions.facts_of(dataset, shown), snapshot_versions.state_of(shown)
    crumbs = [(_("Datasets"), "datasets")]
    with frame.header(dataset.name, state=state, facts=facts, crumbs=crumbs, here=wanted):
        if may(Permission.DATA_WRITE, project=dataset.project) and st.button(
            _("Add a snapshot"), type="primary", icon=":material/upload:"
        ):
            snapshot_dialog(dataset)
        snapshot_care.menu(dataset, shown)
    if dataset.description:
        st.markdown(links.escape_lines(dataset.description))
    snapshot_versions.tags(dataset)
    if shown is None:
        frame.empty(
            _("No rows yet"),
            advice=_("Add a snapshot: upload a CSV or Parquet file, or import a package's data."),
            icon="table_rows",
        )
        return
    snapshot_versions.held(shown)
    _tabs(dataset, shown)


def _tabs(dataset: Dataset, shown: Snapshot) -> None:
    content = _("Files") if dataset.form == "files" else _("Rows")
    profile, rows, report, versions, lineage, impact = st.tabs(
        [_("Columns"), content, _("Import"), _("Versions"), _("Lineage"), _("Impact")]
    )
    with profile:
        profile_grid(shown.columns, portal().lake.profile(actor(), snapshot_id=shown.id), key="profile")
    with rows:
        _content(dataset, shown)
    with report:
        snapshot_versions.report(shown)
    with versions:
        snapshot_versions.versions(dataset, shown)
    with lineage:
        frame.lineage(shown.id)
    with impact:
        snapshot_care.impact(shown)


def _content(dataset: Dataset, shown: Snapshot) -> None:
    if shown.deleted_at is not None:
        frame.empty(
            _("The rows were deleted"), advice=_("What was known of them stays, and so does the chain."), icon="delete"
        )
    elif dataset.form == "files":
        items(shown)
    else:
        preview_table(portal().lake.preview(actor(), snapshot_id=shown.id, limit=50))


show()
