"""What a training or a sweep is asked for with: a ready training set, a recipe, and what fits now."""

import streamlit as st

from app import links, times
from app.parameters import recipes
from app.session import actor, may, portal
from app.wording import counted
from core.features import TrainingSet, TrainingSetState
from core.foundation.text import _
from core.identity import Permission
from core.training import RecipeCard

MOST = 200


def ready_sets() -> dict[str, TrainingSet]:
    """The training sets one may train from, the newest first."""
    listing = portal().features.list_training_sets(actor(), limit=MOST)
    ready = (one for one in listing.items if one.state is TrainingSetState.READY)
    return {one.id: one for one in ready if may(Permission.JOBS_WRITE, project=one.project)}


def choose_set(sets: dict[str, TrainingSet], *, key: str) -> TrainingSet:
    """One of them; at first the one that the address names."""
    wanted = st.query_params.get("training_set", "")
    names = list(sets)
    index = names.index(wanted) if wanted in sets else 0
    chosen = st.selectbox(_("Training set"), names, index=index, format_func=lambda one: _set_name(sets[one]), key=key)
    return sets[chosen or names[0]]


def _set_name(one: TrainingSet) -> str:
    rows = sum(split.rows for split in one.splits)
    return _("{name} · {id} · {rows} rows").format(name=one.name, id=one.id, rows=times.number(rows))


def choose_recipe(*, key: str) -> RecipeCard:
    """A recipe, with what it is good for."""
    found = recipes()
    wanted = st.query_params.get("recipe", "")
    names = list(found)
    index = names.index(wanted) if wanted in found else 0
    name = st.selectbox(_("Recipe"), names, index=index, format_func=lambda one: found[one].title, key=key)
    card = found[name or names[0]]
    st.caption("\n\n".join(links.escape(part) for part in card.help.split("\n\n")))
    return card


def fit_line() -> str:
    """Whether a training can start now, as Markdown."""
    resources = portal().training.resources()
    fit = portal().compute.fit(actor(), resources=resources)
    look = {"now": (":green", "check_circle"), "later": (":orange", "schedule")}.get(fit.verdict, (":red", "error"))
    cores = counted(resources.cpus, _("core"), _("cores"))
    asks = _("{cores}, {memory} GB").format(cores=cores, memory=f"{resources.memory_mb / 1024:g}")
    if resources.gpus:
        asks += _(", {n} GPU").format(n=resources.gpus)
    return (
        f"{look[0]}[:material/{look[1]}:] {links.escape(fit.advice)} :gray[{_('It takes {asks}.').format(asks=asks)}]"
    )
