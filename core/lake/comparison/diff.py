"""From two snapshots to what changed between them, and what that means for those who learned from the first."""

from collections.abc import Sequence
from pathlib import Path

from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.comparison.distance_values import Distance
from core.lake.comparison.distances import DRIFTED, Sides, distance, kind_of
from core.lake.comparison.row_diff import RowChanges, as_wholes, by_key, duplicates, is_key, load_sides
from core.lake.comparison.values import SnapshotDiff, Verdict
from core.lake.schema_changes import SchemaChange, schema_changes
from core.lake.values import Snapshot
from core.sandbox.duckdb_session import one_row, open_session, parquet_rows, quoted

Paths = Sequence[Path]
# A name that people give to what identifies a row.
KEY_NAMES = ("id", "key", "uuid", "path", "row_id")


def diff(
    left: Snapshot, right: Snapshot, *, paths: tuple[Paths, Paths], key: Sequence[str] = (), memory_mb: int = 2048
) -> SnapshotDiff:
    """The right snapshot against the left. Without a key the one that the snapshots name is taken, else a column that
    proves to be one; where there is none, rows are compared as a whole. Invalid for a key that both sides lack."""
    types = [{column.name: column.type for column in side.columns} for side in (left, right)]
    common = tuple(name for name in types[0] if name in types[1])
    with open_session(memory_mb=memory_mb) as session:
        sides = Sides(session, parquet_rows(paths[0]), parquet_rows(paths[1]))
        chosen = _key(sides, key or right.key or left.key, common)
        load_sides(session, *paths)
        rows = by_key(session, chosen, common) if chosen else as_wholes(session, common) if common else _NOTHING
        doubles = tuple(duplicates(session, relation, chosen) for relation in (sides.left, sides.right))
        changed = schema_changes(left.columns, right.columns)
        alike = [name for name in common if types[0][name] == types[1][name]]
        shifts = [distance(sides, name, kind=kind_of(types[1][name])) for name in alike]
        timely = tuple(shift.column for shift in shifts if _is_timely(sides, shift))
        labels = tuple(_label(sides, name) for name in alike if _is_label(sides, name, types[1][name]))
    # What identifies a row is another one for every row: new rows move it, and that says nothing.
    judging = [shift for shift in shifts if shift.column not in (*timely, *chosen)]
    verdict, sentence = _judged(rows, changed, judging, left=left, right=right)
    return SnapshotDiff(
        left_id=left.id,
        right_id=right.id,
        key=tuple(chosen),
        columns=common,
        left_rows=left.rows,
        right_rows=right.rows,
        added=rows.added,
        removed=rows.removed,
        changed=rows.changed,
        duplicates=(doubles[0], doubles[1]),
        changed_cells=rows.changed_cells,
        schema_changes=changed,
        shifts=tuple(sorted(shifts, key=lambda shift: -shift.size)),
        labels=labels,
        timely=timely,
        examples=rows.examples,
        verdict=verdict,
        sentence=sentence,
    )


_NOTHING = RowChanges(0, 0, 0, (), ())


def _key(sides: Sides, wanted: Sequence[str], common: Sequence[str]) -> tuple[str, ...]:
    if missing := [name for name in wanted if name not in common]:
        raise Invalid(
            _("There is no column {name} in both snapshots").format(name=repr(missing[0][:60])),
            hint=_("Choose key columns that both have."),
            field="key",
        )
    if wanted:
        return tuple(wanted)
    likely = [name for name in common if name.casefold() in KEY_NAMES or name.casefold().endswith("_id")]
    both = [name for name in likely if all(is_key(sides.session, side, [name]) for side in (sides.left, sides.right))]
    return tuple(both[:1])


def _is_timely(sides: Sides, shift: Distance) -> bool:
    """Times, and figures that are the same in all rows of a side, as the month of a monthly file is: they move with
    the calendar. A flood of nulls or of infinity is a drift
    in them too."""
    if shift.gap_change >= DRIFTED or shift.kind not in ("time", "number"):
        return False
    return shift.kind == "time" or any(_is_constant(sides, side, shift.column) for side in (sides.left, sides.right))


def _is_constant(sides: Sides, side: str, name: str) -> bool:
    return bool(one_row(sides.session, f"SELECT min({quoted(name)}) = max({quoted(name)}) FROM {side}")[0])


def _is_label(sides: Sides, name: str, data_type: str) -> bool:
    """Zeros and ones, or true and false, and nothing else on the right."""
    if data_type == "BOOLEAN":
        return True
    if "INT" not in data_type:
        return False
    low, high, kinds = one_row(
        sides.session,
        f"SELECT min({quoted(name)}), max({quoted(name)}), count(DISTINCT {quoted(name)}) FROM {sides.right}",
    )
    return (low, high, kinds) == (0, 1, 2)


def _label(sides: Sides, name: str) -> tuple[str, float, float]:
    shares = [
        one_row(sides.session, f"SELECT coalesce(avg(CAST({quoted(name)} AS DOUBLE)), 0) FROM {side}")[0]
        for side in (sides.left, sides.right)
    ]
    return name, round(shares[0], 6), round(shares[1], 6)


def _judged(
    rows: RowChanges, schema: Sequence[SchemaChange], shifts: Sequence[Distance], *, left: Snapshot, right: Snapshot
) -> tuple[Verdict, str]:
    """The verdict, and what to do about it."""
    gone = [change.column for change in schema if change.is_breaking]
    drifted = [shift.column for shift in shifts if shift.verdict == "drifted"]
    if left.digest == right.digest or not (rows.added or rows.removed or rows.changed or schema):
        return "identical", _("Both hold the same rows.")
    if gone:
        return "breaking", _(
            "{names} are gone or have another type: what reads them fails. Mend the import, or make new versions."
        ).format(names=_some(gone))
    if drifted:
        return "drifted", _(
            "{names} moved far: what learned from v{old} has not seen data like v{new}. Retraining is suggested."
        ).format(names=_some(drifted), old=left.version, new=right.version)
    if rows.removed or rows.changed:
        return "corrected", _(
            "{changed} rows changed and {removed} went; no distribution moved far. Check the corrections."
        ).format(changed=rows.changed, removed=rows.removed)
    return "appended", _("{added} rows came and none changed; no distribution moved far.").format(added=rows.added)


def _some(names: Sequence[str]) -> str:
    more = _(" and {count} more").format(count=len(names) - 3) if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
