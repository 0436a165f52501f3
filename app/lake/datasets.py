"""Parts of the dataset pages: the dialogs that make a dataset and add a snapshot."""

from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.session import actor, portal
from app.ui import forms, frame, links, times
from app.ui.fields.naming import name_fields
from app.ui.tables import choice, is_archived_chosen, search
from core.foundation.actions.content import Content
from core.foundation.errors import Invalid
from core.foundation.ids import Kind
from core.foundation.text import N_, _
from core.lake.import_values import Import, ImportChoices, ImportState, Mode
from core.lake.places.table import packages, places
from core.lake.readers.folders import zipped
from core.lake.values import Dataset, DatasetFacets, TimeZoneRule

UPLOAD, FOLDER, PACKAGE, ADDRESS = N_("A file"), N_("A folder"), N_("A package's data"), N_("S3")
REPLACE, APPEND = N_("Replace"), N_("Append")
ENDINGS = ["csv", "tsv", "txt", "jsonl", "ndjson", "json", "parquet", "arrow", "feather", "xlsx", "xlsm", "gz", "zip"]
MOST_WAITING = 20
FILTERS = dict.fromkeys(("q", "form", "owner", "tag", "kept"), "")
FORMS = {"": N_("Rows and files"), "table": N_("Rows"), "files": N_("Files")}


@forms.dialog(N_("New dataset"))
def dataset_dialog() -> None:
    """A name; rows come with the first snapshot."""
    project = forms.choose_project(key="dataset_project")
    places: dict[str, DeltaGenerator] = {}
    names = name_fields(Kind.DATASET, project=project, key="dataset", example=_("Customer orders"), places=places)
    description = st.text_area(_("Description"), key="dataset_description", max_chars=4000)
    if st.button(_("Create"), type="primary", key="dataset_save"):
        with forms.attempt(places) as done:
            dataset = portal().datasets.create_dataset(actor(), project=project, description=description, **names)
        if done.succeeded:
            links.open_object(dataset.id)


@dataclass(frozen=True)
class Source:
    """Where the next rows come from, as it stands in the dialog."""

    kind: str
    name: str = ""
    content: bytes = b""


@forms.dialog(N_("Add a snapshot"), width="medium")
def snapshot_dialog(dataset: Dataset) -> None:
    """The next snapshot, from a file, a package or S3. It is read first, and confirmed on the import's own page."""
    source = _source()
    mode = _(REPLACE)
    if dataset.latest is not None:
        mode = st.segmented_control(
            _("Existing rows"), [_(REPLACE), _(APPEND)], default=_(REPLACE), required=True, key="snapshot_mode"
        )
    with st.expander(_("Times and future leakage")):
        zones = st.text_area(
            _("Local times"),
            key="snapshot_zones",
            placeholder="local_time America/New_York",
            help=_("One line for each column of local times: the column and its time zone."),
        )
        known = st.text_area(
            _("Known only later"),
            key="snapshot_known",
            placeholder="refunded refunded_at",
            help=_(
                "One line for each column that is known only later: the column, and the one with the time it becomes "
                "known."
            ),
        )
    st.caption(_("Nothing is stored yet: first you review how it was read, then confirm or correct it."))
    if st.button(_("Read"), type="primary", key="snapshot_save", disabled=not source.name):
        with forms.attempt() as done, st.spinner(_("Sending")):
            rules = tuple(TimeZoneRule(column=column, zone=zone) for column, zone in pairs(zones))
            choices = ImportChoices(zones=rules, known=dict(pairs(known)))
            begun = _start(dataset, source, mode="append" if mode == _(APPEND) else "replace", choices=choices)
        if done.succeeded:
            links.open_object(begun.id)


def _source() -> Source:
    kind = st.segmented_control(
        _("Source"),
        [_(UPLOAD), _(FOLDER), _(PACKAGE), _(ADDRESS)],
        default=_(UPLOAD),
        required=True,
        key="snapshot_source",
    )
    if kind == _(UPLOAD):
        file = st.file_uploader(
            _("CSV, Excel, JSON lines, Parquet or Arrow; or a ZIP of images or texts"),
            type=ENDINGS,
            key="snapshot_file",
        )
        return Source(kind, file.name, file.getvalue()) if file else Source(kind)
    if kind == _(FOLDER):
        files = st.file_uploader(
            _("A folder of images or texts"), accept_multiple_files="directory", key="snapshot_folder"
        )
        content = zipped((file.name, file.getvalue()) for file in files)
        return Source(kind, f"{_folder(files[0].name)}.zip", content) if files else Source(kind)
    if kind == _(PACKAGE):
        tables = [f"{package}/{table}" for package in packages() for table in places()[package].tables]
        table = st.selectbox(_("Table of a package"), tables, key="snapshot_table")
        st.caption(places()[table.partition("/")[0]].help())
        return Source(kind, table)
    address = st.text_input(
        _("Address"),
        key="snapshot_address",
        placeholder="s3://bucket/folder/",
        help=_("One file, or a folder with a slash at its end: every table in it is read."),
    )
    return Source(kind, (address or "").strip())


def _folder(path: str) -> str:
    """The name of the folder that was chosen."""
    return path.partition("/")[0] if "/" in path else _("folder")


def _start(dataset: Dataset, source: Source, *, mode: Mode, choices: ImportChoices) -> Import:
    imports = portal().imports
    if source.kind == _(PACKAGE):
        package, _slash, table = source.name.partition("/")
        return imports.start_package_import(
            actor(), dataset_id=dataset.id, package=package, table=table, mode=mode, choices=choices
        )
    if source.kind == _(ADDRESS):
        return imports.start_address_import(
            actor(), dataset_id=dataset.id, address=source.name, mode=mode, choices=choices
        )
    content = Content.of(source.content)
    return imports.start_upload(
        actor(), dataset_id=dataset.id, filename=source.name, content=content, mode=mode, choices=choices
    )


def filters(facets: DatasetFacets) -> dict[str, Any]:
    """The bar above the datasets; returns what is asked for, by the names of the action's parameters."""
    owners = {"": _("All owners")} | {owner: frame.name_of(owner) for owner in facets.owners}
    tags = {"": _("All tags")} | {tag: tag for tag in facets.tags}
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        return {
            "query": search(_("Search by name"), key="q"),
            "form": choice(_("Content"), FORMS, key="form", width=144),
            "owner": choice(_("Owner"), owners, key="owner"),
            "tag": choice(_("Tag"), tags, key="tag"),
            "archived": is_archived_chosen(),
        }


def stage_of(dataset: Dataset) -> str:
    """Where a dataset is in its life."""
    return "ready" if dataset.latest else "empty"


def waiting_imports() -> None:
    """Imports that are being read or wait for a person, each a link to its page."""
    states = (ImportState.READY, ImportState.READING)
    listings = [portal().imports.list_imports(actor(), state=state.value, limit=MOST_WAITING) for state in states]
    waiting = [item for listing in listings for item in listing.items]
    if not waiting:
        return
    frame.section(_("Imports under way"))
    with frame.rows("imports"):
        for item in waiting:
            frame.row(
                item.id,
                title=_("{source} into {dataset}").format(source=item.source.name, dataset=item.dataset_title),
                target=item.id,
                state=item.state,
                detail=f"{item.id} · {links.escape(frame.name_of(item.created_by))}",
                age=times.ago(item.created_at, now=frame.now()),
            )


def pairs(text: str) -> list[tuple[str, str]]:
    """Lines of two words each. Invalid names the line that is not."""
    word_pairs = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        words = line.replace("=", " ").replace(":", " ").split()
        if len(words) != 2:
            raise Invalid(_("{line} is not two words").format(line=repr(line[:60])), hint=_("Write: column value"))
        word_pairs.append((words[0], words[1]))
    return word_pairs
