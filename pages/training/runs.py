"""Runs as a workspace: a table that is searched, filtered and grouped, and the curves of the chosen laid over each
other. What is seen stands in the address."""

from typing import Any

import streamlit as st

from app.session import actor, may, portal
from app.training.runs import best_run, best_sentence
from app.training.workspace import address
from app.training.workspace.curves import curves, drawn_runs
from app.training.workspace.lines import group_names
from app.training.workspace.selection import differences, selection_bar
from app.training.workspace.table import KEY, table
from app.training.workspace.toolbar import IN_ADDRESS, Wanted, toolbar
from app.ui import frame, links
from app.ui.components.rows import window
from app.ui.parameters import recipes
from app.ui.tables import no_match
from app.ui.tasks import leading_metrics
from app.ui.wording import counted
from core.compute.values import JobState
from core.foundation.text import _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.training.values import Run
from core.training.workspace.values import METRICS, GroupedBy, RunGroup, RunLine

EVERY = 4.0
UNDER_WAY = (JobState.RUNNING, JobState.QUEUED)


def show() -> None:
    total = portal().training.list_runs(actor(), limit=1).total
    running, queued = (portal().training.list_runs(actor(), state=state, limit=1).total for state in UNDER_WAY)
    facts = [
        counted(total, _("run"), _("runs")),
        _("{n} running").format(n=running) if running else "",
        _("{n} queued").format(n=queued) if queued else "",
    ]
    with frame.header(_("Runs"), facts=facts if total else []):
        _actions()
    if not total:
        advice = _("A run trains a model from a training set. Its curves, figures and log will appear here.")
        with frame.empty(_("No runs yet"), advice=advice, icon="model_training"):
            links.page_link("start-training", _("Start training"), icon=":material/play_circle:")
        return
    best = best_run(st.query_params.get("training_set", ""))
    st.markdown(best_sentence(best))
    frame.live(lambda: _workspace(best), running=running > 0, every=EVERY)


def _actions() -> None:
    if may(Permission.JOBS_WRITE):
        if st.button(_("Start a sweep"), icon=":material/tune:", key="start_sweep"):
            links.open_page("start-sweep")
        if st.button(_("Start training"), icon=":material/play_circle:", type="primary", key="start_training"):
            links.open_page("start-training")


def _workspace(best: Run | None) -> bool:
    """Returns whether something runs that is on the page."""
    cards = recipes()
    leading = [f"{METRICS}validation_{metric}" for metric in leading_metrics([best.task] if best else [])]
    columns = address.columns([*leading[:2], "created"])
    wanted = toolbar(cards, columns=columns)
    listing, whole = _read(wanted, (*columns, *leading))
    if not listing.items:
        empty = {"search": "", "state": "", "recipe": "", "starred": None} | dict.fromkeys(IN_ADDRESS, "")
        no_match(_("No run matches"), empty)
        return True
    eyes = address.drawn([line.id for line in listing.items if line.state is not JobState.QUEUED])
    with st.container(key="workspace"):
        left, right = st.columns([1.35, 1], gap="small")
        with left:
            leader = best.id if best else ""
            about: dict[str, Any] = {"cards": cards, "columns": columns, "group": wanted.group}
            chosen = table(listing, **about, eyes=eyes, whole=whole, best=leader)
        with right:
            tasks = list(dict.fromkeys(line.task for line in listing.items))
            curves(drawn_runs(listing.items, eyes=eyes, cards=cards), tasks=tasks, best=best)
            if len(chosen) > 1:
                differences(chosen, cards)
    if chosen:
        selection_bar(chosen, key=KEY)
    return True


def _read(wanted: Wanted, columns: tuple[str, ...]) -> tuple[Listing[RunLine], dict[str, RunGroup]]:
    """The runs on the page, and the groups they are in over the whole list."""
    name, descending = address.sorting()
    place = {key: st.query_params.get(key, "") for key in ("training_set", "sweep", "tag", "filter")}
    part = window(KEY, wanted, name, descending, *place.values())
    narrowed: dict[str, Any] = {
        "search": wanted.search,
        "filters": address.filters(),
        "tag": place["tag"],
        "only_starred": wanted.starred,
        "state": JobState(wanted.state) if wanted.state else "",
        "recipe": wanted.recipe,
        "training_set_id": place["training_set"],
        "sweep_id": place["sweep"],
        "columns": tuple(dict.fromkeys(column for column in columns if column not in address.EXTRA)),
    }
    service = portal().run_workspace
    listing = service.search_runs(
        actor(), **narrowed, sort=name, descending=descending, offset=part.offset, limit=part.limit
    )
    if not wanted.group or not listing.items:
        return listing, {}
    names, by = group_names(listing.items, wanted.group), GroupedBy(wanted.group)
    groups = service.run_groups(actor(), grouped_by=by, groups=names, **narrowed)
    return listing, {group.name: group for group in groups}


show()
