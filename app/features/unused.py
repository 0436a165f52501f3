"""Unused versions: those built that no training set and no materialization needs, the most expensive first."""

import streamlit as st

from app.session import actor, portal
from app.ui import cells, frame, links, numbers, times
from app.ui.cells import Column, Row
from app.ui.components.rows import BESIDE, rows
from app.ui.wording import counted
from core.features.catalog.values import DeadFeature
from core.foundation.text import _


def show() -> None:
    unused = portal().feature_statistics.dead_features(actor())
    facts = [
        counted(len(unused), _("version"), _("versions")),
        _("{time} to build").format(time=numbers.duration(sum(version.cost.build_seconds for version in unused))),
        _("{size} in the store").format(size=numbers.size(sum(version.cost.bytes for version in unused))),
    ]
    title = _("Unused versions")
    frame.header(title, facts=facts if unused else [], crumbs=[(_("Features"), "features")])
    if not unused:
        frame.empty(_("Everything is used"), advice=_("Every built version is in a training set or online."))
        return
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _catalog(unused)
    with right, frame.card("unused"):
        for version in unused:
            if version.version_id in chosen:
                _detail(version)


def _catalog(versions: tuple[DeadFeature, ...]) -> tuple[str, ...]:
    columns = (
        Column(_("Version")),
        Column(_("State"), "state", 118),
        Column(_("Owner"), width=120, priority=3),
        Column(_("Made"), "time", 90, priority=3),
        Column(_("Built in"), "number", 92, priority=2),
        Column(_("Rows"), "number", 100, priority=2),
        Column(_("Size"), "number", 92),
    )
    links.titles_of(version.version_id for version in versions)
    lines = [_row(version) for version in versions]
    return rows(columns, lines, key="unused", label=_("Unused versions"), choice="first", height=BESIDE)


def _row(version: DeadFeature) -> Row:
    cost = version.cost
    return Row(
        version.version_id,
        (
            cells.text(links.title_of(version.version_id), target=version.version_id),
            cells.state(version.state),
            cells.text(frame.name_of(version.owner)),
            cells.time(version.created_at, now=frame.now()),
            cells.number(cost.build_seconds, numbers.duration(cost.build_seconds)),
            cells.number(cost.rows),
            cells.number(cost.bytes, numbers.size(cost.bytes)),
        ),
        target=version.version_id,
    )


def _detail(version: DeadFeature) -> None:
    frame.card_head(links.title_of(version.version_id), state=version.state)
    if st.button(_("Open the version"), type="primary", icon=":material/arrow_forward:", key="open_unused"):
        links.open_object(version.version_id)
    frame.facts(
        {
            _("Version"): links.code(version.version_id),
            _("Owner"): links.escape(frame.name_of(version.owner)),
            _("Features"): numbers.number(version.features),
            _("Made"): times.absolute(version.created_at),
            _("Built in"): numbers.duration(version.cost.build_seconds),
            _("Rows"): numbers.number(version.cost.rows),
            _("Size"): numbers.size(version.cost.bytes),
        }
    )
    st.caption(_("A version that is deprecated and then retired is offered no more; its rows and history stay."))
