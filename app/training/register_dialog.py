"""The dialog that makes a run's model a version of a named model."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.registry.model_choice import choose_model
from app.registry.naming import title_of
from app.session import actor, portal
from app.ui import forms, frame, links
from core.foundation.text import N_, _
from core.registry.values import ModelVersion
from core.training.values import Run


@forms.dialog(N_("Register a version"), width="medium")
def register(run: Run) -> None:
    """Asks of which model, and opens the version that was made."""
    st.caption(_("The exact bytes of {id}'s model become the next version. They never change.").format(id=run.id))
    places: dict[str, DeltaGenerator] = {}
    learned = portal().training_sets.get_training_set(actor(), training_set_id=run.training_set_id)
    chosen = choose_model(run.project, key="register", places=places, target=learned.target)
    card = st.text_area(
        _("Card"),
        key="register_card",
        height=120,
        placeholder=_("Left empty, the card says what it was trained on and how good it is."),
    )
    if st.button(_("Register"), type="primary", key="register_now", icon=":material/deployed_code:"):
        registered: list[ModelVersion] = []
        with forms.attempt(places) as done:
            registered.append(
                portal().training.register_version(actor(), run_id=run.id, card=card or "", **chosen.arguments())
            )
        if done.succeeded:
            frame.say(_("{id} is {version}").format(id=run.id, version=title_of(registered[0])))
            links.open_object(registered[0].id)
