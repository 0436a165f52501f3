"""What the draft comes to so far, beside every step: rows, inputs, the labels and what else to look at."""

import streamlit as st

from app.training_sets.builder.draft import Draft, change
from app.training_sets.builder.figures import shares_bar
from app.training_sets.builder.steps import Rows
from app.training_sets.builder.views import version_of
from app.ui import frame, links, numbers
from app.ui.wording import counted
from core.features.training_sets.proposals.values import SplitsPreview
from core.foundation.errors import Invalid
from core.foundation.text import _

SHOWN_CLASSES = 5


def result_card(shown: Draft, rows: Rows) -> None:
    with frame.card("set_result", tight=True):
        frame.card_head(_("Result"))
        looked_up = sum(len(version_of(use.version_id).features) for use in shown.uses)
        rows_words = counted(rows.proposal.rows, _("row"), _("rows"))
        inputs_words = counted(rows.inputs + looked_up, _("input"), _("inputs"))
        st.markdown(f"**{rows_words}**, **{inputs_words}**")
        if shown.uses:
            words = _("{sent} sent with each request, {others} looked up")
            st.caption(words.format(sent=numbers.number(rows.inputs), others=numbers.number(looked_up)))
        if isinstance(rows.counted, Invalid):
            warning(rows.counted.message, hint=rows.counted.hint)
        else:
            label_balance(rows.counted)
        for note in rows.proposal.notes:
            st.caption(f":material/info: {links.escape(note)}")
        if shown.uses:
            _known_at(shown)


def warning(message: str, *, hint: str = "") -> None:
    st.markdown(f":orange[:material/warning: **{links.escape(message)}**]")
    if hint:
        st.caption(links.escape(hint))


def label_balance(preview: SplitsPreview) -> None:
    """The labels of all rows that lie in a split."""
    rows = sum(split.rows for split in preview.splits if split.spread)
    shares: dict[str, float] = {}
    for split in preview.splits:
        for name, share in (split.spread.shares if split.spread else {}).items():
            shares[name] = shares.get(name, 0.0) + share * split.rows / max(1, rows)
    if shares:
        most = sorted(shares.items(), key=lambda item: -item[1])[:SHOWN_CLASSES]
        words = ", ".join(f"{name}: {numbers.percent(share)}" for name, share in most)
        st.markdown(shares_bar([share for _name, share in most], alt=words))
        more = ", \u2026" if len(shares) > len(most) else ""
        st.caption(links.escape(words + more))
        return
    numeric = [split.spread for split in preview.splits if split.spread and split.spread.lowest is not None]
    if numeric:
        low = min(spread.lowest for spread in numeric if spread.lowest is not None)
        high = max(spread.highest for spread in numeric if spread.highest is not None)
        words = _("Label: from {low} to {high}")
        st.caption(words.format(low=numbers.number(low), high=numbers.number(high)))


def _known_at(shown: Draft) -> None:
    key = "set_known_at"
    st.session_state[key] = shown.known_at
    st.toggle(
        _("Values count from when they were known"),
        key=key,
        help=_("Without it, late rows and corrections count from their event time."),
        on_change=lambda: change(known_at=st.session_state[key]),
    )
