"""What the inputs of a training set bring: by the best version that was trained on it."""

import streamlit as st

from app.explanations.importance import importance_of, most_important
from app.session import actor, portal
from app.ui import frame, links
from core.features.training_sets.values import TrainingSet
from core.foundation.text import _
from core.training.values import RunOrder

# Among so many of the best runs it is looked for.
MOST_RUNS = 50


def importance_of_inputs(training_set: TrainingSet) -> None:
    """As bars, with the version; where nothing is known, what to do for it."""
    version_id = best_version(training_set.id)
    frame.section(_("What the inputs bring"), key="inputs_importance")
    if not version_id:
        st.caption(_("No version was trained on it yet: train a model and register its run."))
        return
    known, title = importance_of(version_id), links.title_of(version_id, version_id)
    link = f"[{links.escape(title)}]({links.address_of(version_id)})"
    if known.report is None:
        words = _("It is being measured for {version}.") if known.job_id else _("Measure it on the page of {version}.")
        st.caption(words.format(version=link))
        return
    st.caption(_("Of {version}, the best version trained on it.").format(version=link))
    most_important(known.report, key="inputs_bars")


def best_version(training_set_id: str) -> str:
    """Of the runs on it, by its rows of validation; empty where none of them was registered."""
    runs = portal().training.list_runs(
        actor(), training_set_id=training_set_id, order_by=RunOrder.BEST, limit=MOST_RUNS
    )
    return next((run.version_id for run in runs.items if run.version_id), "")
