"""Parts of the page that compares two snapshots."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.lake.profiles import DIGITS
from app.session import actor, portal
from app.ui import cells, charts, frame, links, numbers, status
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.tables import reading
from core.foundation.text import N_, _
from core.lake.comparison.distance_values import Bins, Distance
from core.lake.comparison.values import RowExample, SnapshotDiff
from core.lake.values import Snapshot

VERDICTS = {
    "identical": ("ok", N_("Identical")),
    "appended": ("ok", N_("Appended only")),
    "corrected": ("warning", N_("Corrected")),
    "drifted": ("warning", N_("Drifted: retrain suggested")),
    "breaking": ("failed", N_("Breaking schema")),
}
HOW = {"added": N_("Added"), "removed": N_("Removed"), "changed": N_("Changed")}
Names = tuple[str, str]
FEW = 6
SHIFTS_HEIGHT = 466


def title_of(snapshot: Snapshot) -> str:
    return snapshot.title


def choose(left: Snapshot, right: Snapshot) -> None:
    """Other snapshots and another key, kept in the address."""
    with st.popover(_("Choose"), icon=":material/tune:"):
        listing = portal().datasets.list_snapshots(actor(), dataset_id=left.dataset_id, limit=100)
        snapshots = {item.id: item for item in (*listing.items, left, right) if item.deleted_at is None}
        ids = sorted(
            snapshots, key=lambda snapshot_id: (snapshots[snapshot_id].dataset, -snapshots[snapshot_id].version)
        )
        names = {snapshot_id: title_of(item) for snapshot_id, item in snapshots.items()}
        old = st.selectbox(_("Before"), ids, index=ids.index(left.id), format_func=names.__getitem__, key="diff_left")
        new = st.selectbox(_("After"), ids, index=ids.index(right.id), format_func=names.__getitem__, key="diff_right")
        common = [column.name for column in left.columns if column.name in {other.name for other in right.columns}]
        wanted = [name for name in st.query_params.get("key", "").split(",") if name in common]
        key = st.multiselect(
            _("Rows are the same where these are equal"), common, default=wanted, max_selections=8, key="diff_key"
        )
        if st.button(_("Compare"), type="primary", key="diff_again"):
            links.open_page("dataset-diff", left=old, right=new, key=",".join(key))


def counts(diff: SnapshotDiff) -> None:
    """How many rows came, went and changed."""
    duplicates = _("{left} before, {right} after").format(
        left=numbers.number(diff.duplicates[0]), right=numbers.number(diff.duplicates[1])
    )
    figures = {
        _("Rows"): f"{numbers.number(diff.left_rows)} → {numbers.number(diff.right_rows)}",
        _("Added"): numbers.number(diff.added),
        _("Removed"): numbers.number(diff.removed),
        _("Changed"): numbers.number(diff.changed) if diff.key else "—",
    }
    for place, (label, value) in zip(st.columns(4, gap="small"), figures.items(), strict=True):
        place.metric(label, value, border=True)
    lines = [_("Rows that share their key: {n}.").format(n=duplicates)] if any(diff.duplicates) else []
    lines += [
        _("{label}: {left} ones before, {right} after.").format(
            label=links.escape(name), left=numbers.percent(left), right=numbers.percent(right)
        )
        for name, left, right in diff.labels
    ]
    if diff.changed_cells:
        cells = (f"{links.escape(name)} ({numbers.number(count)})" for name, count in diff.changed_cells[:8])
        lines.append(_("Changed values: {columns}.").format(columns=", ".join(cells)))
    if not diff.key and (diff.added or diff.removed):
        lines.append(_("No column identifies a row, so rows are compared as a whole and none counts as changed."))
    for line in lines:
        st.caption(line)


def schema(diff: SnapshotDiff) -> None:
    """Columns that came, went, or have another type."""
    frame.section(_("Schema"), hint=_("columns by name and type"))
    changes = diff.schema_changes
    reading(
        {
            _("Column"): [links.code(change.column) for change in changes],
            _("Before"): [change.left_type.lower() or "—" for change in changes],
            _("After"): [change.right_type.lower() or "—" for change in changes],
            _("Change"): [_change(change.left_type, change.right_type) for change in changes],
        }
    )


def _change(before: str, after: str) -> str:
    if not before:
        return status.inline("ok", _("Added"))
    return status.inline("failed", _("Removed") if not after else _("Retyped"))


def distributions(diff: SnapshotDiff, *, names: Names) -> None:
    """Every common column with its distance, and the chosen one drawn on both sides."""
    moved = sum(shift.verdict == "drifted" for shift in diff.shifts)
    hint = _("{n} of {all} drifted, judged by effect size and not by p-value").format(n=moved, all=len(diff.shifts))
    frame.section(_("Distributions"), hint=hint)
    if diff.timely:
        columns = ", ".join(links.escape(name) for name in diff.timely)
        st.caption(_("Time columns, left out of the verdict: {columns}.").format(columns=columns))
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = shifts(diff.shifts, names=(_("Before"), _("After")), key="shifts")
    with right, frame.card("shift"):
        if chosen is not None:
            one_shift(chosen, names=names)


def shifts(shifts: Sequence[Distance], *, names: Names, key: str) -> Distance | None:
    """A row for each column: how far it moved, and both its distributions; returns the chosen one."""
    # Hardly any table has values that are not finite.
    is_wild = any(shift.not_finite_change for shift in shifts)
    columns = (
        Column(_("Column")),
        Column(_("Verdict"), "state", 118),
        Column(_("Effect"), "number", 86),
        Column(_("PSI"), "number", 80, priority=3),
        Column(_("Nulls"), "number", 86, priority=3),
        *([Column(_("Not finite"), "number", 86, priority=3)] if is_wild else []),
        *(Column(name, "spark", 110, priority=2) for name in names),
    )
    lines = [_shift_row(shift, names, is_wild=is_wild) for shift in shifts]
    chosen = rows(columns, lines, key=key, label=_("Distributions"), choice="first", height=SHIFTS_HEIGHT)
    return next((shift for shift in shifts if shift.column in chosen), None)


def _shift_row(shift: Distance, names: Names, *, is_wild: bool) -> Row:
    sides = zip(names, (shift.left, shift.right), ("gray", "blue"), strict=True)
    return Row(
        shift.column,
        (
            cells.text(shift.column),
            cells.state(shift.verdict),
            cells.number(shift.effect, _three(shift.effect)),
            cells.number(shift.psi, _three(shift.psi)),
            _change_of(shift.null_change),
            *([_change_of(shift.not_finite_change)] if is_wild else []),
            *(cells.spark([share for _label, share in bins], color=color, title=name) for name, bins, color in sides),
        ),
    )


def _change_of(share: float) -> cells.Cell:
    return cells.number(share, numbers.change(share) if share else "—")


def _three(value: float | None) -> str:
    return numbers.fixed(value, 3)


def one_shift(shift: Distance, *, names: Names) -> None:
    """Both distributions of a column, and what the figures say."""
    frame.card_head(shift.column, state=shift.verdict)
    if shift.left or shift.right:
        _both(shift, names=names)
    p_value = numbers.p_value(shift.p_value)
    not_finite = {_("Change of NaN and infinity"): numbers.change(shift.not_finite_change)}
    not_finite = not_finite if shift.not_finite_change else {}
    measure = _("(KS)") if shift.kind in ("number", "time") else _("(V)")
    frame.facts(
        {
            _("Test"): f"{links.escape(shift.test)}, p {p_value}",
            _("Effect"): f"{numbers.fixed(shift.effect, 3)} {measure}",
            _("PSI"): numbers.fixed(shift.psi, 3),
            _("Change of nulls"): numbers.change(shift.null_change),
            **not_finite,
        }
    )
    st.caption(_("Below 0.05 is the same, from 0.1 on is drift. Both are conventions."))


def _both(shift: Distance, *, names: Names) -> None:
    """Both distributions: lines over the deciles of figures, bars where there are only a few values."""
    series: dict[str, charts.Points] = {
        name: (_labels(shift, bins), [share for _label, share in bins])
        for name, bins in zip(names, (shift.left, shift.right), strict=True)
    }
    alt = _("Distribution of {name} on both sides").format(name=shift.column)
    key, y = f"shift_{shift.column}", _("share of rows")
    if shift.kind in ("text", "boolean") or len(shift.left) <= FEW:
        charts.paired(series, key=key, y=y, alt=alt)
    else:
        charts.lines(series, key=key, x="", y=y, alt=alt, markers=True, height=220)


def _labels(shift: Distance, bins: Bins) -> list[str]:
    """What the bins are called; those of figures are known by their upper ends."""
    labels = [label for label, _share in bins]
    if shift.kind != "number":
        return labels
    labels = [numbers.figure(float(label), DIGITS) for label in labels]
    return [f"≤ {label}" for label in labels[:-1]] + [f"> {labels[-2]}" if len(labels) > 1 else labels[-1]]


def examples(diff: SnapshotDiff, *, names: Names) -> None:
    """A few rows of each kind; what changed is shown as before → after."""
    if not diff.examples:
        return
    frame.section(_("Examples"), hint=_("a few rows of each kind"))
    import pandas as pd

    changed = {name for example in diff.examples for name in example.changed}
    order = [*diff.key, *(name for name in diff.columns if name in changed and name not in diff.key)]
    order += [name for name in diff.columns if name not in order]
    rows = [{_("Row"): _(HOW[example.how]), **_cells(diff, example)} for example in diff.examples]
    height = 34 * len(rows) + 36
    st.dataframe(pd.DataFrame(rows, columns=[_("Row"), *order]), key="examples", hide_index=True, height=height)
    st.caption(_("Changed values read: {left} → {right}.").format(left=names[0], right=names[1]))


def _cells(diff: SnapshotDiff, example: RowExample) -> dict[str, str]:
    def text(value: Any) -> str:
        return "" if value is None else str(value)

    shown = example.right or example.left
    cells = {name: text(value) for name, value in zip(diff.columns, shown, strict=True)}
    before = dict(zip(diff.columns, example.left, strict=True)) if example.changed else {}
    return cells | {name: f"{text(before[name]) or '∅'} → {cells[name] or '∅'}" for name in example.changed}
