"""Parts of a training set's page: what its views answered, what late rows would have changed, newer versions of what it
pins, and its manifest."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from app.session import actor, portal
from app.ui import charts, frame, links, numbers, times
from app.ui.fields.naming import identifier
from app.ui.tables import reading
from app.ui.wording import counted
from core.features.training_sets.values import LeakReport, SplitFile, TrainingSet
from core.features.values import FeatureVersion
from core.foundation.digests import canonical
from core.foundation.text import N_, _
from core.tasks.values import NO, YES, LabelSpread

MOST = 200
MOST_BARS = 12
LABEL_TYPES = {
    "integer": N_("a whole number"),
    "number": N_("a number"),
    "text": N_("a text"),
    "texts": N_("a list of texts"),
    "boolean": N_("true or false"),
}


def facts_of(training_set: TrainingSet) -> list[str]:
    """What stands below its title."""
    by = links.escape(frame.name_of(training_set.created_by))
    rows = training_set.manifest.rows if training_set.manifest else 0
    return [
        identifier(training_set.title, training_set.name),
        _("{n} rows").format(n=numbers.number(rows)),
        _known(training_set),
        _("by {name}, {age}").format(name=by, age=times.ago(training_set.created_at, now=frame.now())),
        f"`{training_set.digest[:12]}`" if training_set.digest else "",
    ]


def _known(training_set: TrainingSet) -> str:
    """What of a feature each row is given."""
    if not training_set.entity.event_time:
        return _("rows without time")
    if training_set.known_at:
        return _("values count from when they were known")
    return _("values count from their event time")


def _splits_hint(training_set: TrainingSet) -> str:
    """What decides on the splits."""
    shares = training_set.shares
    if shares is None:
        return _("by the moment of prediction; the end is excluded")
    by = {
        "random": _("by chance"),
        "stratified": _("by chance, with the same share of each class in all"),
        "grouped": _("by {column}: no group is cut"),
        "column": _("as {column} says"),
    }
    return by[shares.by].format(column=shares.column)


def splits_table(training_set: TrainingSet) -> None:
    """The splits with their rows, their windows of time where they are such, and what is known of the label in each."""
    frame.section(_("Splits"), hint=_splits_hint(training_set))
    splits = {split.name: split for split in training_set.splits}
    windows = {split.name: split for split in training_set.asked}
    names = list(windows or splits or (training_set.shares.shares if training_set.shares else ()))
    columns = {_("Split"): [links.escape(name) for name in names]}
    if windows:
        columns[_("From")] = [str(windows[name].start) for name in names]
        columns[_("To")] = [str(windows[name].end) for name in names]
    columns[_("Rows")] = [numbers.number(splits[name].rows) if splits else "—" for name in names]
    if training_set.entity.can_teach:
        columns[_("Label")] = [_label_in(splits.get(name)) for name in names]
    elif training_set.entity.label:
        columns[_("No label")] = [numbers.number(splits[name].unlabeled) if splits else "—" for name in names]
    reading(columns)
    for note in training_set.notes:
        st.caption(links.escape(note))


def _label_in(split: SplitFile | None) -> str:
    """What is most worth knowing of its labels, in a few words."""
    spread = split.label_spread if split else None
    if spread is None:
        return "—"
    if set(spread.shares) == {NO, YES}:
        return _("{share} positive").format(share=numbers.percent(spread.shares[YES]))
    if spread.shares:
        return counted(sum(share > 0 for share in spread.shares.values()), _("class"), _("classes"))
    return _("mean {value}").format(value=numbers.figure(spread.mean, 4))


def label(training_set: TrainingSet) -> None:
    """What the labels are where models can learn from the label, else what the label is and what that means."""
    if not training_set.entity.can_teach:
        frame.section(_("Label"))
        st.markdown(label_words(training_set, code=True))
        st.caption(_("The set is for scoring and analysis. Runs and sweeps learn from a label that has a task."))
    elif training_set.splits:
        _spreads(training_set.splits)


def _spreads(splits: Sequence[SplitFile]) -> None:
    """The share of positives, of each class, or the mean of the numbers by split."""
    spreads = {split.name: spread for split in splits if (spread := split.label_spread) is not None}
    if all(set(spread.shares) == {NO, YES} for spread in spreads.values()):
        frame.section(_("Positive share"))
        shares = [100 * spread.shares[YES] for spread in spreads.values()]
        charts.bars(
            list(spreads), shares, key="shares", x="", y="%", alt=_("Share of positive rows by split"), height=220
        )
    elif any(spread.shares for spread in spreads.values()):
        _class_shares(spreads)
    else:
        _number_spreads(spreads)


def _class_shares(spreads: Mapping[str, LabelSpread]) -> None:
    """Of many classes those that are most frequent in the first split."""
    first = next(iter(spreads.values())).shares
    names = sorted(first, key=lambda name: -first[name])[:MOST_BARS]
    hint = _("the {n} most frequent of {total}").format(n=len(names), total=numbers.number(len(first)))
    frame.section(_("Classes"), hint=hint if len(names) < len(first) else _("share of rows by split"))
    series: dict[str, charts.Points] = {
        split: ([escape(name, quote=False) for name in names], [100 * spread.shares.get(name, 0.0) for name in names])
        for split, spread in spreads.items()
    }
    charts.paired(series, key="shares", y="%", alt=_("Share of rows by class and split"))


def _number_spreads(spreads: Mapping[str, LabelSpread]) -> None:
    frame.section(_("Label"), hint=_("by split"))
    columns = {_("Split"): [links.escape(name) for name in spreads]}
    figures = {_("Mean"): "mean", _("Deviation"): "deviation", _("Lowest"): "lowest", _("Highest"): "highest"}
    for title, name in figures.items():
        columns[title] = [numbers.figure(getattr(spread, name), 4) for spread in spreads.values()]
    reading(columns, alt=_("How the label is spread by split"))


def label_words(training_set: TrainingSet, *, code: bool = False) -> str:
    """What the label is, where it is not 0 and 1: "no label", "label price, a number"."""
    if not training_set.entity.label:
        return _("No label") if code else _("no label")
    kind = _(LABEL_TYPES.get(training_set.manifest.label, "")) if training_set.manifest else ""
    name = f"`{training_set.entity.label}`" if code else training_set.entity.label
    return ", ".join(part for part in (name if code else _("label {name}").format(name=name), kind) if part)


def late_sentence(training_set: TrainingSet) -> str:
    """What late rows mean for this set, in one sentence."""
    report = training_set.leak_report
    if report is None:
        return ""
    if not report.views:
        return _("No view has late rows: known-at changes nothing here.")
    most = report.differing[:1]
    if not most:
        return _("There are late rows, and none of them would change an input.")
    change = _("{column} would differ in {share} of the rows").format(
        column=f"`{most[0].column}`", share=numbers.percent(most[0].share)
    )
    if training_set.known_at:
        return _("Without known-at, {change}.").format(change=change)
    return _("It uses the latest event. With known-at, {change}.").format(change=change)


def late_rows(training_set: TrainingSet) -> None:
    """The same join with and without known-at: a picture, then the figures. Rows without a moment know no late ones."""
    if not training_set.entity.event_time:
        return
    report = training_set.leak_report
    frame.section(_("Late rows"), hint=_("the same join with and without what was known"))
    not_compared_yet = _("Not compared yet.")
    st.markdown(late_sentence(training_set) or f":gray[{not_compared_yet}]")
    if report is None or not report.differing:
        return
    left, right = st.columns([1, 1.4], gap="medium")
    with left:
        shown = report.differing[:MOST_BARS]
        names, shares = [item.column for item in shown], [item.share * 100 for item in shown]
        charts.ranking(names, shares, key="late_shares", x="%", alt=_("Share of rows that late rows would change"))
    with right:
        _differences(report, can_teach=training_set.entity.can_teach)
    versions = {view.view: view.version_id for view in training_set.contract.views} if training_set.contract else {}
    late = [
        f"{links.escape(links.title_of(versions.get(view.view, ''), view.view))} ({numbers.number(view.rows)})"
        for view in report.views
        if view.rows
    ]
    st.caption(_("Entity rows whose latest event was not written yet: {views}.").format(views=", ".join(late)))


def _differences(report: LeakReport, *, can_teach: bool) -> None:
    shown = report.differing[:30]
    columns = {
        _("Input"): [f"`{item.column}`" for item in shown],
        _("Rows"): [numbers.percent(item.share).replace(" ", "\u00a0") for item in shown],
        _("Mean change"): [numbers.figure(item.mean_difference, 3) if item.mean_difference else "—" for item in shown],
    }
    if can_teach:
        columns[_("AUC known")] = [_auc(item.auc_known) for item in shown]
        columns[_("AUC latest")] = [_auc(item.auc_latest) for item in shown]
    reading(columns)


def _auc(value: float | None) -> str:
    return numbers.fixed(value, 3)


def answers(training_set: TrainingSet) -> None:
    """How many rows each view answered, and why the others got nothing."""
    if training_set.manifest is None or not training_set.manifest.matches:
        st.caption(_("No views are joined.") if training_set.manifest else _("Known once the set is built."))
        return
    rows = max(1, training_set.manifest.rows)
    shares = {
        _("Present"): [item.present / rows * 100 for item in training_set.manifest.matches],
        _("Null"): [item.null / rows * 100 for item in training_set.manifest.matches],
        _("Expired"): [item.expired / rows * 100 for item in training_set.manifest.matches],
        _("Not found"): [item.not_found / rows * 100 for item in training_set.manifest.matches],
    }
    frame.section(_("Join results by view"), hint=_("of {n} rows").format(n=numbers.number(rows)))
    bar = st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100)
    st.dataframe(
        {
            _("View"): [links.title_of(item.version_id, item.view) for item in training_set.manifest.matches],
            _("Version"): [item.version_id for item in training_set.manifest.matches],
            **shares,
            _("Late rows"): [_("yes") if item.uses_known_at else _("none") for item in training_set.manifest.matches],
        },
        column_config=dict.fromkeys(shares, bar),
        hide_index=True,
        row_height=36,
    )
    hint = _("Expired: the newest row was older than the view's ttl. Without late rows, known-at has no effect.")
    st.caption(hint)
    if gaps := [(name, count) for name, count in training_set.manifest.nulls.items() if count]:
        frame.section(_("Inputs with gaps"), hint=str(len(gaps)))
        most = sorted(gaps, key=lambda gap: -gap[1])[:MOST_BARS]
        values = [count / rows * 100 for _name, count in most]
        charts.ranking([name for name, _count in most], values, key="gaps", x="%", alt=_("Share of missing values"))


def newer_versions(training_set: TrainingSet) -> tuple[FeatureVersion, ...]:
    """The live versions of the views it joins, where they are not those that it pins."""
    if training_set.contract is None:
        return ()
    pinned = {view.version_id for view in training_set.contract.views}
    names = {view.view for view in training_set.contract.views}
    views = portal().feature_views.list_views(actor(), project=training_set.project, limit=MOST).items
    live = [view.live for view in views if view.name in names and view.live is not None]
    return tuple(version for version in live if version.id not in pinned)


def offer_newer(training_set: TrainingSet, *, may_make: bool) -> None:
    """One line where something newer is out, with the way to the same set made of it."""
    newer = newer_versions(training_set)
    if not newer:
        return
    names = ", ".join(version.title for version in newer)
    with frame.rows("newer"):
        icon = ":blue[:material/new_releases:]"
        detail = _("This set keeps the versions that it was built with.")
        place = frame.row("newer", title=_("{names} is published").format(names=names), detail=detail, icon=icon)
        if may_make and place.button(_("Build the set again with it"), key="make_newer"):
            links.open_page("new-training-set", like=training_set.id, newer="1")


def manifest(training_set: TrainingSet) -> None:
    """What decides the set's values, to read and to take away."""
    if training_set.manifest is None:
        st.caption(_("Known once the set is built."))
        return
    content = training_set.manifest
    names = {version: name for name, version in ((view.view, view.version_id) for view in content.contract.views)}
    snapshot = _("snapshot")
    file = _("file")
    frame.facts(
        {
            _("Digest"): _short(training_set.digest),
            _("Rules"): f"{content.rules}, " + (_("what was known") if content.known_at else _("the latest event")),
            _("Engine"): f"`{content.engine}`",
            _("Rows"): numbers.number(content.rows),
            **{f"{name} ({snapshot})": _short(digest) for name, digest in content.sources.items()},
            **{f"{names.get(version, '')} {version}": _short(digest) for version, digest in content.versions.items()},
            **{f"{split.name} ({file})": _short(split.digest) for split in content.splits},
        }
    )
    st.download_button(
        _("Download the manifest"),
        data=canonical(content),
        file_name=f"{training_set.id}.json",
        mime="application/json",
        icon=":material/download:",
    )
    st.caption(_("The SHA-256 of the file is the set's digest."))


def _short(digest: str) -> str:
    """The file has them whole."""
    return f"`{digest[:16]}`" if digest else "—"
