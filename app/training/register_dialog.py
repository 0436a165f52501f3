"""The dialog that makes a run's model a version of a named model."""

import streamlit as st

from app.session import actor, portal
from app.ui import forms, frame, links
from core.foundation.text import N_, _
from core.registry.values import ModelVersion
from core.training.values import Run

MOST = 200


@forms.dialog(N_("Register a version"), width="medium")
def register(run: Run) -> None:
    """Asks under which name, and opens the version that was made."""
    names = [model.name for model in portal().registry.list_models(actor(), project=run.project, limit=MOST).items]
    st.caption(_("The exact bytes of {id}'s model become the next version. They never change.").format(id=run.id))
    model = st.selectbox(
        _("Model"),
        names,
        index=0 if names else None,
        accept_new_options=True,
        key="register_model",
        placeholder=_("churn-risk"),
        help=_("Choose one, or type a new name: lowercase letters, digits and dashes."),
    )
    card = st.text_area(
        _("Card"),
        key="register_card",
        height=120,
        placeholder=_("Left empty, the card says what it was trained on and how good it is."),
    )
    if st.button(_("Register"), type="primary", key="register_now", icon=":material/deployed_code:"):
        registered: list[ModelVersion] = []
        with forms.attempt() as done:
            registered.append(
                portal().training.register_version(actor(), run_id=run.id, model=(model or "").strip(), card=card or "")
            )
        if done.succeeded:
            frame.say(_("{id} is {model} v{n}").format(id=run.id, model=registered[0].model, n=registered[0].version))
            links.open_object(registered[0].id)
