"""Runs: every training, the best of them marked, and the way to compare what came of them."""

import streamlit as st

from app.session import actor, may, portal
from app.training.runs import best_run, best_sentence, catalog, chosen_card, filters, running_strip
from app.ui import frame, links
from app.ui.components.rows import window
from app.ui.tables import no_match
from app.ui.wording import counted
from core.compute.values import JobState
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.values import Run


def show() -> None:
    total = portal().training.list_runs(actor(), limit=1).total
    running = portal().training.list_runs(actor(), state=JobState.RUNNING, limit=1).total
    facts = [counted(total, _("run"), _("runs")), _("{n} under way").format(n=running) if running else ""]
    with frame.header(_("Runs"), facts=facts if total else []):
        _actions()
    if not total:
        advice = _("A run trains a model from a training set. Its curves, figures and log will appear here.")
        with frame.empty(_("No runs yet"), advice=advice, icon="model_training"):
            links.page_link("start-training", _("Start training"), icon=":material/play_circle:")
        return
    best = best_run(st.query_params.get("training_set", ""))
    st.markdown(best_sentence(best))
    if running:
        frame.live(running_strip, running=True)
    _list(best)


def _actions() -> None:
    if may(Permission.JOBS_WRITE):
        if st.button(_("Start a sweep"), icon=":material/tune:", key="start_sweep"):
            links.open_page("start-sweep")
        if st.button(_("Start training"), icon=":material/play_circle:", type="primary", key="start_training"):
            links.open_page("start-training")


def _list(best: Run | None) -> None:
    state, order, recipe = filters()
    training_set, sweep = st.query_params.get("training_set", ""), st.query_params.get("sweep", "")
    part = window("runs", state, order, recipe, training_set, sweep)
    listing = portal().training.list_runs(
        actor(),
        state=JobState(state) if state else "",
        recipe=recipe,
        training_set_id=training_set,
        sweep_id=sweep,
        order_by=order,
        offset=part.offset,
        limit=part.limit,
    )
    if not listing.items:
        no_match(_("No run matches"), {"state": None, "recipe": "", "training_set": "", "sweep": ""})
        return
    chosen = catalog(listing, best=best)
    if not chosen:
        st.caption(_("Choose one to see its parameters, several to compare them."))
    if chosen:
        chosen_card(chosen)


show()
