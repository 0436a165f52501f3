"""What has been chosen for a training set that is not there yet. The address says what it begins as."""

from datetime import datetime
from typing import Any

import streamlit as st
from pydantic import ValidationError

from app.session import actor, portal, projects
from app.training_sets.builder.views import newest_of
from app.ui import links
from core.features.training_sets.proposals.composing import NO_LABEL_TASK, PLACES
from core.features.training_sets.proposals.values import Role
from core.features.training_sets.values import EntityQuery, LabelFrom, ShareSplits, Split, TrainingSet
from core.features.values import ViewUse
from core.foundation.ids import Kind, kind_of
from core.foundation.values import Value
from core.lake.images.values import ImageInput
from core.tasks.values import BINARY

DRAFT, BASIS, SAVED = "set_draft", "set_draft_basis", "set_draft_saved"
# What of the address says what a draft begins as.
NAMING = ("dataset", "like", "newer", "add")


class Draft(Value):
    """Choices, and nothing that follows from them. The rows are those of a snapshot or of SQL. `roles` are those of
    columns that the proposal has to know of, `uses_as` what else was chosen for a column: a kind of input or a role;
    with `only_chosen` every other column is left out. `images` and `text_items` are the
    snapshots whose files columns name, empty for none. Without splits and shares the rows are split as proposed."""

    project: str
    snapshot_id: str = ""
    is_sql: bool = False
    sql: str = ""
    sources: dict[str, str] = {}  # noqa: RUF012 - a default of a frozen value
    roles: dict[str, Role] = {}  # noqa: RUF012
    uses_as: dict[str, str] = {}  # noqa: RUF012
    images: dict[str, str] = {}  # noqa: RUF012
    text_items: dict[str, str] = {}  # noqa: RUF012
    image_sizes: dict[str, ImageInput] = {}  # noqa: RUF012
    only_chosen: bool = False
    task: str = ""
    label_from: LabelFrom | None = None
    uses: tuple[ViewUse, ...] = ()
    known_at: bool = True
    splits: tuple[Split, ...] = ()
    shares: ShareSplits | None = None
    title: str = ""
    requirement_id: str = ""

    @property
    def has_rows(self) -> bool:
        return bool(self.sql.strip() if self.is_sql else self.snapshot_id)


def begin() -> Draft:
    """The draft of this address: the one that is under way, or a new one."""
    basis = basis_of_address()
    if st.session_state.get(BASIS) != basis:
        st.session_state[BASIS] = basis
        st.session_state[DRAFT] = _of_address()
        st.session_state.pop(SAVED, None)
    return draft()


def draft() -> Draft:
    value: Draft = st.session_state[DRAFT]
    return value


def change(**updates: Any) -> None:
    """Changes the draft, before the page is drawn again."""
    if DRAFT in st.session_state:
        st.session_state[DRAFT] = draft().model_copy(update=updates)
        st.session_state[SAVED] = portal().foundation.clock.now()


def saved_at() -> datetime | None:
    """When it was last changed; None while it is what the address says."""
    at: datetime | None = st.session_state.get(SAVED)
    return at


def discard() -> None:
    """Begins anew with what the address says."""
    st.session_state[DRAFT] = _of_address()
    st.session_state[SAVED] = portal().foundation.clock.now()


def restore(text: str) -> None:
    """Takes up what the browser kept."""
    if before := read_draft(text):
        st.session_state[DRAFT] = before
        st.session_state[SAVED] = portal().foundation.clock.now()


def read_draft(text: str) -> Draft | None:
    """A draft from its JSON; None where it is none of today's form."""
    try:
        return Draft.model_validate_json(text)
    except ValidationError:
        return None


def choose_dataset(dataset_id: str) -> None:
    """The rows of another dataset; the address names it from now on. Nothing that was chosen for other columns is
    kept."""
    dataset = portal().datasets.get_dataset(actor(), dataset_id=dataset_id)
    rows = {"snapshot_id": dataset.latest.id if dataset.latest else "", "is_sql": False, "sql": "", "sources": {}}
    change(project=dataset.project, **rows, **NO_COLUMNS)
    for name in NAMING:
        st.query_params.pop(name, None)
    st.query_params["dataset"] = dataset_id
    st.session_state[BASIS] = basis_of_address()


NO_COLUMNS: dict[str, Any] = {
    "roles": {},
    "uses_as": {},
    "images": {},
    "text_items": {},
    "image_sizes": {},
    "only_chosen": False,
    "task": "",
    "label_from": None,
    "splits": (),
    "shares": None,
}


def basis_of_address() -> str:
    return "|".join(st.query_params.get(name, "") for name in NAMING)


def like() -> TrainingSet | None:
    """The training set that the draft began as, named in the address."""
    wanted = links.id_in_address("like", Kind.TRAINING_SET)
    return portal().training_sets.get_training_set(actor(), training_set_id=wanted) if wanted else None


def _of_address() -> Draft:
    if before := like():
        return _of_set(before)
    wanted = links.id_in_address("dataset", Kind.DATASET, Kind.SNAPSHOT)
    uses, project = _added()
    if not wanted:
        return Draft(project=project or next(iter(projects()), ""), uses=uses)
    if kind_of(wanted) is Kind.SNAPSHOT:
        snapshot = portal().datasets.get_snapshot(actor(), snapshot_id=wanted)
        return Draft(project=snapshot.project, snapshot_id=snapshot.id, uses=uses)
    dataset = portal().datasets.get_dataset(actor(), dataset_id=wanted)
    return Draft(project=dataset.project, snapshot_id=dataset.latest.id if dataset.latest else "", uses=uses)


def _added() -> tuple[tuple[ViewUse, ...], str]:
    """The feature version that the address names, with its project."""
    wanted = links.id_in_address("add", Kind.FEATURE_VERSION)
    if not wanted:
        return (), ""
    version = portal().feature_versions.get_version(actor(), version_id=wanted)
    return (ViewUse(version_id=version.id, keys={}, prefix=prefix_of(version.view)),), version.project


def prefix_of(view: str) -> str:
    """What stands before the names of a view's features unless somebody says otherwise."""
    return f"{view.partition('_')[0]}_"


def _of_set(before: TrainingSet) -> Draft:
    entity = before.entity
    return Draft(
        project=before.project,
        is_sql=True,
        sql=entity.sql,
        sources=entity.sources,
        **_columns_of(entity, before.shares),
        images=entity.images,
        text_items=entity.text_items,
        image_sizes=entity.image_sizes,
        only_chosen=True,
        task=entity.task or (BINARY if entity.label_kind == "binary" else NO_LABEL_TASK) if entity.label else "",
        label_from=entity.label_from,
        uses=_newest(before.uses) if st.query_params.get("newer", "") == "1" else before.uses,
        known_at=before.known_at,
        splits=before.asked,
        shares=before.shares,
        title=before.title,
        requirement_id=before.requirement_id,
    )


def _newest(uses: tuple[ViewUse, ...]) -> tuple[ViewUse, ...]:
    """The same uses of what people get of the views now."""
    return tuple(use.model_copy(update={"version_id": newest_of(use.version_id)}) for use in uses)


def _columns_of(entity: EntityQuery, shares: ShareSplits | None) -> dict[str, Any]:
    """The roles of a set's columns."""
    label = "" if entity.label_from else entity.label
    group = entity.group or (shares.column if shares and shares.by == "grouped" else "")
    inputs = {
        name: kind
        for kind, names in (
            *((kind, getattr(entity, place)) for kind, place in PLACES.items()),
            ("image", tuple(entity.images)),
            ("text", tuple(entity.text_items)),
        )
        for name in names
    }
    roles: dict[str, Role] = {entity.row_id: "id"}
    roles |= {entity.event_time: "moment"} if entity.event_time else {}
    roles |= {label: "label"} if label else {}
    roles |= {group: "group"} if group and group not in inputs and group not in entity.keys_only else {}
    others = dict.fromkeys(entity.keys_only, "key") | ({entity.weight: "weight"} if entity.weight else {})
    return {"roles": roles, "uses_as": inputs | others}
