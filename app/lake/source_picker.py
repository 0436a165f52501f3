"""Which snapshots SQL reads: datasets are chosen by name, and each is read at its newest snapshot unless another one is
pinned."""

from collections.abc import Mapping

import streamlit as st

from app.session import actor, portal
from app.ui import links, numbers
from app.ui.fields.sticky import sticky
from core.foundation.text import _
from core.lake.values import Dataset

MOST = 200


def choose_sources(
    project: str, *, key: str, given: Mapping[str, str] | None = None, is_sticky: bool = False
) -> dict[str, str]:
    """The tables SQL may name, each with its snapshot. `given` is what an earlier version read; kept choices outlive
    the way to another page and back."""
    listing = portal().datasets.list_datasets(actor(), project=project, limit=MOST)
    datasets = {item.name: item for item in listing.items if item.latest}
    place, first = f"{key}_tables", [name for name in given or () if name in datasets]
    chosen = st.multiselect(
        _("Tables"),
        list(datasets),
        format_func=lambda name: _label(datasets[name]),
        help=_("Datasets by their SQL names."),
        **(sticky(place, first) if is_sticky else {"key": place, "default": first}),
    )
    pinned = given or {}
    return {
        name: _snapshot(datasets[name], key=key, given=pinned.get(name, ""), is_sticky=is_sticky) for name in chosen
    }


def _label(dataset: Dataset) -> str:
    """What SQL says, and the title beside it where that is another."""
    return dataset.name if dataset.title == dataset.name else f"{dataset.name} · {dataset.title}"


def _snapshot(dataset: Dataset, *, key: str, given: str, is_sticky: bool) -> str:
    latest = dataset.latest
    assert latest is not None  # Only datasets with a snapshot are offered.
    if dataset.snapshots == 1:
        return latest.id
    items = portal().datasets.list_snapshots(actor(), dataset_id=dataset.id, limit=50).items
    names = {item.id: f"v{item.version} · {item.id} · {numbers.number(item.rows)} rows" for item in items}
    place, first = f"{key}_snapshot_{dataset.id}", given if given in names else items[0].id
    chosen = st.selectbox(
        _("Snapshot of {name}").format(name=links.escape(dataset.title)),
        list(names),
        format_func=names.__getitem__,
        **(sticky(place, first) if is_sticky else {"key": place, "index": list(names).index(first)}),
    )
    return chosen or latest.id
