"""What of a proposal runs people's code, as an entry of the sandbox: it takes JSON and files, and answers JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.features.job_specs import SourceTable, tables_of
from core.features.training_sets.proposals.composing import entity_of, named
from core.features.training_sets.proposals.named_items import FileIndex, with_items
from core.features.training_sets.proposals.roles import Roles, roles_of
from core.features.training_sets.proposals.splitting import Splitting, by_share, by_time
from core.features.training_sets.proposals.survey import Column, Survey, survey
from core.features.training_sets.proposals.values import ColumnProposal, Role, SetProposal
from core.features.values import Kind
from core.foundation.text import _, thousands
from core.foundation.values import Value
from core.sandbox.limits import Limits, Progress, no_progress
from core.sandbox.locked_session import locked_session, translated

if TYPE_CHECKING:
    import duckdb

ENTRY = "core.features.training_sets.proposals.sandbox_entry:propose"
FEW_ROWS = 200


class ProposalSpec(Value):
    """The query to look at, and the snapshots that it reads by the names it calls them; the roles of columns and the
    task of the label where somebody chose them. Columns may name files of the `indexes`; `files` says of some columns
    of which snapshot."""

    sql: str
    sources: tuple[SourceTable, ...]
    snapshots: dict[str, str]
    roles: dict[str, Role] = Field(default_factory=dict)
    task: str = ""
    indexes: tuple[FileIndex, ...] = ()
    files: dict[str, str] = Field(default_factory=dict)


def propose(
    spec: Mapping[str, Any],
    *,
    inputs: Mapping[str, Path],
    outputs: Path,  # noqa: ARG001 - every entry of the sandbox gets a folder; a proposal leaves nothing in it.
    limits: Limits,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """A ProposalSpec to a SetProposal."""
    progress(0.1, _("Running the query"))
    return proposal_of(ProposalSpec.model_validate(spec), inputs=inputs, limits=limits).model_dump(mode="json")


def proposal_of(spec: ProposalSpec, *, inputs: Mapping[str, Path], limits: Limits) -> SetProposal:
    """Raises Invalid for all that is wrong with the query or the choices."""
    known = {column: moment for source in spec.sources for column, moment in source.known.items()}
    with locked_session(tables_of(spec.sources, inputs), limits) as session:
        seen = survey(session, spec.sql, limits=limits, known=known)
        seen = with_items(seen, spec.indexes, chosen=spec.files, inputs=inputs)
        roles = roles_of(seen, spec.roles)
        columns = named([_column(column, roles) for column in seen.columns])
        names = {column.source: column.name for column in columns}
        with translated():
            splits, shares, reason = _splitting(session, spec.sql, roles, seen, names)
    return SetProposal(
        entity=entity_of(
            spec.sql,
            sources=spec.snapshots,
            columns=columns,
            task=spec.task,
            images=_files(columns, kind="image"),
            text_items=_files(columns, kind="text"),
        ),
        columns=columns,
        splits=splits,
        shares=shares,
        splits_reason=reason,
        rows=seen.rows,
        sample_rows=seen.sample_rows,
        notes=_notes(seen, roles),
        preview=seen.preview,
    )


def _splitting(
    session: "duckdb.DuckDBPyConnection", sql: str, roles: Roles, seen: Survey, names: Mapping[str, str]
) -> Splitting:
    windows = by_time(session, sql, moment=roles.moment) if roles.moment else None
    label = seen.column(roles.label) if roles.label else None
    return windows or by_share(group=names.get(roles.group, ""), label=label)


def _column(column: Column, roles: Roles) -> ColumnProposal:
    role, reason = roles.reasons[column.name]
    return ColumnProposal(
        name=column.name,
        source=column.name,
        type=column.type,
        role=role,
        reason=reason,
        kind=column.kind,
        tasks=column.tasks,
        missing=round(column.missing, 4),
        distinct=column.distinct,
        examples=column.examples,
        bins=column.bins,
        items=column.items,
    )


def _files(columns: Sequence[ColumnProposal], *, kind: Kind) -> dict[str, str]:
    """The snapshots of the files that columns name."""
    named_by = {column.name: column.items for column in columns if column.items}
    return {name: items.snapshot_id for name, items in named_by.items() if items.kind == kind}


def _notes(seen: Survey, roles: Roles) -> tuple[str, ...]:
    notes = []
    if not roles.row_id:
        notes.append(_("No column names the rows, so they are numbered."))
    if not roles.label:
        notes.append(_("No column looks like a label: choose one, or the set is for scoring and analysis."))
    elif missing := seen.column(roles.label).missing:
        words = _("{share} % of the rows have no label and are left out.")
        notes.append(words.format(share=round(100 * missing, 1)))
    for column in seen.columns:
        if column.items and (others := column.items.values - column.items.named):
            words = _("{n} values of {column} are no files: leave their rows out with WHERE.")
            notes.append(words.format(n=thousands(others), column=column.name))
    if seen.rows > seen.sample_rows:
        words = _("Looked at {sample} of {rows} rows.")
        notes.append(words.format(sample=thousands(seen.sample_rows), rows=thousands(seen.rows)))
    if seen.rows < FEW_ROWS:
        notes.append(_("There are few rows: figures of quality will have wide intervals."))
    return tuple(notes)
