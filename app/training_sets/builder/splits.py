"""The third step: what is learned from, and what judges. Windows of time are dragged on their axis or given by day;
without a time the rows are split by share. The rows and labels of each split are counted."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from app.training_sets.builder.axis import split_axis, title_of
from app.training_sets.builder.columns import choices_of
from app.training_sets.builder.draft import Draft, change, draft
from app.training_sets.builder.result import warning
from app.training_sets.builder.rows import Splitting, counted_splits
from app.training_sets.builder.steps import Rows
from app.training_sets.builder.windows import PRESETS, gap_of, windows_of, with_gap
from app.ui import frame, links, numbers
from core.features.training_sets.proposals.values import SplitRows, SplitsPreview
from core.features.training_sets.values import ShareSplits, Split
from core.foundation.errors import Invalid
from core.foundation.text import N_, _
from core.tasks.values import NO, YES, LabelSpread

TIME, RANDOM, STRATIFIED, GROUPED, COLUMN = "time", "random", "stratified", "grouped", "column"
WAYS = {
    TIME: N_("By time"),
    RANDOM: N_("At random"),
    STRATIFIED: N_("Same classes"),
    GROUPED: N_("By group"),
    COLUMN: N_("By a column"),
}
MEANING = {
    TIME: N_("What is learned is older than what is judged, as it is once the model serves."),
    RANDOM: N_("The hash of a row's id decides; rows that are added later move none."),
    STRATIFIED: N_("Each class has the same share in every split."),
    GROUPED: N_("Rows of the same group lie in the same split."),
    COLUMN: N_("The column names the split of each row."),
}
USUAL = PRESETS["70 / 15 / 15"]
GAPS = (0, 1, 2, 7, 14, 30)
EARLIEST = date(1970, 1, 1)
FEW_ROWS = 200


def splits_step(shown: Draft, rows: Rows) -> None:
    counted = rows.counted
    way = rows.splitting.shares.by if rows.splitting.shares else TIME
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        _ways(way, rows)
        if way == TIME:
            _time_tools(rows)
        else:
            _share_tools(rows)
    proposed = rows.proposal.splits_reason if not (shown.splits or shown.shares) else ""
    st.caption(links.escape(proposed or _(MEANING[way])))
    if isinstance(counted, Invalid):
        warning(counted.message, hint=counted.hint)
    if way == TIME and (preview := _days_shown(shown, rows)):
        with frame.card("set_axis"):
            split_axis(preview, rows.splitting.splits, on_move=lambda splits: change(splits=splits, shares=None))
            words = _("Drag a border, or use the arrow keys for a day and Shift for a week. Days are in UTC.")
            st.caption(words)
    left, right = st.columns([2.3, 1], gap="medium")
    with left:
        frame.section(_("Splits"), hint=_("counted, not estimated"), key="set_splits")
        _table(rows)
    with right:
        frame.section(_("What this split can show"), key="set_verdicts")
        _verdicts(rows)


def _days_shown(shown: Draft, rows: Rows) -> SplitsPreview | None:
    """How the rows lie in time. While the chosen windows cannot be counted the axis stays, to mend them on it."""
    if isinstance(rows.counted, SplitsPreview):
        return rows.counted if rows.counted.days else None
    if not rows.proposal.splits:
        return None
    try:
        return counted_splits(shown.project, entity=rows.entity, splitting=Splitting(splits=rows.proposal.splits))
    except Invalid:
        return None


def _ways(way: str, rows: Rows) -> None:
    entity = rows.entity
    grouped = [column.name for column in rows.columns if "group" in choices_of(column)]
    open_ways = {TIME: bool(entity.event_time), STRATIFIED: bool(entity.label), GROUPED: bool(grouped)}
    options = [name for name in WAYS if open_ways.get(name, True)]
    st.session_state["set_way"] = way
    st.segmented_control(
        _("Split"),
        options,
        format_func=lambda name: _(WAYS[name]),
        required=True,
        key="set_way",
        label_visibility="collapsed",
        on_change=_way_chosen,
        args=(rows,),
        help=None if entity.event_time else _("No column is the moment of the rows, so there are no splits by time."),
    )


def _way_chosen(rows: Rows) -> None:
    way = st.session_state["set_way"]
    if way == TIME:
        change(shares=None, splits=())
        return
    before = rows.splitting.shares
    shares = dict(before.shares if before and before.shares else USUAL)
    groups = [column for column in rows.columns if "group" in choices_of(column)]
    fitting = sorted(groups, key=lambda column: (column.role != "group", column.distinct))
    column = fitting[0].name if way in (GROUPED, COLUMN) and fitting else ""
    change(splits=(), shares=ShareSplits(shares={} if way == COLUMN else shares, by=way, column=column))


def _time_tools(rows: Rows) -> None:
    counted = rows.counted
    if isinstance(counted, SplitsPreview) and counted.days:
        st.pills(
            _("Preset"),
            list(PRESETS),
            key="set_preset",
            label_visibility="collapsed",
            on_change=_preset_chosen,
            args=(counted, gap_of(rows.splitting.splits)),
            width="content",
        )
    gap = gap_of(rows.splitting.splits)
    options = sorted({*GAPS, gap})
    st.session_state["set_gap"] = gap
    st.selectbox(
        _("Days between two splits"),
        options,
        format_func=lambda days: _("Gap of {n} d").format(n=days) if days else _("No gap"),
        key="set_gap",
        label_visibility="collapsed",
        width=130,
        on_change=lambda: change(splits=with_gap(rows.splitting.splits, st.session_state["set_gap"]), shares=None),
    )


def _preset_chosen(counted: SplitsPreview, gap: int) -> None:
    if preset := st.session_state.pop("set_preset", None):
        splits = windows_of(counted.days, PRESETS[preset], days_each=counted.days_each, gap=gap)
        change(splits=splits, shares=None)


def _share_tools(rows: Rows) -> None:
    shares = rows.splitting.shares
    assert shares is not None  # The rows are split by share.
    if shares.by in (GROUPED, COLUMN, STRATIFIED):
        _column(shares, rows)
    if shares.by == COLUMN:
        return
    for name in USUAL:
        key = f"share_{name}"
        st.session_state[key] = round(100 * shares.shares.get(name, 0.0), 2)
        st.number_input(
            _("{split}, %").format(split=title_of(name)),
            min_value=0.0,
            max_value=100.0,
            step=5.0,
            format="%g",
            key=key,
            width=120,
            on_change=_share_given,
            args=(shares,),
            kwargs={"name": name},
        )


def _column(shares: ShareSplits, rows: Rows) -> None:
    names = [column.name for column in rows.columns if "group" in choices_of(column)]
    options = ["", *names] if shares.by == STRATIFIED else names
    st.session_state["set_split_column"] = shares.column if shares.column in options else options[0]
    st.selectbox(
        _("Column"),
        options,
        format_func=lambda name: name or _("The label"),
        key="set_split_column",
        width=200,
        on_change=lambda: change(shares=shares.model_copy(update={"column": st.session_state["set_split_column"]})),
    )


def _share_given(shares: ShareSplits, *, name: str) -> None:
    shares = draft().shares or shares
    given = shares.shares | {name: round(float(st.session_state[f"share_{name}"]) / 100, 6)}
    change(
        splits=(),
        shares=shares.model_copy(update={"shares": {split: share for split, share in given.items() if share}}),
    )


def _table(rows: Rows) -> None:
    counted = rows.counted if isinstance(rows.counted, SplitsPreview) else None
    shares = rows.splitting.shares
    named = [name for name, _share in shares.ordered] if shares else []
    with frame.rows("set_splits"):
        for split in rows.splitting.splits:
            _window(split, rows)
        if not rows.splitting.splits:
            for name in named or [split.name for split in (counted.splits if counted else ())]:
                _line(name, rows)
    if counted and counted.outside:
        words = _("{n} rows lie in no split.")
        st.caption(words.format(n=numbers.number(counted.outside)))


def _window(split: Split, rows: Rows) -> None:
    """A window with its days, to be typed where dragging is too coarse."""
    with st.container(key=f"row_split_{split.name}", gap=None):
        name, start, end = st.columns([2.2, 1.5, 1.5], gap="small", vertical_alignment="center")
        name.markdown(f"**{title_of(split.name)}**  \n:small[{figures_of(split.name, rows)}]")
        for place, field, label in ((start, "start", _("{split} from")), (end, "end", _("{split} to"))):
            key = f"split_{split.name}_{field}"
            st.session_state[key] = getattr(split, field)
            place.date_input(
                label.format(split=split.name),
                key=key,
                min_value=EARLIEST,
                format="YYYY-MM-DD",
                label_visibility="collapsed",
                on_change=_day_given,
                args=(rows.splitting.splits,),
                kwargs={"name": split.name, "field": field},
            )


def _day_given(shown: Sequence[Split], *, name: str, field: str) -> None:
    # Another day may have been given since these were drawn.
    splits, day = draft().splits or shown, st.session_state[f"split_{name}_{field}"]
    changed = [split.model_copy(update={field: day}) if split.name == name else split for split in splits]
    change(splits=tuple(changed), shares=None)


def _line(split: str, rows: Rows) -> None:
    with st.container(key=f"row_split_{split}", gap=None):
        name, figures = st.columns([1.3, 5], gap="small", vertical_alignment="center")
        name.markdown(f"**{links.escape(title_of(split))}**")
        figures.markdown(figures_of(split, rows))


def figures_of(split: str, rows: Rows) -> str:
    """Rows, their share, and the labels of a split, where they were counted."""
    if isinstance(rows.counted, Invalid):
        return ":gray[\u2014]"
    shown = next((item for item in rows.counted.splits if item.name == split), None)
    return figures_words(shown, rows.counted) if shown else ":gray[\u2014]"


def figures_words(shown: SplitRows, counted: SplitsPreview) -> str:
    """The same of one that was counted."""
    parts = [f"{numbers.number(shown.rows)} ({numbers.percent(shown.rows / max(1, counted.rows))})"]
    if shown.spread:
        parts.append(spread_words(shown.spread))
    if shown.problem:
        return f":red[:material/error: {links.escape(shown.problem)}] :gray[{' · '.join(parts)}]"
    return " :gray[·] ".join(parts)


def spread_words(spread: LabelSpread) -> str:
    """How the labels of a split are, in a few words."""
    if spread.shares:
        shown = sorted(spread.shares.items(), key=lambda item: -item[1])[:3]
        if set(spread.shares) == {NO, YES}:
            return _("positive {share}").format(share=numbers.percent(spread.shares[YES]))
        return ", ".join(f"{links.escape(name)} {numbers.percent(share)}" for name, share in shown)
    if spread.mean is None:
        return ""
    return _("mean {mean} ± {deviation}").format(
        mean=numbers.number(spread.mean, 3), deviation=numbers.number(spread.deviation, 3)
    )


def _verdicts(rows: Rows) -> None:
    with frame.rows("set_verdicts"):
        for number, (is_good, title, detail) in enumerate(verdicts_of(rows)):
            icon = ":green[:material/check_circle:]" if is_good else ":orange[:material/warning:]"
            frame.row(f"verdict_{number}", title=title, detail=links.escape(detail), icon=icon)


def verdicts_of(rows: Rows) -> list[tuple[bool, str, str]]:
    """What the splits are good for: whether it is, in words, and why."""
    counted = rows.counted
    if isinstance(counted, Invalid):
        return [(False, _("The splits could not be counted"), counted.message)]
    verdicts = [_order_verdict(rows)] if rows.splitting.splits else [_chance_verdict(rows)]
    bad = [split for split in counted.splits if split.problem]
    for split in bad:
        verdicts.append((False, _("{split} cannot be used").format(split=title_of(split.name)), split.problem))
    judged = [split for split in counted.splits if split.name != "train"]
    if not judged and rows.entity.can_teach:
        words = _("One split is enough for scoring. To learn, keep rows apart that judge.")
        verdicts.append((False, _("Nothing judges the model"), words))
    elif not bad and judged:
        fewest = min(judged, key=lambda split: split.rows)
        is_enough = fewest.rows >= FEW_ROWS
        title = _("Enough rows to judge") if is_enough else _("Few rows to judge by")
        words = _("{split} has {n} rows") if is_enough else _("{split} has {n} rows: intervals will be wide")
        verdicts.append((is_enough, title, words.format(split=title_of(fewest.name), n=numbers.number(fewest.rows))))
    return verdicts


def _order_verdict(rows: Rows) -> tuple[bool, str, str]:
    ordered = sorted(rows.splitting.splits, key=lambda split: split.start)
    train = next((number for number, split in enumerate(ordered) if split.name == "train"), 0)
    if train == 0:
        gap = gap_of(ordered)
        words = _("A gap of {n} days lies between them.").format(n=gap) if gap else _("They meet without a gap.")
        return True, _("What judges is newer than what is learned"), words
    return False, _("Train is newer than what judges"), _("A model would know the future of what judges it.")


def _chance_verdict(rows: Rows) -> tuple[bool, str, str]:
    shares: Any = rows.splitting.shares
    if shares.by == GROUPED:
        return (
            True,
            _("No group lies in two splits"),
            _("Rows of one {group} stay together.").format(group=shares.column),
        )
    if rows.entity.event_time and shares.by != COLUMN:
        words = _("Rows of one day lie in all splits: what changes with time is not seen.")
        return False, _("The rows have a time that is not used"), words
    return True, _("The rows stand for themselves"), _(MEANING[shares.by])
