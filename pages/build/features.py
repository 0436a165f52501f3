"""Features: the catalog over the newest version of every view."""

import streamlit as st

from app import frame, links, status
from app.features import FeatureLine, feature_lines, view_dialog
from app.profiles import distribution
from app.session import actor, may, portal
from app.tables import grid, search, searched, shown_of
from app.wording import counted
from core.foundation.text import _
from core.identity import Permission

STATES = ("published", "building", "failed")


def show() -> None:
    lines, entities = feature_lines()
    facts = [
        counted(len(lines), _("feature"), _("features")),
        counted(len({line.view.id for line in lines}), _("view"), _("views")),
        counted(len(entities), _("entity"), _("entities")),
    ]
    with frame.header(_("Features"), facts=facts if lines else []):
        if may(Permission.FEATURE_SQL) and st.button(_("New view"), icon=":material/add:", type="primary"):
            view_dialog()
    if not lines:
        advice = _("A view names the features of an entity; its versions are SQL over snapshots.")
        frame.empty(_("No features yet"), advice=advice, icon="dataset")
        return
    shown = _filtered(lines, entities)
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _catalog(shown)
        st.caption(shown_of(len(shown), len(lines)))
    with right, frame.card("feature"):
        if chosen is None:
            st.caption(_("Choose a feature to see it whole."))
        else:
            _detail(shown[chosen])


def _filtered(lines: list[FeatureLine], entities: list[str]) -> list[FeatureLine]:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        search(_("Search name, view, description"), key="q")
        states = st.pills(
            _("State"),
            STATES,
            selection_mode="multi",
            format_func=lambda state: status.look(state).word,
            key="state",
            bind="query-params",
            label_visibility="collapsed",
        )
        entity = st.selectbox(
            _("Entity"),
            ["", *entities],
            format_func=lambda name: name or _("All entities"),
            key="entity",
            bind="query-params",
            label_visibility="collapsed",
            width=160,
        )
    query = searched("q").lower()
    return [
        line
        for line in lines
        if (not states or line.state in states)
        and (not entity or line.view.entity == entity)
        and query in f"{line.name} {line.view.name} {line.view.description}".lower()
    ]


def _catalog(lines: list[FeatureLine]) -> int | None:
    if not lines:
        frame.empty(_("No feature matches"), advice=_("Clear the filters to see all."), icon="filter_alt_off")
        return None
    return grid(
        {
            _("Feature"): [line.name for line in lines],
            _("View"): [line.view.name for line in lines],
            _("Version"): [f"v{line.version.version}" for line in lines],
            _("State"): [line.state for line in lines],
            _("Nulls"): [round(line.null_share * 100, 1) for line in lines],
            _("Used by"): [line.version.used_by for line in lines],
            _("Distribution"): [line.bins for line in lines],
        },
        key="features",
        states=_("State"),
        widths={_("Version"): 66, _("State"): 92, _("Used by"): 70},
        numbers={_("Nulls"): "%g %%"},
        config={_("Distribution"): st.column_config.AreaChartColumn(_("Distribution"), width=96, color="blue")},
        required=True,
    )


def _detail(line: FeatureLine) -> None:
    frame.card_head(line.name, state=line.state, text=line.view.description)
    with st.container(horizontal=True, gap="xsmall"):
        if st.button(_("Open the view"), type="primary", icon=":material/arrow_forward:", key="open_view"):
            links.open_object(line.view.id)
    overview, logic = st.tabs([_("Overview"), _("SQL")])
    with overview:
        _overview(line)
    with logic:
        st.code(line.version.sql, language="sql", height=420)


def _overview(line: FeatureLine) -> None:
    frame.facts(line.facts())
    if line.profile:
        st.caption(_("Distribution over {n} rows").format(n=f"{line.version.rows:,}".replace(",", "\u2009")))
        distribution(line.profile, key="feature_distribution")
    used = portal().identity.lineage(actor(), object_id=line.version.id)
    sets = [thing for thing in used.things if thing.kind in ("training_set", "model_version")]
    st.caption(_("Used by") if sets else _("Nothing uses it yet"))
    st.markdown(" ".join(f":gray-badge[{links.escape(thing.title)}]" for thing in sets[:12]))


show()
