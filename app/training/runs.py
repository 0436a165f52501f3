"""The catalog of runs: filters, the grid with the best marked, what runs now, and what is to be said of the chosen."""

from collections.abc import Sequence

import streamlit as st

from app.registry.evaluations import value_of
from app.session import actor, portal
from app.training.progress import progress_line
from app.ui import cells, frame, links, numbers, status, times
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.numbers import metric_in_words, metric_name
from app.ui.parameters import plain, recipes, title_of
from app.ui.tables import reading
from app.ui.tasks import leading_metrics
from core.compute.values import JobState
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.training.values import Run, RunOrder

STATES = tuple(state.value for state in JobState)
ORDERS = {
    RunOrder.NEWEST: N_("Newest first"),
    RunOrder.BEST: N_("Best first"),
}
MOST_COMPARED = 8


def figure(run: Run, metric: str) -> float | None:
    """A metric on the validation rows: of the finished model, else as it stands now."""
    interval = value_of(run.evaluations, metric, split="validation")
    return interval if interval is not None else run.metrics.get(f"validation_{metric}")


def best_run(training_set_id: str) -> Run | None:
    """The best finished run on a training set, wherever it stands in the list; without one, on that of the newest run:
    runs on different rows cannot be compared."""
    newest = () if training_set_id else portal().training.list_runs(actor(), state=JobState.SUCCEEDED, limit=1).items
    learned_from = training_set_id or next((run.training_set_id for run in newest), "")
    if not learned_from:
        return None
    best = (
        portal()
        .training.list_runs(
            actor(), state=JobState.SUCCEEDED, training_set_id=learned_from, order_by=RunOrder.BEST, limit=1
        )
        .items
    )
    return next((run for run in best if run.evaluations), None)


def best_sentence(best: Run | None) -> str:
    """Which run is the best on the validation rows, as Markdown."""
    if best is None:
        return _(":gray[:material/hourglass_empty:] **No run has finished yet.**")
    figures = _(" and ").join(_figure_words(best, metric) for metric in leading_metrics([best.task]))
    return _(
        ":gray[:material/leaderboard:] **{id} is the best on the validation rows of {training_set}:** {figures}. Its "
        "lead may be chance."
    ).format(id=best.id, training_set=best.training_set_id, figures=figures)


def _figure_words(run: Run, metric: str) -> str:
    return f"{metric_in_words(metric)} {numbers.number(figure(run, metric))}"


def filters() -> tuple[str, RunOrder, str]:
    """State, order and recipe, kept in the address."""
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        state = st.pills(
            _("State"),
            STATES,
            format_func=lambda name: status.look(name).word,
            key="state",
            bind="query-params",
            label_visibility="collapsed",
        )
        order = st.selectbox(
            _("Order"),
            list(ORDERS),
            format_func=lambda order: _(ORDERS[order]),
            key="order",
            bind="query-params",
            label_visibility="collapsed",
            width=190,
        )
        names = list(recipes())
        recipe = st.selectbox(
            _("Recipe"),
            ["", *names],
            format_func=lambda name: name or _("All recipes"),
            key="recipe",
            bind="query-params",
            label_visibility="collapsed",
            width=150,
        )
    return state or "", order or RunOrder.NEWEST, recipe or ""


def catalog(listing: Listing[Run], *, best: Run | None) -> list[Run]:
    """The table; returns the chosen runs."""
    metrics = leading_metrics(run.task for run in listing.items)
    columns = (
        Column(_("Run")),
        Column(_("State"), "state", 118),
        *(Column(metric_name(metric), "number", 92) for metric in metrics),
        Column("", "word", 64, priority=2),
        Column(_("Version"), "code", 86, priority=2),
        Column(_("Took"), "number", 112, priority=3),
        Column(_("Started"), "time", 96, priority=2),
    )
    lines = [_row(run, metrics, is_best=best is not None and run.id == best.id) for run in listing.items]
    chosen = rows(columns, lines, key="runs", label=_("Runs"), total=listing.total, choice="several")
    return [run for run in listing.items if run.id in chosen]


def _row(run: Run, metrics: Sequence[str], *, is_best: bool) -> Row:
    now = frame.now()
    seconds = times.lasted(run.started_at, run.ended_at, now=now, measured=run.ran_seconds)
    return Row(
        run.id,
        (
            cells.text(run.title, target=run.id, detail=run.id),
            cells.state(run.state),
            *(cells.number(figure(run, metric)) for metric in metrics),
            cells.text(_("best") if is_best else ""),
            cells.code(run.version_id, target=run.version_id),
            cells.number(seconds, numbers.duration(seconds)),
            cells.time(run.created_at, now=now),
        ),
        target=run.id,
    )


def running_strip() -> bool:
    """One line with a bar for each run under way; returns whether there still is one."""
    runs = portal().training.list_runs(actor(), state=JobState.RUNNING, limit=6).items
    if not runs:
        return False
    with frame.card("running", tight=True):
        for run in runs:
            with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"title_strip_{run.id}"):
                links.link(run.id, run.title)
                st.markdown(progress_line(run), width="content")
            st.progress(run.progress or 0.0)
    return True


def chosen_card(chosen: Sequence[Run]) -> None:
    """What can be done with the chosen runs: open one, compare the versions of several."""
    with frame.card("chosen"):
        if len(chosen) == 1:
            _run_card(chosen[0])
        else:
            _several(chosen)


def _run_card(run: Run) -> None:
    frame.card_head(run.title, state=run.state, text=run.cause)
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(_("Open {id}").format(id=run.id), type="primary", icon=":material/arrow_forward:", key="open_run"):
            links.open_object(run.id)
        if run.version_id and st.button(_("Its version"), icon=":material/deployed_code:", key="open_version"):
            links.open_object(run.version_id)
    card = recipes().get(run.recipe)
    defaults = {
        name: prop.get("default") for name, prop in (card.parameters if card else {}).get("properties", {}).items()
    }
    changed = {name: value for name, value in run.params.items() if defaults.get(name, value) != value}
    shown = {links.escape(title_of(name, card)): f"`{plain(value)}`" for name, value in list(changed.items())[:8]}
    frame.facts(
        {_("Requested by"): links.escape(frame.name_of(run.requested_by)), _("Recipe"): f"`{run.recipe}`", **shown}
    )


def _several(runs: Sequence[Run]) -> None:
    frame.card_head(_("{n} runs chosen").format(n=len(runs)), text=_what_differs(runs))
    versions = list(dict.fromkeys(run.version_id for run in runs if run.version_id))[:MOST_COMPARED]
    label = _("Compare {n} versions").format(n=len(versions))
    help_text = None if len(versions) > 1 else _("Register two of them as versions first.")
    pressed = st.button(
        label,
        type="primary",
        icon=":material/compare_arrows:",
        disabled=len(versions) < 2,
        help=help_text,
        key="compare",
    )
    if pressed:
        links.open_page("compare", ids=",".join(versions))
    columns = {_("Run"): [run.id for run in runs]}
    for metric in leading_metrics(run.task for run in runs):
        columns[metric_name(metric)] = [numbers.number(figure(run, metric)) for run in runs]
    reading(columns)


def _what_differs(runs: Sequence[Run]) -> str:
    card = recipes().get(runs[0].recipe)
    names = [name for name in runs[0].params if len({repr(run.params.get(name)) for run in runs}) > 1]
    if not names:
        return _("Their parameters are the same; seeds and rows may differ.")
    return _("They differ in {names}.").format(names=", ".join(title_of(name, card).lower() for name in names[:6]))
