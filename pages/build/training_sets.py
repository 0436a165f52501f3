"""Training sets: rows to learn from, joined with what was known at each of them, split by time."""

import streamlit as st

from app import frame, links, times
from app.session import actor, may, portal
from app.tables import offset_of, pager, shown_of
from app.wording import counted
from core.features import TrainingSet
from core.foundation.text import _
from core.identity import Permission

SIZE = 20


def show() -> None:
    offset = offset_of("page", size=SIZE)
    listing = portal().features.list_training_sets(actor(), offset=offset, limit=SIZE)
    facts = [
        counted(listing.total, _("training set"), _("training sets")),
        _("joined by what was known at each row's moment"),
    ]
    with frame.header(_("Training sets"), facts=facts if listing.total else []):
        if may(Permission.FEATURE_SQL) and st.button(_("New training set"), icon=":material/add:", type="primary"):
            links.open_page("new-training-set")
    if not listing.total:
        advice = _("A training set joins rows with features as they were known then, and splits them by time.")
        frame.empty(_("No training sets yet"), advice=advice, icon="table_view")
        return
    with frame.rows("training_sets"):
        for item in listing.items:
            _row(item)
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="page", size=SIZE)


def _row(item: TrainingSet) -> None:
    rows = sum(split.rows for split in item.splits)
    splits = ", ".join(f"{split.name} {times.number(split.rows)}" for split in item.splits)
    parts = [item.id, splits or item.cause, counted(len(item.uses), _("view"), _("views"))]
    frame.row(
        item.id,
        title=item.name,
        target=item.id,
        state=item.state,
        value=f":gray[{_('{n} rows').format(n=times.number(rows))}]" if rows else "",
        detail=" · ".join(links.escape(part) for part in parts if part),
        age=times.ago(item.created_at, now=frame.now()),
    )


show()
