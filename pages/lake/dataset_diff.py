"""Two snapshots of a dataset compared: the verdict first, then rows, schema, distributions and example rows."""

import streamlit as st

from app.lake.snapshot_diff import VERDICTS, choose, counts, distributions, examples, schema, title_of
from app.session import actor, portal
from app.ui import frame, links
from app.ui.fields.naming import head_of
from core.foundation.ids import Kind, kind_of
from core.foundation.text import _
from core.lake.values import Snapshot


def show() -> None:
    left, right = (_wanted(name) for name in ("left", "right"))
    if left is None or right is None:
        _nothing()
        return
    key = tuple(part for part in st.query_params.get("key", "").split(",") if part)
    diff = portal().datasets.diff(actor(), left_id=left.id, right_id=right.id, key=key)
    state, word = VERDICTS[diff.verdict]
    word = _(word)
    title = _("{left} against {right}").format(left=title_of(right), right=title_of(left))
    rows = _("{key} identifies a row").format(key=links.escape(", ".join(diff.key))) if diff.key else _("no key")
    crumbs = [(_("Datasets"), "datasets"), (head_of(left.title, version=left.version), left.dataset_id)]
    with frame.header(title, state=state, label=word, facts=[left.id, right.id, rows], crumbs=crumbs, here=_("Diff")):
        choose(left, right)
    st.markdown(f"**{links.escape(diff.sentence)}**")
    counts(diff)
    if diff.schema_changes:
        schema(diff)
    if diff.shifts:
        distributions(diff, names=(title_of(left), title_of(right)))
    examples(diff, names=(title_of(left), title_of(right)))


def _wanted(name: str) -> Snapshot | None:
    """The snapshot that the address names; of a dataset its newest."""
    wanted = links.id_in_address(name, Kind.DATASET, Kind.SNAPSHOT)
    if not wanted:
        return None
    if kind_of(wanted) is Kind.DATASET:
        return portal().datasets.get_dataset(actor(), dataset_id=wanted).latest
    return portal().datasets.get_snapshot(actor(), snapshot_id=wanted)


def _nothing() -> None:
    wanted = st.query_params.get("id", "")
    if wanted:
        portal().datasets.get_snapshot(actor(), snapshot_id=wanted)
    with frame.header(_("Compare snapshots"), crumbs=[(_("Datasets"), "datasets")]):
        pass
    with frame.empty(
        _("Nothing to compare yet"),
        advice=_("Open a dataset with two versions and choose Compare beside one of them."),
        icon="difference",
    ):
        links.page_link("datasets", _("Datasets"), icon=":material/database:")


show()
