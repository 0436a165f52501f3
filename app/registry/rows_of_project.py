"""Rows that a project has, as the arguments of an action name them: a split of a training set, or a snapshot."""

import streamlit as st

from app.session import actor, portal
from core.foundation.text import N_, _

PLACES = {"set": N_("A training set"), "dataset": N_("A dataset")}
MOST = 200


def choose(project: str, *, place: str, key: str, leave_out: str = "") -> dict[str, str]:
    """The fields for one of the places; nothing where the project has none of its kind yet, which is said.
    `leave_out` is a training set that is not offered."""
    rows = _of_set(project, key=key, leave_out=leave_out) if place == "set" else _of_dataset(project, key=key)
    if not rows:
        st.caption(_("There is none in this project yet."))
    return rows


def _of_set(project: str, *, key: str, leave_out: str) -> dict[str, str]:
    listed = portal().training_sets.list_training_sets(actor(), project=project, limit=MOST).items
    sets = {item.id: item for item in listed if item.splits and item.id != leave_out}
    if not sets:
        return {}
    left, right = st.columns([2, 1])
    chosen = left.selectbox(
        _("Training set"), list(sets), format_func=lambda set_id: f"{sets[set_id].title} · {set_id}", key=f"{key}_set"
    )
    splits = [split.name for split in sets[chosen].splits]
    split = right.selectbox(_("Split"), splits, index=len(splits) - 1, key=f"{key}_split")
    return {"training_set_id": chosen, "split": split}


def _of_dataset(project: str, *, key: str) -> dict[str, str]:
    listed = portal().datasets.list_datasets(actor(), project=project, limit=MOST).items
    snapshots = {item.latest.id: item.latest.title for item in listed if item.latest}
    if not snapshots:
        return {}
    chosen = st.selectbox(_("Dataset"), list(snapshots), format_func=snapshots.__getitem__, key=f"{key}_dataset")
    return {"snapshot_id": chosen}
