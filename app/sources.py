"""Which snapshots SQL reads: datasets are chosen by name, and each is read at its newest snapshot unless another one is
pinned."""

from collections.abc import Mapping

import streamlit as st

from app.session import actor, portal
from core.foundation.text import _
from core.lake import Dataset

MOST = 200


def choose_sources(
    project: str, *, key: str, given: Mapping[str, str] | None = None, kept: bool = False
) -> dict[str, str]:
    """The tables SQL may name, each with its snapshot. `given` is what an earlier version read; `kept` choices outlive
    the way to another page and back."""
    listing = portal().lake.list_datasets(actor(), project=project, limit=MOST)
    datasets = {item.name: item for item in listing.items if item.latest}
    chosen = st.multiselect(
        _("Tables"),
        list(datasets),
        default=[name for name in given or () if name in datasets],
        key=f"{key}_tables",
        persist_state="session" if kept else None,
        help=_("Datasets by the name that SQL calls them."),
    )
    pinned = given or {}
    return {name: _snapshot(datasets[name], key=key, given=pinned.get(name, ""), kept=kept) for name in chosen}


def _snapshot(dataset: Dataset, *, key: str, given: str, kept: bool) -> str:
    latest = dataset.latest
    assert latest is not None  # Only datasets with a snapshot are offered.
    if dataset.snapshots == 1:
        return latest.id
    items = portal().lake.list_snapshots(actor(), dataset_id=dataset.id, limit=50).items
    names = {item.id: f"v{item.version} · {item.id} · {item.rows:,} rows" for item in items}
    found = st.selectbox(
        _("Snapshot of {name}").format(name=dataset.name),
        list(names),
        index=list(names).index(given) if given in names else 0,
        format_func=names.__getitem__,
        key=f"{key}_snapshot_{dataset.id}",
        persist_state="session" if kept else None,
    )
    return found or latest.id
