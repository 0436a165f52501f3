"""The form that starts a training: rows, recipe, parameters, and what fits now."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.requirements.choice import requirement_choice
from app.session import actor, may, portal
from app.training.form import Offered, choose_recipe, choose_set, code_archive, fit_line, nothing_offered, offered_sets
from app.ui import forms, frame, links
from core.features.training_sets.values import TrainingSet
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.values import DEFAULT_SEED, RecipeCard, Run

COMMON = ("epochs", "learning_rate", "dropout", "embedding_width")


def show() -> None:
    facts = [_("A model learns from a training set and is judged on rows it never saw")]
    frame.header(_("Start training"), facts=facts)
    if not may(Permission.JOBS_WRITE):
        frame.empty(_("Engineers train models"), advice=_("Ask an administrator for that role."), icon="lock")
        return
    offered = offered_sets()
    if not offered.sets:
        nothing_offered(offered)
        return
    st.markdown(fit_line())
    _form(offered)


def _form(offered: Offered) -> None:
    left, right = st.columns([1, 1.72], gap="medium")
    with left:
        frame.section(_("What"))
        with frame.card("what"):
            chosen = choose_set(offered, key="training_set_choice")
            card = choose_recipe(chosen, key="recipe_choice")
            requirement = requirement_choice(chosen.project)
    with right:
        frame.section(_("How"), hint=_("what is not changed keeps the recipe's default"))
        places: dict[str, DeltaGenerator] = {}
        with st.form("start"):
            entered = _parameters(card, places)
            source = code_archive(card)
            seed, title = _identity(chosen, card)
            pressed = st.form_submit_button(
                _("Start training"), type="primary", icon=":material/play_circle:", key="start_now"
            )
        if pressed:
            request = {"params": entered, "seed": seed, "title": title, "requirement_id": requirement, "source": source}
            _start(chosen, card, request=request, places=places)


def _parameters(card: RecipeCard, places: dict[str, DeltaGenerator]) -> dict[str, Any]:
    """The ones that matter most at once, the others behind one click."""
    names = list(card.parameters.get("properties", {}))
    first = [name for name in COMMON if name in names]
    first = (first + [name for name in names if name not in first])[: len(COMMON)]
    # Addresses and texts are longer than figures.
    columns = 2 if card.takes_source else len(COMMON)
    entered = forms.fields(card.parameters, key=f"params_{card.name}", only=first, columns=columns, places=places)
    rest = [name for name in names if name not in first]
    if rest:
        with st.expander(_("{n} more parameters").format(n=len(rest))):
            # What is wrong with one of them is said where everybody sees it.
            entered |= forms.fields(card.parameters, key=f"params_{card.name}", only=rest, columns=3)
    return entered


def _identity(chosen: TrainingSet, card: RecipeCard) -> tuple[int, str]:
    left, right = st.columns([1, 3], gap="medium")
    help_text = _("Weights, shuffling and dropout are drawn from it: the same seed and rows give the same model.")
    seed = left.number_input(_("Seed"), value=DEFAULT_SEED, step=1, key="seed", help=help_text)
    suggestion = f"{card.title.partition(':')[0]}, {chosen.title}"
    title = right.text_input(_("Title"), key="title", placeholder=suggestion)
    return DEFAULT_SEED if seed is None else seed, (title or "").strip()


def _start(
    chosen: TrainingSet, card: RecipeCard, *, request: dict[str, Any], places: dict[str, DeltaGenerator]
) -> None:
    started: list[Run] = []
    with forms.attempt(places) as done:
        request["params"] = {name: value for name, value in request["params"].items() if value is not None}
        started.append(
            portal().training.start_run(
                actor(), project=chosen.project, recipe=card.name, training_set_id=chosen.id, **request
            )
        )
    if done.succeeded:
        frame.say(_("{id} is queued").format(id=started[0].id))
        links.open_object(started[0].id)


show()
