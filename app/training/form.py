"""What a training or a sweep is asked for with: a training set that can be learned from, a recipe, and what fits
now."""

from dataclasses import dataclass

import streamlit as st

from app.session import actor, may, portal
from app.ui import frame, links, numbers
from app.ui.parameters import recipes
from app.ui.wording import counted
from core.compute.values import JobState
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.actions.content import Content
from core.foundation.ids import Kind
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.splits import reason_against
from core.training.values import RecipeCard

MOST, MOST_STARTS = 200, 50


@dataclass(frozen=True)
class Offered:
    """The ready training sets of those projects in which one may train, by their ids, the newest first: those that can
    be learned from, and in Markdown why each of the others cannot."""

    sets: dict[str, TrainingSet]
    others: dict[str, str]


def offered_sets() -> Offered:
    listing = portal().training_sets.list_training_sets(actor(), limit=MOST)
    ready = [training_set for training_set in listing.items if training_set.state is TrainingSetState.READY]
    mine = [training_set for training_set in ready if may(Permission.JOBS_WRITE, project=training_set.project)]
    reasons = {training_set.id: reason_against(training_set, now=frame.now()) for training_set in mine}
    return Offered(
        sets={training_set.id: training_set for training_set in mine if not reasons[training_set.id]},
        others={
            training_set.id: _reason_line(training_set, reasons[training_set.id])
            for training_set in mine
            if reasons[training_set.id]
        },
    )


def _reason_line(training_set: TrainingSet, reason: str) -> str:
    return f"**{links.escape(training_set.title)}** {training_set.id}: {links.escape(reason)}"


def nothing_offered(offered: Offered) -> None:
    """What stands where nobody can train yet."""
    advice = _("A training set joins rows with features as they were known, and splits them by time.")
    with frame.empty(_("There is no training set to learn from yet"), advice=advice, icon="table_view"):
        links.page_link("new-training-set", _("New training set"), icon=":material/add:")
    _unsuitable(offered)


def choose_set(offered: Offered, *, key: str) -> TrainingSet:
    """One of them; at first the one that the address names."""
    sets, wanted = offered.sets, links.id_in_address("training_set", Kind.TRAINING_SET)
    names = list(sets)
    index = names.index(wanted) if wanted in sets else 0
    chosen = st.selectbox(
        _("Training set"), names, index=index, format_func=lambda set_id: _set_name(sets[set_id]), key=key
    )
    _unsuitable(offered)
    return sets[chosen or names[0]]


def _unsuitable(offered: Offered) -> None:
    """Which sets cannot be learned from, and why; in sight the one that was asked for."""
    if wanted := offered.others.get(links.id_in_address("training_set", Kind.TRAINING_SET)):
        st.caption(f":orange[:material/warning:] {wanted}")
    if offered.others:
        label = counted(len(offered.others), _("set cannot be learned from"), _("sets cannot be learned from"))
        st.expander(label).caption("\n\n".join(offered.others.values()))


def _set_name(training_set: TrainingSet) -> str:
    rows = sum(split.rows for split in training_set.splits)
    return _("{name} · {id} · {rows} rows").format(
        name=training_set.title, id=training_set.id, rows=numbers.number(rows)
    )


def choose_recipe(training_set: TrainingSet, *, key: str, for_sweep: bool = False) -> RecipeCard:
    """A recipe that learns the task, and from such inputs where any does, with what it is good for."""
    contract = training_set.contract
    kinds = {*contract.kinds().values()} if contract else set()
    offered = {name: card for name, card in recipes().items() if card.is_searchable or not for_sweep}
    able = {name: card for name, card in offered.items() if training_set.target.task in card.tasks}
    cards = {name: card for name, card in able.items() if kinds <= {*card.kinds}} or able
    wanted = st.query_params.get("recipe", "")
    # What brings its own code is never proposed: it needs some.
    names = sorted(cards, key=lambda name: cards[name].takes_source)
    index = names.index(wanted) if wanted in cards else 0
    name = st.selectbox(_("Recipe"), names, index=index, format_func=lambda recipe: cards[recipe].title, key=key)
    card = cards[name or names[0]]
    st.caption("\n\n".join(links.escape(part) for part in card.help.split("\n\n")))
    st.caption(_("Learns from inputs of the kinds: {kinds}.").format(kinds=", ".join(card.kinds)))
    return card if for_sweep else _with_starts(card, chosen=training_set)


def _with_starts(card: RecipeCard, *, chosen: TrainingSet) -> RecipeCard:
    """With the models that a run may go on from as choices, where the recipe goes on from any: the newest runs of this
    project and task."""
    properties = card.parameters.get("properties", {})
    if "start_from" not in properties:
        return card
    runs = (
        portal()
        .training.list_runs(
            actor(), project=chosen.project, recipe=card.name, state=JobState.SUCCEEDED, limit=MOST_STARTS
        )
        .items
    )
    names = ["", *(run.id for run in runs if run.task == chosen.target.task)]
    schema = {**properties, "start_from": {**properties["start_from"], "enum": names}}
    return card.model_copy(update={"parameters": {**card.parameters, "properties": schema}})


def code_archive(card: RecipeCard) -> Content | None:
    """The code that a recipe runs, where it is sent along."""
    if not card.takes_source:
        return None
    help_text = _("A zip or tar.gz of your code, as `git archive -o code.tar.gz HEAD` packs it, instead of a commit.")
    file = st.file_uploader(_("Or an archive"), type=["zip", "gz", "tgz", "tar"], key="code_archive", help=help_text)
    return Content.of(file.getvalue()) if file is not None else None


def fit_line() -> str:
    """Whether a training can start now, as Markdown."""
    resources = portal().training.offered()
    fit = portal().compute.fit(actor(), resources=resources)
    look = {"now": (":green", "check_circle"), "later": (":orange", "schedule")}.get(fit.verdict, (":red", "error"))
    cores = counted(resources.cpus, _("core"), _("cores"))
    asks = _("{cores}, {memory} GB").format(cores=cores, memory=numbers.figure(resources.memory_mb / 1024))
    if resources.gpus:
        asks += _(", {n} GPU").format(n=resources.gpus)
    demand = _("It takes {asks}.")
    return f"{look[0]}[:material/{look[1]}:] {links.escape(fit.advice)} :gray[{demand.format(asks=asks)}]"
