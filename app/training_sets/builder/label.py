"""What is to be learned: the task of the label, in words, and a label that another view knows only later."""

from collections.abc import Sequence

import streamlit as st

from app.session import actor, portal
from app.training_sets.builder.draft import Draft, change, draft
from app.training_sets.builder.keys import guessed_keys
from app.training_sets.builder.steps import Rows
from app.training_sets.builder.views import built_versions
from app.ui import frame, links, numbers
from core.features.training_sets.proposals.composing import NO_LABEL_TASK
from core.features.training_sets.proposals.values import ColumnProposal
from core.features.training_sets.values import LabelFrom
from core.features.values import FeatureVersion
from core.foundation.text import N_, _
from core.tasks.task import all_tasks, task_called

UNITS = {"minutes": 60, "hours": 3600, "days": 86_400}
UNIT_WORDS = {"minutes": N_("minutes"), "hours": N_("hours"), "days": N_("days")}
FEW = 20


def label_card(shown: Draft, rows: Rows) -> None:
    """The label with its task, or what it means that there is none."""
    with frame.card("set_label", tight=True):
        frame.card_head(_("What is learned"))
        label = rows.label
        if label is not None:
            st.markdown(f"{links.code(label.name)}: {links.escape(values_words(label))}")
            _task(shown, label.tasks)
        elif shown.label_from is not None:
            _task(shown, ())
        else:
            st.caption(_("No column is the label: the set is for scoring and analysis. Choose one among the columns."))
        _from_view(shown, rows)


def values_words(label: ColumnProposal) -> str:
    """ "3 values: a, b, c"."""
    if label.distinct > FEW or not label.examples:
        return _("{n} different values").format(n=numbers.number(label.distinct))
    more = ", \u2026" if label.distinct > len(label.examples) else ""
    words = _("{n} values: {names}")
    return words.format(n=numbers.number(label.distinct), names=", ".join(label.examples) + more)


def _task(shown: Draft, fitting: Sequence[str]) -> None:
    """The choice, with those that fit the values first."""
    others = [name for name, task in all_tasks().items() if name not in fitting and task.metrics]
    options, key = [*fitting, *others, NO_LABEL_TASK], "set_task"
    st.session_state[key] = shown.task if shown.task in options else options[0] if fitting else NO_LABEL_TASK

    def words(name: str) -> str:
        if name == NO_LABEL_TASK:
            return _("Kept as it is; no model learns it")
        title = _(task_called(name).title)
        return title if name in fitting or not fitting else _("{task} (values do not look so)").format(task=title)

    st.selectbox(_("Task"), options, format_func=words, key=key, on_change=lambda: change(task=st.session_state[key]))


def _from_view(shown: Draft, rows: Rows) -> None:
    """A label that arrives later: from which feature of which view, and how long after the moment it is known."""
    versions, key = built_versions(shown.project), "set_label_from"
    if shown.label_from is None and (not versions or not rows.entity.event_time):
        return
    st.session_state[key] = shown.label_from is not None
    st.toggle(
        _("The label arrives later, in a feature view"),
        key=key,
        help=_("What a feature view has at the moment plus a horizon, by what was known then."),
        on_change=_switched,
        args=(versions, rows),
    )
    if shown.label_from is not None:
        _source(shown.label_from, versions, rows=rows)


def _switched(versions: Sequence[FeatureVersion], rows: Rows) -> None:
    if not st.session_state["set_label_from"]:
        return change(label_from=None, task="")
    label = rows.label
    apart = {"roles": draft().roles | {label.source: "left out"}} if label else {}
    return change(label_from=source_of(versions[0], rows), task="", **apart)


def source_of(version: FeatureVersion, rows: Rows) -> LabelFrom:
    """The first feature of a version, a day later."""
    keys = {key: guess.column.name for key, guess in guessed_keys(version.keys, rows.columns).items() if guess.column}
    return LabelFrom(version_id=version.id, column=version.features[0].name, keys=keys, horizon_seconds=UNITS["days"])


def _source(source: LabelFrom, versions: Sequence[FeatureVersion], *, rows: Rows) -> None:
    by_id = {version.id: version for version in versions}
    if source.version_id not in by_id:
        by_id[source.version_id] = portal().feature_versions.get_version(actor(), version_id=source.version_id)
    version = by_id[source.version_id]
    chosen = _pick(
        _("View"), list(by_id), value=version.id, key="version", words={key: v.title for key, v in by_id.items()}
    )
    if chosen != version.id:
        change(label_from=source_of(by_id[chosen], rows))
        st.rerun()
    column = _pick(_("Feature"), [feature.name for feature in version.features], value=source.column, key="column")
    options = [item.name for item in rows.columns]
    keys = {
        key: _pick(_("{key} is in").format(key=key), options, value=source.keys.get(key, ""), key=f"key_{key}")
        for key in version.keys
    }
    unit = next((name for name in ("days", "hours") if source.horizon_seconds % UNITS[name] == 0), "minutes")
    left, right = st.columns(2, gap="small")
    amount = left.number_input(
        _("Known after"), value=source.horizon_seconds // UNITS[unit], min_value=0, step=1, key="label_amount"
    )
    with right:
        words = {name: _(word) for name, word in UNIT_WORDS.items()}
        seconds = UNITS[_pick(_("Unit"), list(UNITS), value=unit, key="unit", words=words)]
    wanted = LabelFrom(version_id=version.id, column=column, keys=keys, horizon_seconds=int(amount) * seconds)
    if wanted != source:
        change(label_from=wanted)
        st.rerun()


def _pick(label: str, options: list[str], *, value: str, key: str, words: dict[str, str] | None = None) -> str:
    """One of some names."""
    shown = words or {}
    index = options.index(value) if value in options else 0
    chosen = st.selectbox(
        label, options, index=index, format_func=lambda name: shown.get(name, name), key=f"label_{key}"
    )
    return chosen or options[index]
