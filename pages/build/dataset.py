"""One dataset: the profile of a snapshot, its rows, what its import did, its versions, and what learned from it."""

import streamlit as st

from app import frame, links, times
from app.datasets import snapshot_dialog
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
    crumbs = [(_("Datasets"), "datasets")]
    state = "ready" if shown else "empty"
    with frame.header(dataset.name, state=state, facts=_facts(dataset, shown), crumbs=crumbs, here=wanted):
        if may(Permission.DATA_WRITE, project=dataset.project) and st.button(
            _("Add a snapshot"), type="primary", icon=":material/upload:"
        ):
            snapshot_dialog(dataset)
    if dataset.description:
        st.markdown(links.escape_lines(dataset.description))
    if shown is None:
        frame.empty(
            _("No rows yet"),
            advice=_("Add a snapshot: upload a CSV or Parquet file, or import a package's data."),
            icon="table_rows",
        )
        return
    _tabs(dataset, shown)


def _facts(dataset: Dataset, shown: Snapshot | None) -> list[str]:
    if shown is None:
        return [_("Owner {name}").format(name=links.escape(frame.name_of(dataset.owner)))]
    age = times.ago(shown.created_at, now=frame.now())
    return [
        _("{snapshot}, version {version} of {n}").format(snapshot=shown.id, version=shown.version, n=dataset.snapshots),
        _("{n} rows, {columns} columns").format(n=times.number(shown.rows), columns=len(shown.columns)),
        times.size(shown.bytes),
        _("imported by {name}, {age}").format(name=links.escape(frame.name_of(shown.created_by)), age=age),
    ]


def _tabs(dataset: Dataset, shown: Snapshot) -> None:
    profile, rows, report, versions, lineage = st.tabs(
        [_("Columns"), _("Rows"), _("Import"), _("Versions"), _("Lineage")]
    )
    with profile:
        profile_grid(shown.columns, portal().lake.profile(actor(), snapshot_id=shown.id), key="profile")
    with rows:
        preview_table(portal().lake.preview(actor(), snapshot_id=shown.id, limit=50))
    with report:
        _report(shown)
    with versions:
        _versions(dataset, shown)
    with lineage:
        frame.lineage(shown.id)


def _report(shown: Snapshot) -> None:
    report = shown.report
    frame.facts(
        {
            _("Rows read"): times.number(report.rows_read),
            _("Rows rejected"): times.number(report.rows_rejected),
            _("Manifest"): f"`{shown.digest[:16]}`",
            _("Files"): str(len(shown.files)),
        }
    )
    for line in (*report.reasons, *report.choices):
        st.markdown(f":gray[:material/check_small:] {links.escape(line)}")


def _versions(dataset: Dataset, shown: Snapshot) -> None:
    listing = portal().lake.list_snapshots(actor(), dataset_id=dataset.id, limit=50)
    with frame.rows("versions"):
        for item in listing.items:
            detail = _("{n} rows · {size} · by {name}").format(
                n=times.number(item.rows),
                size=times.size(item.bytes),
                name=links.escape(frame.name_of(item.created_by)),
            )
            frame.row(
                item.id,
                title=f"v{item.version}",
                target=item.id,
                value=f"`{item.digest[:12]}`" + (" :gray-badge[" + _("shown") + "]" if item.id == shown.id else ""),
                detail=f"{item.id} · {detail}",
                age=times.ago(item.created_at, now=frame.now()),
            )


show()
