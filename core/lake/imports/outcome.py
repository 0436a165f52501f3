"""What an import would do once it is confirmed: to the rows of its dataset, and to each of its columns."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from core.lake.import_values import ColumnOutcome, ImportOutcome, Mode, Need
from core.lake.values import ColumnProfile, ColumnSpec, ImportReport, StagedSnapshot


class Newest(NamedTuple):
    """The newest snapshot of a dataset; version 0 is that of a dataset that has none."""

    version: int = 0
    rows: int = 0
    columns: tuple[ColumnSpec, ...] = ()


NOTHING = Newest()


def outcome_of(staged: StagedSnapshot, newest: Newest, *, mode: Mode, unanswered: Collection[str]) -> ImportOutcome:
    """`unanswered` are the columns about which a person has to say something first."""
    report = staged.report
    columns = tuple(_columns(staged, newest, unanswered))
    return ImportOutcome(
        rows_taken_in=report.rows_read - report.rows_rejected,
        rows_left_out=report.rows_rejected,
        rows_before=newest.rows,
        rows_replaced=newest.rows if mode == "replace" else 0,
        rows_after=sum(file.rows for file in staged.files),
        version_before=newest.version,
        types=dict(Counter(column.type for column in columns).most_common()),
        missing=sum(column.missing for column in columns),
        columns=columns,
    )


def _columns(staged: StagedSnapshot, newest: Newest, unanswered: Collection[str]) -> Iterator[ColumnOutcome]:
    profiles = {profile.name: profile for profile in staged.profile}
    before = {column.name: column.type for column in newest.columns}
    doubtful, rewritten = _doubtful(staged.report), _rewritten(staged.report)
    for spec in staged.columns:
        was, given = before.get(spec.name, ""), staged.report.renamed.get(spec.name, "")
        is_other = newest.version > 0 and was != spec.type
        looks = spec.name in doubtful or (was and was != spec.type)
        need: Need = "decision" if spec.name in unanswered else "look" if looks else ""
        yield ColumnOutcome(
            column=spec.name,
            type=spec.type,
            type_before=was,
            name_before=given,
            missing=_nulls(profiles, spec.name),
            need=need,
            is_changed=bool(given) or spec.name in rewritten or is_other,
        )


def _nulls(profiles: Mapping[str, ColumnProfile], name: str) -> int:
    return profiles[name].nulls if name in profiles else 0


def _doubtful(report: ImportReport) -> set[str]:
    """The columns that are warned of, and those of which some cells do not fit what the others are."""
    warnings = set(report.warnings)
    warned = {name for name, notes in report.notes.items() if warnings.intersection(notes)}
    return warned | {cells.column for cells in report.unfit}


def _rewritten(report: ImportReport) -> set[str]:
    """The columns whose values are written otherwise than in the file."""
    return {item.column for item in report.readings if item.reading.notation}
