"""The menu in the header of a training set's page."""

from functools import partial

from app.session import actor, portal
from app.ui import frame, links
from app.ui.fields.naming import RENAME, rename_dialog
from core.features.training_sets.values import TrainingSet
from core.foundation.text import N_, _

LIKE_IT = N_("Make one like it")


def menu(training_set: TrainingSet) -> None:
    """What else those may do who make training sets."""
    chosen = frame.more([_(LIKE_IT), _(RENAME)])
    if chosen == _(LIKE_IT):
        links.open_page("new-training-set", like=training_set.id)
    elif chosen == _(RENAME):
        rename_dialog(training_set.title, training_set.name, partial(_rename, training_set))


def _rename(training_set: TrainingSet, title: str) -> None:
    portal().training_sets.rename_training_set(actor(), training_set_id=training_set.id, title=title)
