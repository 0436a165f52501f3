"""What of a proposal runs people's code, as an entry of the sandbox: it takes JSON and files, and answers JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.features.columns import kind_of
from core.features.job_specs import SourceTable, tables_of
from core.features.training_sets.proposals.names import named_for_models, query_of
from core.features.training_sets.proposals.roles import DAY, Roles, roles_of
from core.features.training_sets.proposals.splitting import Splitting, by_share, by_time
from core.features.training_sets.proposals.survey import Survey, survey
from core.features.training_sets.proposals.values import ColumnProposal, SetProposal
from core.features.training_sets.values import EntityQuery
from core.foundation.text import _, thousands
from core.foundation.values import Value
from core.sandbox.limits import Limits, Progress, no_progress
from core.sandbox.locked_session import locked_session, translated
from core.tasks.values import BINARY

if TYPE_CHECKING:
    import duckdb

ENTRY = "core.features.training_sets.proposals.sandbox_entry:propose"
NUMBERED = "row_number"
FEW_ROWS = 200


class ProposalSpec(Value):
    """The query to look at, and the snapshots that it reads by the names it calls them."""

    sql: str
    sources: tuple[SourceTable, ...]
    snapshots: dict[str, str]


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
    """Raises Invalid for all that is wrong with the query."""
    known = {column: moment for source in spec.sources for column, moment in source.known.items()}
    with locked_session(tables_of(spec.sources, inputs), limits) as session:
        seen = survey(session, spec.sql, limits=limits, known=known)
        roles = roles_of(seen)
        own = [name for name in (roles.row_id, roles.moment, roles.label) if name]
        names = named_for_models([column.name for column in seen.columns], own=own)
        with translated():
            splits, shares, reason = _splitting(session, spec.sql, roles, seen, names)
    columns = tuple(_column(seen, roles, name=name, called=called) for name, called in names.items())
    return SetProposal(
        entity=_entity(spec, seen, roles, names),
        columns=tuple(sorted(columns, key=lambda column: [item.name for item in seen.columns].index(column.source))),
        splits=splits,
        shares=shares,
        splits_reason=reason,
        rows=seen.rows,
        sample_rows=seen.sample_rows,
        notes=_notes(seen, roles),
    )


def _splitting(
    session: "duckdb.DuckDBPyConnection", sql: str, roles: Roles, seen: Survey, names: Mapping[str, str]
) -> Splitting:
    windows = by_time(session, sql, moment=roles.moment) if roles.moment else None
    label = seen.column(roles.label) if roles.label else None
    return windows or by_share(group=names.get(roles.group, ""), label=label)


def _entity(spec: ProposalSpec, seen: Survey, roles: Roles, names: Mapping[str, str]) -> EntityQuery:
    label = seen.column(roles.label) if roles.label else None
    task = label.tasks[0] if label else ""
    numbered = "" if roles.row_id else _unused(NUMBERED, names)
    is_day = bool(roles.moment) and seen.column(roles.moment).type == DAY
    kinds = {names[name]: kind_of(seen.column(name).type) for name in roles.of("input")}
    return EntityQuery(
        sql=query_of(
            spec.sql,
            names=dict(names),
            moment=roles.moment if is_day else "",
            numbered=numbered,
            labeled=roles.label if label and label.missing else "",
        ),
        sources=spec.snapshots,
        row_id=names.get(roles.row_id, numbered),
        event_time=names.get(roles.moment, ""),
        label=names.get(roles.label, ""),
        task="" if task == BINARY else task,
        categories=tuple(name for name, kind in kinds.items() if kind == "category"),
        numbers=tuple(name for name, kind in kinds.items() if kind == "number"),
    )


def _unused(name: str, names: Mapping[str, str]) -> str:
    used = {other.casefold() for other in names.values()}
    return name if name not in used else _unused(f"{name}_", names)


def _column(seen: Survey, roles: Roles, *, name: str, called: str) -> ColumnProposal:
    column = seen.column(name)
    role, reason = roles.reasons[name]
    return ColumnProposal(
        name=called,
        source=name,
        type=column.type,
        role=role,
        reason=reason,
        kind=kind_of(column.type),
        tasks=column.tasks,
        missing=round(column.missing, 4),
        distinct=column.distinct,
        examples=column.examples,
    )


def _notes(seen: Survey, roles: Roles) -> tuple[str, ...]:
    notes = []
    if not roles.row_id:
        notes.append(_("No column names the rows, so they are numbered."))
    if not roles.label:
        notes.append(_("No column looks like a label: choose one, or the set is for scoring and analysis."))
    elif missing := seen.column(roles.label).missing:
        words = _("{share} % of the rows have no label and are left out.")
        notes.append(words.format(share=round(100 * missing, 1)))
    if seen.rows > seen.sample_rows:
        words = _("Looked at {sample} of {rows} rows.")
        notes.append(words.format(sample=thousands(seen.sample_rows), rows=thousands(seen.rows)))
    if seen.rows < FEW_ROWS:
        notes.append(_("There are few rows: figures of quality will have wide intervals."))
    return tuple(notes)
