"""What a training or a sweep is asked for with: a training set that can be learned from, a recipe, and what fits
now."""

from dataclasses import dataclass

import streamlit as st

from app.session import actor, may, portal
from app.ui import frame, links, numbers
from app.ui.parameters import recipes
from app.ui.wording import counted
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.splits import reason_against
from core.training.values import RecipeCard

MOST = 200


@dataclass(frozen=True)
class Offered:
    """The ready training sets of those projects in which one may train, by their ids, the newest first: those that can
    be learned from, and in Markdown why each of the others cannot."""

    sets: dict[str, TrainingSet]
    others: dict[str, str]


def offered_sets() -> Offered:
    listing = portal().training_sets.list_training_sets(actor(), limit=MOST)
    ready = [one for one in listing.items if one.state is TrainingSetState.READY]
    mine = [one for one in ready if may(Permission.JOBS_WRITE, project=one.project)]
    reasons = {one.id: reason_against(one, now=frame.now()) for one in mine}
    return Offered(
        sets={one.id: one for one in mine if not reasons[one.id]},
        others={one.id: _told(one, reasons[one.id]) for one in mine if reasons[one.id]},
    )


def _told(one: TrainingSet, reason: str) -> str:
    return f"**{links.escape(one.name)}** {one.id}: {links.escape(reason)}"


def nothing_offered(offered: Offered) -> None:
    """What stands where nobody can train yet."""
    advice = _("A training set joins rows with features as they were known, and splits them by time.")
    with frame.empty(_("There is no training set to learn from yet"), advice=advice, icon="table_view"):
        links.page_link("new-training-set", _("New training set"), icon=":material/add:")
    _tell_others(offered)


def choose_set(offered: Offered, *, key: str) -> TrainingSet:
    """One of them; at first the one that the address names."""
    sets, wanted = offered.sets, st.query_params.get("training_set", "")
    names = list(sets)
    index = names.index(wanted) if wanted in sets else 0
    chosen = st.selectbox(_("Training set"), names, index=index, format_func=lambda one: _set_name(sets[one]), key=key)
    _tell_others(offered)
    return sets[chosen or names[0]]


def _tell_others(offered: Offered) -> None:
    """Which sets cannot be learned from, and why; in sight the one that was asked for."""
    if wanted := offered.others.get(st.query_params.get("training_set", "")):
        st.caption(f":orange[:material/warning:] {wanted}")
    if offered.others:
        told = counted(len(offered.others), _("set cannot be learned from"), _("sets cannot be learned from"))
        st.expander(told).caption("\n\n".join(offered.others.values()))


def _set_name(one: TrainingSet) -> str:
    rows = sum(split.rows for split in one.splits)
    return _("{name} · {id} · {rows} rows").format(name=one.name, id=one.id, rows=numbers.number(rows))


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
    asks = _("{cores}, {memory} GB").format(cores=cores, memory=numbers.figure(resources.memory_mb / 1024))
    if resources.gpus:
        asks += _(", {n} GPU").format(n=resources.gpus)
    demand = _("It takes {asks}.")
    return f"{look[0]}[:material/{look[1]}:] {links.escape(fit.advice)} :gray[{demand.format(asks=asks)}]"
