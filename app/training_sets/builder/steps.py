"""The four steps, what each of them still lacks, and the head of the page with the way on and back."""

from dataclasses import dataclass

import streamlit as st

from app.session import projects
from app.training_sets.builder.draft import Draft, change, discard, saved_at
from app.training_sets.builder.rows import Splitting
from app.ui import frame, links, times
from app.ui.wording import counted
from core.features.training_sets.proposals.values import ColumnProposal, SetProposal, SplitsPreview
from core.features.training_sets.values import EntityQuery
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.tasks.task import task_called

ROWS, FEATURES, SPLITS, JOIN = "rows", "features", "splits", "join"
TITLES = {ROWS: N_("Rows"), FEATURES: N_("Features"), SPLITS: N_("Splits"), JOIN: N_("Check and join")}
STEPS = tuple(TITLES)


@dataclass(frozen=True)
class Rows:
    """What the draft comes to: the proposal for its rows, its columns by their roles, the query, the splits, and
    their rows, or why they cannot be counted."""

    proposal: SetProposal
    columns: tuple[ColumnProposal, ...]
    entity: EntityQuery
    splitting: Splitting
    counted: SplitsPreview | Invalid

    @property
    def label(self) -> ColumnProposal | None:
        return next((column for column in self.columns if column.role == "label"), None)

    @property
    def inputs(self) -> int:
        return len(self.entity.inputs)


def current_step() -> str:
    step = st.query_params.get("step", "")
    return step if step in STEPS else ROWS


def go_to(step: str) -> None:
    st.query_params["step"] = step


def head(draft: Draft, rows: Rows | None, *, missing: str) -> bool:
    """The head of the page, with what leads on; returns whether the set shall be made now."""
    step = current_step()
    at = STEPS.index(step)
    crumbs = [(_("Training sets"), "training-sets")]
    title = draft.title or _("New training set")
    with frame.header(title, crumbs=crumbs, here=_("New training set"), facts=_facts(rows)):
        if saved_at():
            st.button(_("Discard"), type="tertiary", key="set_discard", on_click=discard)
        if at:
            before = STEPS[at - 1]
            st.button(_(TITLES[before]), icon=":material/arrow_back:", key="set_back", on_click=go_to, args=(before,))
        if step == JOIN:
            return st.button(
                _("Create training set"),
                type="primary",
                icon=":material/build:",
                disabled=bool(missing),
                help=links.escape(missing) or None,
                key="join",
            )
        after = STEPS[at + 1]
        st.button(
            _(TITLES[after]),
            type="primary",
            icon=":material/arrow_forward:",
            icon_position="right",
            disabled=bool(missing),
            help=links.escape(missing) or None,
            key="set_next",
            on_click=go_to,
            args=(after,),
        )
    return False


def what_is_missing(missing: str) -> None:
    """Why the next step cannot be taken, where people look for it."""
    if missing:
        st.caption(f":material/info: {links.escape(missing)}")


def _facts(rows: Rows | None) -> list[str]:
    if rows is None:
        return [_("Rows to learn from or to score, joined with what was known at each of them")]
    names = ", ".join(
        f"[{links.escape(name)}]({links.address_of(snapshot)})" for name, snapshot in rows.entity.sources.items()
    )
    saved = saved_at()
    draft_words = _("draft, saved {when}").format(when=times.since(saved, now=frame.now())) if saved else ""
    return [_("Rows from {names}").format(names=names), task_words(rows.entity), draft_words]


def task_words(entity: EntityQuery) -> str:
    """What models would learn, in a few words."""
    if not entity.label:
        return _("no label: for scoring and analysis")
    if not entity.can_teach:
        return _("{label}, which no model learns").format(label=links.code(entity.label))
    words = _("{label}, {task}")
    return words.format(label=links.code(entity.label), task=_(task_called(entity.learned_task).title).lower())


def stepper(draft: Draft, rows: Rows | None) -> None:
    """The steps with what came of each; every step that can be looked at is a button."""
    step = current_step()
    with st.container(
        key="set_steps", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", gap="small"
    ):
        for number, (name, title) in enumerate(TITLES.items(), 1):
            is_done = number <= STEPS.index(step)
            icon = ":green[:material/check_circle:]" if is_done else f":gray[:material/counter_{number}:]"
            shown, outcome = _(title), _outcome(name, draft=draft, rows=rows)
            if name == step:
                icon, shown = f":blue[:material/counter_{number}:]", f"**{shown}**"
            label = f"{icon} {shown} :gray[{outcome}]" if outcome else f"{icon} {shown}"
            is_closed = rows is None and name != ROWS
            st.button(
                label,
                type="tertiary",
                key=f"step_{name}",
                disabled=is_closed,
                on_click=go_to,
                args=(name,),
            )


def _outcome(step: str, *, draft: Draft, rows: Rows | None) -> str:
    if rows is None:
        return ""
    if step == ROWS:
        return counted(rows.inputs, _("input"), _("inputs"))
    if step == FEATURES:
        return counted(len(draft.uses), _("view"), _("views"))
    if step == SPLITS:
        return split_words(rows.splitting)
    return ""


def split_words(splitting: Splitting) -> str:
    """How the rows are split, in a few words."""
    if splitting.splits:
        return _("by time, {n} splits").format(n=len(splitting.splits))
    if splitting.shares is None:
        return ""
    ways = {
        "random": _("at random"),
        "stratified": _("the same classes in all"),
        "grouped": _("by group"),
        "column": _("by a column"),
    }
    return ways[splitting.shares.by]


def project_choice(draft: Draft) -> None:
    """The project of the set, where there are several."""
    offered = projects()
    if len(offered) < 2:
        return
    key = "set_project"
    st.session_state[key] = draft.project if draft.project in offered else next(iter(offered))
    st.selectbox(
        _("Project"),
        list(offered),
        format_func=lambda project: links.escape(offered[project]),
        key=key,
        width=200,
        on_change=lambda: change(project=st.session_state[key], uses=(), snapshot_id=""),
    )
