"""The form that starts a sweep: what is searched, how many trials, and how they are judged."""

from typing import Any

import streamlit as st

from app.session import actor, may, portal
from app.sweeps.space_editor import Places, edit_space
from app.training.form import Offered, choose_recipe, choose_set, fit_line, nothing_offered, offered_sets
from app.ui import forms, frame, links
from app.ui.numbers import metric_name
from app.ui.tasks import leading_metrics
from core.features.training_sets.values import TrainingSet
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.sweeps.space import lint_space
from core.sweeps.values import Dimension, Sweep
from core.training.values import DEFAULT_SEED, RecipeCard

SAMPLERS = {"tpe": N_("TPE, learns from trials"), "random": N_("Random"), "qmc": N_("Quasi-random, evenly spread")}
PRUNERS = {"median": N_("Median: stop the worse half"), "hyperband": N_("Hyperband"), "none": N_("Never")}


def show() -> None:
    facts = [_("Trials search for good parameters; the best is then trained again with fresh seeds")]
    frame.header(_("Start a sweep"), crumbs=[(_("Sweeps"), "sweeps")], facts=facts)
    if not may(Permission.JOBS_WRITE):
        frame.empty(_("Engineers start sweeps"), advice=_("Ask an administrator for that role."), icon="lock")
        return
    offered = offered_sets()
    if not offered.sets:
        nothing_offered(offered)
        return
    st.markdown(fit_line())
    _form(offered)


def _form(offered: Offered) -> None:
    places: Places = {}
    left, right = st.columns([1, 1.72], gap="medium")
    with left:
        frame.section(_("What"))
        with frame.card("what"):
            chosen = choose_set(offered, key="training_set_choice")
            card = choose_recipe(chosen, key="recipe_choice", for_sweep=True)
        frame.section(_("Trials"))
        with frame.card("trials"):
            trial_fields = _trials(chosen.target.task)
    with right:
        with frame.section(_("Search space"), hint=_("everything else stays fixed")):
            pressed = st.button(_("Start the sweep"), type="primary", icon=":material/tune:", key="start_now")
        with frame.card("space"):
            space, fixed = _space(card, places, trials=trial_fields["trials"])
        if pressed:
            _start(chosen, card, places=places, request={"space": space, "base_params": fixed, **trial_fields})


def _space(card: RecipeCard, places: Places, *, trials: int) -> tuple[dict[str, Dimension], dict[str, Any]]:
    space: dict[str, Dimension] = {}
    with forms.attempt(places):
        space = edit_space(card, places)
    if not space:
        st.caption(_(":orange[:material/warning:] Choose a parameter at least."))
    for warning in lint_space(space, trials=trials) if space else ():
        st.caption(f":orange[:material/warning:] {links.escape(warning)}")
    properties = card.parameters.get("properties", {})
    rest = [name for name in properties if name not in space]
    with st.expander(_("{n} fixed parameters").format(n=len(rest))):
        entered = forms.fields(card.parameters, key=f"fixed_{card.name}", only=rest, columns=3)
    return space, {
        name: value for name, value in entered.items() if value not in (None, properties[name].get("default"))
    }


def _trials(task: str) -> dict[str, Any]:
    left, right = st.columns(2, gap="small")
    trials = left.number_input(_("Trials"), value=20, step=1, key="trials")
    workers = right.number_input(_("Workers at once"), value=2, step=1, key="workers")
    metric = left.selectbox(_("Judged by"), leading_metrics([task]), format_func=metric_name, key="metric")
    confirm = right.number_input(
        _("Fresh seeds"), value=3, step=1, key="confirm", help=_("How often the best is trained again to confirm it.")
    )
    sampler = st.selectbox(_("Sampler"), list(SAMPLERS), format_func=lambda chosen: _(SAMPLERS[chosen]), key="sampler")
    pruner = st.selectbox(_("Pruning"), list(PRUNERS), format_func=lambda chosen: _(PRUNERS[chosen]), key="pruner")
    left, right = st.columns([1, 2], gap="small")
    seed = left.number_input(_("Seed"), value=DEFAULT_SEED, step=1, key="seed")
    title = right.text_input(_("Title"), key="title", placeholder=_("Automatic"))
    return {
        "trials": trials or 0,
        "workers": workers or 0,
        "metric": metric,
        "confirm_seeds": confirm or 0,
        "sampler": sampler,
        "pruner": pruner,
        "seed": DEFAULT_SEED if seed is None else seed,
        "title": (title or "").strip(),
    }


def _start(chosen: TrainingSet, card: RecipeCard, *, places: Places, request: dict[str, Any]) -> None:
    started: list[Sweep] = []
    with forms.attempt(places) as done:
        started.append(
            portal().sweeps.start_sweep(
                actor(), project=chosen.project, recipe=card.name, training_set_id=chosen.id, **request
            )
        )
    if done.succeeded:
        frame.say(_("{id} has started").format(id=started[0].id))
        links.open_object(started[0].id)


show()
