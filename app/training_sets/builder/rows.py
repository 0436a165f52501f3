"""The rows of the draft: what the portal proposes for them, and the query that follows from what was chosen. What costs
a run of the query is asked for once, and again only when it would be another."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

from app.session import actor, portal
from app.training_sets.builder.draft import Draft
from core.features.training_sets.proposals.composing import entity_of, named
from core.features.training_sets.proposals.split_preview import NO_INPUTS
from core.features.training_sets.proposals.values import ColumnProposal, SetProposal, SplitsPreview
from core.features.training_sets.values import EntityQuery, ShareSplits, Split
from core.foundation.errors import Invalid
from core.foundation.values import Value
from core.sandbox.duckdb_session import quoted

T = TypeVar("T")
ROLES = ("id", "moment", "label", "group", "weight", "key", "left out")
# Such a role only one column has.
SINGLE = ("id", "moment", "label", "group", "weight")
# The proposal decides about these together with the splits.
PROPOSED = ("id", "moment", "label", "group")
MOST_ANSWERS = 6


class Splitting(Value):
    """How the rows are split: by windows of time, or by shares."""

    splits: tuple[Split, ...] = ()
    shares: ShareSplits | None = None


def answered(name: str, question: Any, *, ask: Callable[[], T]) -> T:
    """What the service answered to this very question before; what is wrong with it is raised again."""
    answers: dict[str, Any] = st.session_state.setdefault(f"set_answers_{name}", {})
    if (key := repr(question)) not in answers:
        while len(answers) >= MOST_ANSWERS:
            answers.pop(next(iter(answers)))
        try:
            answers[key] = ask()
        except Invalid as error:
            answers[key] = error
    answer: Any = answers[key]
    if isinstance(answer, Invalid):
        raise answer
    value: T = answer
    return value


def proposal_of(draft: Draft) -> SetProposal:
    """What the rows could be. Raises what the service says of the query."""
    chosen = draft.images | draft.text_items
    files = {name: snapshot_id for name, snapshot_id in chosen.items() if snapshot_id}
    rows: dict[str, Any] = {"snapshot_id": draft.snapshot_id}
    if draft.is_sql:
        rows = {"sql": draft.sql, "sources": draft.sources}
    question = {"project": draft.project, "roles": draft.roles, "task": draft.task, "files": files, **rows}
    return answered("proposal", question, ask=lambda: portal().training_sets.propose_training_set(actor(), **question))


def columns_of(draft: Draft, proposal: SetProposal) -> tuple[ColumnProposal, ...]:
    """The columns with what was chosen for them, under the names that they have in the query."""
    return named([_chosen(column, draft) for column in proposal.columns])


def _chosen(column: ColumnProposal, draft: Draft) -> ColumnProposal:
    wanted = draft.uses_as.get(column.source, "")
    if not wanted:
        is_out = draft.only_chosen and column.source not in draft.roles
        return column.model_copy(update={"role": "left out"}) if is_out else column
    if wanted in ROLES:
        return column.model_copy(update={"role": wanted})
    is_input = column.role in ("input", "left out", "key")
    return column.model_copy(update={"kind": wanted, **({"role": "input"} if is_input else {})})


def choice_of(column: ColumnProposal) -> str:
    """What a column is used as: a role, or of an input its kind."""
    return str(column.kind) if column.role == "input" else column.role


def sql_of(draft: Draft, proposal: SetProposal) -> str:
    """The rows before their columns have roles."""
    return draft.sql if draft.is_sql else f"SELECT * FROM {quoted(next(iter(proposal.entity.sources)))}"


def entity_of_draft(draft: Draft, proposal: SetProposal) -> EntityQuery:
    columns = columns_of(draft, proposal)
    apart = {column.name for column in columns if column.role in ("id", "moment", "label")}
    keys = [name for use in draft.uses for name in use.keys.values() if name not in apart]
    entity = entity_of(
        sql_of(draft, proposal),
        sources=proposal.entity.sources,
        columns=columns,
        task=draft.task,
        label_from=draft.label_from,
        keys=keys,
        images=_files(draft, columns, choice="image"),
        text_items=_files(draft, columns, choice="text"),
    )
    sizes = {column.name: draft.image_sizes.get(column.source) for column in columns if column.name in entity.images}
    return entity.model_copy(update={"image_sizes": {name: size for name, size in sizes.items() if size}})


def files_of(draft: Draft, column: ColumnProposal) -> str:
    """The snapshot whose files a column names: what was chosen, else what was proposed; empty where it names none."""
    choice = choice_of(column)
    chosen = {"image": draft.images, "text": draft.text_items}.get(choice, {}).get(column.source)
    proposed = column.items.snapshot_id if column.items and column.items.kind == choice else ""
    return proposed if chosen is None else chosen


def _files(draft: Draft, columns: Sequence[ColumnProposal], *, choice: str) -> dict[str, str]:
    named_by = {column.name: files_of(draft, column) for column in columns if choice_of(column) == choice}
    return {name: snapshot_id for name, snapshot_id in named_by.items() if snapshot_id}


def splitting_of(draft: Draft, proposal: SetProposal, *, entity: EntityQuery) -> Splitting:
    """The chosen splits where the rows still allow them, else those that are proposed."""
    if draft.shares or (draft.splits and entity.event_time):
        return Splitting(splits=() if draft.shares else draft.splits, shares=draft.shares)
    if entity.event_time and not proposal.splits:
        return Splitting(shares=proposal.shares)
    return Splitting(splits=proposal.splits if entity.event_time else (), shares=proposal.shares)


def counted_splits(project: str, *, entity: EntityQuery, splitting: Splitting) -> SplitsPreview:
    """The rows of every split. Which inputs there are makes no difference to it."""
    slim = entity.model_copy(update=NO_INPUTS)
    question: dict[str, Any] = {
        "project": project,
        "entity": slim,
        "splits": splitting.splits,
        "shares": splitting.shares,
    }
    return answered("splits", question, ask=lambda: portal().training_sets.preview_splits(actor(), **question))
