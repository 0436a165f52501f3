"""Inputs that predict the label alone: a person says why they are honest, and the training set is ready."""

import streamlit as st

from app.session import actor, portal
from app.ui import forms, links
from core.features.training_sets.values import TrainingSet
from core.foundation.text import N_, _


@forms.dialog(N_("Accept inputs"))
def accept_dialog(training_set: TrainingSet) -> None:
    """Which inputs they are and what is meant, then the reason and the button."""
    names = ", ".join(f"**{links.escape(leak.column)}**" for leak in training_set.leaks)
    st.markdown(
        _(
            "{names}: an input that predicts the label so well is more often the outcome itself than a discovery."
        ).format(names=names)
    )
    reason = st.text_input(
        _("Why it is known at the time of prediction"),
        key="accept_reason",
        help=_("It is kept as evidence with every version that is learned from this set."),
    )
    if st.button(_("Accept"), type="primary", key="accept_do"):
        with forms.attempt() as done:
            portal().training_sets.accept_inputs(actor(), training_set_id=training_set.id, reason=reason or "")
        if done.succeeded:
            st.rerun()
