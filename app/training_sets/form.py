"""Parts of the form of a training set: the rows to learn from, the feature versions to join, and the splits by time.
They return what was typed, unchecked: it becomes values when the button is pressed, and a refusal is shown there."""

from datetime import date
from typing import Any

import streamlit as st
from pydantic import ValidationError

from app.features.catalog import words
from app.lake.source_picker import choose_sources
from app.session import actor, portal
from app.ui import links, status
from app.ui.wording import counted
from core.features.training_sets.values import EntityQuery, Split, TrainingSet
from core.features.values import FeatureVersion, FeatureView, VersionState, ViewUse
from core.foundation.text import N_, _
from core.foundation.validation import invalid_of

MOST = 200
SPLITS = ("train", "validation", "test")
EARLIEST = date(1970, 1, 1)
Entered = dict[str, Any]
# What a label can be: how it is called, and what that means.
LABEL_KINDS = {
    "binary": (N_("0 or 1"), N_("In every row 0 or 1: models can be trained on it.")),
    "any": (
        N_("Any other"),
        N_("A number, say, or a text, and it may have gaps: no model is trained on it."),
    ),
}
# The columns of the rows: label, an example, and whether it takes several.
COLUMNS = {
    "row_id": (N_("Row id"), "order_id", False),
    "event_time": (N_("Moment of prediction"), "ordered_at", False),
    "label": (N_("Label (optional)"), "returned", False),
    "categories": (N_("Categories sent"), "country, plan, channel", True),
    "numbers": (N_("Numbers sent"), "price, past_orders", True),
    "keys_only": (N_("For look-up only"), "customer_id", True),
}


HELP = {"label": N_("The column with the outcome. Leave it empty for rows to score or to analyze.")}


def like() -> TrainingSet | None:
    """The training set that the form begins as, named in the address."""
    wanted = st.query_params.get("like", "")
    return portal().training_sets.get_training_set(actor(), training_set_id=wanted) if wanted else None


def added() -> FeatureVersion | None:
    """The feature version that the form begins with, named in the address."""
    wanted = st.query_params.get("add", "")
    return portal().feature_versions.get_version(actor(), version_id=wanted) if wanted else None


def entity_form(project: str, *, given: EntityQuery | None) -> Entered:
    """The rows: SQL, and what its columns are."""
    sql = st.text_area(
        _("Rows (SQL)"),
        value=given.sql if given else "",
        key="sql_entity",
        height=260,
        placeholder="SELECT id, moment, label, ... FROM orders",
        help=_("One row for each moment of prediction, with its outcome where there is one."),
    )
    entered: Entered = {
        "sql": sql,
        "sources": choose_sources(project, key="entity", given=given.sources if given else None),
    }
    first, second = list(COLUMNS)[:3], list(COLUMNS)[3:]
    entered |= _columns(first, given=given)
    entered["label_kind"] = _label_kind(str(entered["label"]), given=given)
    return entered | _columns(second, given=given)


def _columns(names: list[str], *, given: EntityQuery | None) -> Entered:
    entered: Entered = {}
    for place, field in zip(st.columns(3, gap="small"), names, strict=True):
        label, example, is_list = COLUMNS[field]
        explained = _(HELP[field]) if field in HELP else None
        before = getattr(given, field) if given else ()
        value = before if isinstance(before, str) else ", ".join(before)
        typed = place.text_input(_(label), value=value, key=f"entity_{field}", placeholder=example, help=explained)
        entered[field] = words(typed) if is_list else typed
    return entered


def _label_kind(label: str, *, given: EntityQuery | None) -> str:
    """What the label is, and what that means for training."""
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        chosen = st.segmented_control(
            _("The label is"),
            list(LABEL_KINDS),
            format_func=lambda kind: _(LABEL_KINDS[kind][0]),
            default=given.label_kind if given else "binary",
            required=True,
            disabled=not label,
            key="entity_label_kind",
            width="content",
        )
        without = _("Without a label the set is for scoring and analysis: no model is trained on it.")
        st.caption(_(LABEL_KINDS[chosen][1]) if label else without)
    return chosen


def uses_form(project: str, *, given: TrainingSet | None, first: FeatureVersion | None = None) -> list[Entered]:
    """The feature versions to join, each with the columns that its keys are found in. Of a set that is made again, the
    versions that it pins, or what is live now when the address says `newer`; `first` is one to begin with."""
    views = portal().feature_views.list_views(actor(), project=project, limit=MOST).items
    built = {view.name: view for view in sorted(views, key=lambda view: view.live is None) if _offered(view)}
    pinned = _pinned(given)
    if first:
        pinned[first.view] = ViewUse(version_id=first.id, keys={}, prefix=_prefix(first.view))
    before = [name for name in pinned if name in built]
    chosen = st.multiselect(
        _("Features to join"),
        list(built),
        default=before,
        format_func=lambda name: _label(built[name]),
        key="uses",
        help=_("Views at the version that is live; where none is yet, at the newest that is staged."),
    )
    newer = st.query_params.get("newer", "") == "1"
    return [_use(built[name], before=pinned.get(name), newer=newer) for name in chosen]


def _offered(view: FeatureView) -> FeatureVersion | None:
    """The version people get of a view: the live one, before there is one the newest that can be joined."""
    if view.live or not view.latest:
        return view.live
    return view.latest if view.latest.state.can_be_joined else None


def _label(view: FeatureView) -> str:
    """A view's title, with the stage of the version that people get where that is not published."""
    version = _offered(view)
    return " · ".join(filter(None, (view.title, _stage(version) if version else "")))


def _stage(version: FeatureVersion) -> str:
    return "" if version.state is VersionState.PUBLISHED else status.look(version.state).word


def _pinned(given: TrainingSet | None) -> dict[str, ViewUse]:
    if given is None or given.contract is None:
        return {}
    return {view.view: use for view, use in zip(given.contract.views, given.uses, strict=True)}


def _use(view: FeatureView, *, before: ViewUse | None, newer: bool) -> Entered:
    live = _offered(view)
    assert live is not None  # Only views with such a version are offered.
    keep = before is not None and not newer and before.version_id != live.id
    version = portal().feature_versions.get_version(actor(), version_id=before.version_id) if before and keep else live
    with st.container(key=f"card_use_{view.id}", border=True, gap="xsmall"):
        features = counted(len(version.features), _("feature"), _("features"))
        facts = ", ".join(filter(None, (f"v{version.version}", features, _stage(version))))
        st.markdown(f"**{links.escape(view.title)}** :gray[{facts}]")
        places = st.columns(len(view.keys) + 1, gap="small")
        keys = {
            key: place.text_input(
                _("{key} is in").format(key=key),
                value=before.keys.get(key, key) if before else key,
                key=f"use_{view.id}_{key}",
            )
            for key, place in zip(view.keys, places, strict=False)
        }
        first = before.prefix if before else _prefix(view.name)
        prefix = places[-1].text_input(_("Prefix of its names"), value=first, key=f"use_{view.id}_prefix")
    return {"version_id": version.id, "keys": keys, "prefix": prefix}


def _prefix(view: str) -> str:
    """What stands before the names of a view's features unless somebody says otherwise."""
    return f"{view.partition('_')[0]}_"


def splits_form(given: tuple[Split, ...]) -> list[Entered]:
    """Stretches of time, the later ones judged; those without any day are left out, the first is not."""
    st.caption(_("Splits, by day in UTC; the end is excluded. One is enough where nothing is trained."))
    before = {split.name: split for split in given}
    entered = [_split(name, given=before.get(name)) for name in before or SPLITS]
    return [split for place, split in enumerate(entered) if not place or split["start"] or split["end"]]


def _split(name: str, *, given: Split | None) -> Entered:
    with st.container(horizontal=True, gap="xsmall", wrap=False):
        start = _day(
            _("{split} from").format(split=name), value=given.start if given else None, key=f"split_{name}_start"
        )
        end = _day(_("{split} to").format(split=name), value=given.end if given else None, key=f"split_{name}_end")
    return {"name": name, "start": start, "end": end}


def _day(label: str, *, value: date | None, key: str) -> date | None:
    return st.date_input(label, value=value, key=key, min_value=EARLIEST, format="YYYY-MM-DD")


def problem(entity: Entered, *, uses: list[Entered], splits: list[Entered]) -> str:
    """What is missing or wrong with what has been typed so far, as soon as something has been."""
    if not entity["sql"].strip():
        return ""
    try:
        EntityQuery.model_validate(entity)
        [ViewUse.model_validate(use) for use in uses]
        [Split.model_validate(split) for split in splits]
    except ValidationError as error:
        return invalid_of(error).message
    late = [split["name"] for split in splits if split["start"] >= split["end"]]
    return _("The split {name} ends before it begins").format(name=late[0]) if late else ""


def requirement_choice(project: str) -> str:
    """The requirement that the work answers to, "" for none."""
    listing = portal().requirements.list_requirements(actor(), state="open", limit=MOST)
    titles = {item.id: f"{item.id} {item.title}" for item in listing.items if item.project == project}
    chosen = st.selectbox(
        _("Requirement"),
        ["", *titles],
        format_func=lambda item: titles.get(item, _("None")),
        key="requirement_choice",
    )
    return chosen or ""
