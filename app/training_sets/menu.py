"""What the header of a training set's page offers."""

from functools import partial

import streamlit as st

from app.next_action.training import training_set_action
from app.next_action.values import NextAction, nothing
from app.session import actor, portal
from app.ui import frame, links
from app.ui.fields import keeping
from app.ui.fields.naming import RENAME, rename_dialog
from app.ui.health import put_away_state
from app.ui.primary_action import rights
from core.features.training_sets.values import TrainingSet
from core.foundation.text import N_, _

LIKE_IT = N_("Make one like it")


def next_step(training_set: TrainingSet) -> NextAction:
    """The page's primary action; none for what was put away."""
    if put_away_state(training_set.id):
        return nothing()
    return training_set_action(training_set, now=frame.now(), rights=rights(training_set.project))


def menu(training_set: TrainingSet) -> None:
    """What else those may do who make training sets."""
    dialogs = {
        _(LIKE_IT): lambda: links.open_page("new-training-set", like=training_set.id),
        _(RENAME): lambda: rename_dialog(training_set.title, training_set.name, partial(_rename, training_set)),
    }
    keeping.menu(dialogs, training_set.id, title=training_set.title, project=training_set.project)


def sweep(training_set: TrainingSet, *, missing: str) -> None:
    """The way to a sweep, beside the one to a run."""
    if st.button(_("Start a sweep"), icon=":material/tune:", disabled=bool(missing), help=missing or None):
        links.open_page("start-sweep", training_set=training_set.id)


def _rename(training_set: TrainingSet, title: str) -> None:
    portal().training_sets.rename_training_set(actor(), training_set_id=training_set.id, title=title)
