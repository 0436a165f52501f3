"""Which versions are compared and against which, kept in the address: `?ids=MV-1,MV-2&baseline=MV-1`."""

import streamlit as st

from app.registry.naming import MOST, PRODUCTION, Places, stage_of, title_of
from app.session import actor, portal
from app.ui import links
from app.ui.fields.address import flag
from core.foundation.ids import Kind
from core.foundation.text import _
from core.foundation.values import Value
from core.registry.values import ModelVersion

MOST_COMPARED = 8
Versions = dict[str, ModelVersion]


class Choice(Value):
    """What is compared; `baseline` is empty while there is nothing to choose it from."""

    ids: tuple[str, ...]
    baseline: str
    only_differences: bool


def offered() -> Versions:
    """Every version there is, and those that the address names, however old they are."""
    versions = {version.id: version for version in portal().registry.list_versions(actor(), limit=MOST).items}
    for wanted in _wanted():
        if wanted not in versions:
            versions[wanted] = portal().registry.get_version(actor(), version_id=wanted)
    return versions


def _wanted() -> list[str]:
    names = (part.strip() for part in st.query_params.get("ids", "").split(","))
    ids = (links.id_of(name, Kind.MODEL_VERSION) for name in names)
    return [version_id for version_id in dict.fromkeys(ids) if version_id][:MOST_COMPARED]


def choose(versions: Versions, known: Places) -> Choice:
    """The tool bar."""
    names = {version.id: title_of(version) for version in versions.values()}
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        ids = st.multiselect(
            _("Versions"),
            list(versions),
            default=_wanted() or list(versions)[:2],
            format_func=names.__getitem__,
            max_selections=MOST_COMPARED,
            key="compared",
            label_visibility="collapsed",
            width=370,
        )
        baseline = st.selectbox(
            _("Baseline"),
            ids,
            index=_place(ids, versions, known),
            format_func=lambda version_id: _baseline_name(versions[version_id], known),
            label_visibility="collapsed",
            width=280,
        )
        only = st.toggle(_("Only differences"), **flag("only", usual=True))
    st.query_params["ids"] = ",".join(ids)
    st.query_params["baseline"] = baseline or ""
    return Choice(ids=tuple(ids), baseline=baseline or "", only_differences=only)


def _place(ids: list[str], versions: Versions, known: Places) -> int | None:
    """The baseline that the address names, else what is in production, else the oldest."""
    if not ids:
        return None
    wanted = links.id_in_address("baseline", Kind.MODEL_VERSION)
    if wanted in ids:
        return ids.index(wanted)
    order = sorted(
        ids,
        key=lambda version_id: (stage_of(versions[version_id], known) != PRODUCTION, versions[version_id].created_at),
    )
    return ids.index(order[0])


def _baseline_name(version: ModelVersion, known: Places) -> str:
    stage = stage_of(version, known)
    name = _("Baseline: {name}").format(name=title_of(version))
    return f"{name} ({stage})" if known.get(version.id) else name
