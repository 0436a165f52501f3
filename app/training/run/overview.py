"""The first tab of a run: how it stands against others, how it learned, and what it was made of."""

import streamlit as st

from app.registry.evaluations import evaluation_table
from app.training.code import code_facts
from app.training.progress import learning
from app.training.run.marks import notes
from app.training.run.rivals import against
from app.ui import frame
from app.ui.neighbors import neighbors
from app.ui.parameters import parameters
from core.foundation.text import _
from core.tasks.task import task_called
from core.training.values import Run


def overview(run: Run) -> None:
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        against(run)
        learning(run)
        if run.evaluations:
            frame.section(_("Evaluations"), hint=_("on every split"))
            evaluation_table(run.evaluations, task=task_called(run.task), has_model=bool(run.manifest))
    with right:
        frame.section(_("Parameters"), hint=_("changed from the defaults"))
        parameters({**run.params, "seed": run.seed}, recipe=run.recipe)
        code_facts(run)
        notes(run)
        made_from = (run.requirement_id, run.training_set_id, run.sweep_id, run.version_id)
        neighbors(run.id, made_from, title=_("Belongs to"))
        frame.section(_("Activity"))
        frame.activity(run.id)
