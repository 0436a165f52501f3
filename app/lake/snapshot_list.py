"""Parts of the dataset page: the line of its snapshots, and what the import of one did."""

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, numbers, times
from app.ui.fields.naming import identifier
from app.ui.wording import counted
from core.foundation.text import _
from core.lake.values import Dataset, Snapshot


def facts_of(dataset: Dataset, shown: Snapshot | None) -> list[str]:
    """At most four facts for the head of the page, and the identifier where the title does not say it."""
    owner = _("Owner {name}").format(name=links.escape(frame.name_of(dataset.owner)))
    name = identifier(dataset.title, dataset.name)
    if shown is None:
        return [name, owner]
    age = times.since(shown.created_at, now=frame.now())
    return [
        name,
        _("{snapshot}, version {version} of {n}").format(snapshot=shown.id, version=shown.version, n=dataset.snapshots),
        _("{n} rows, {columns} columns, {size}").format(
            n=numbers.number(shown.rows), columns=len(shown.columns), size=numbers.size(shown.bytes)
        ),
        owner,
        _("imported by {name}, {age}").format(name=links.escape(frame.name_of(shown.created_by)), age=age),
    ]


def state_of(shown: Snapshot) -> str:
    return "quarantined" if shown.quarantine and not shown.deleted_at else stage_of(shown)


def stage_of(shown: Snapshot | None) -> str:
    """Where a snapshot is in its life."""
    return "empty" if shown is None else "deleted" if shown.deleted_at else "ready"


def report(shown: Snapshot) -> None:
    """What the import chose and left out."""
    import_report = shown.report
    frame.facts(
        {
            _("Rows read"): numbers.number(import_report.rows_read),
            _("Rows rejected"): numbers.number(import_report.rows_rejected),
            _("A row is identified by"): links.escape(", ".join(shown.key)) or "—",
            _("Manifest"): f"`{shown.digest[:16]}`",
            _("Files"): str(len(shown.files)),
        }
    )
    for line in (*import_report.reasons, *import_report.choices):
        st.markdown(f":gray[:material/check_small:] {links.escape(line)}")


def versions(dataset: Dataset, shown: Snapshot) -> None:
    """Every snapshot with its rows, its bytes, and how many files it shares with the one before it."""
    items = portal().datasets.list_snapshots(actor(), dataset_id=dataset.id, limit=50).items
    with frame.rows("versions"):
        for place, item in enumerate(items):
            before = items[place + 1] if place + 1 < len(items) else None
            with frame.row(
                item.id,
                title=f"v{item.version}",
                target=item.id,
                value=f"`{item.digest[:12]}`" + (" :gray-badge[" + _("shown") + "]" if item.id == shown.id else ""),
                detail=_detail(item, before),
                state="" if state_of(item) == "ready" else state_of(item),
                age=times.ago(item.created_at, now=frame.now()),
            ):
                if before and not (item.deleted_at or before.deleted_at):
                    label = _("Compare with v{version}").format(version=before.version)
                    links.page_link("dataset-diff", label, left=before.id, right=item.id)


def _detail(item: Snapshot, before: Snapshot | None) -> str:
    shared = {file.digest for file in item.files} & {file.digest for file in before.files} if before else set()
    parts = [
        item.id,
        counted(item.rows, _("row"), _("rows")),
        numbers.size(item.bytes),
        _("{n} of {all} files shared with v{version}").format(
            n=len(shared), all=len(item.files), version=before.version
        )
        if before and shared
        else "",
        _("by {name}").format(name=links.escape(frame.name_of(item.created_by))),
    ]
    return " · ".join(part for part in parts if part)


def tags(dataset: Dataset) -> None:
    if dataset.tags:
        st.markdown(" ".join(f":gray-badge[{links.escape(tag)}]" for tag in dataset.tags))
