"""What nobody uses: built versions that no training set and no standing order needs, the most expensive first."""

import streamlit as st

from app.session import actor, portal
from app.ui import frame, links, times
from app.ui.tables import grid
from app.ui.wording import counted
from core.features.catalog.values import DeadFeature
from core.foundation.text import _


def show() -> None:
    found = portal().features.dead_features(actor())
    facts = [
        counted(len(found), _("version"), _("versions")),
        _("{time} to build").format(time=times.duration(sum(one.cost.build_seconds for one in found))),
        _("{size} in the store").format(size=times.size(sum(one.cost.bytes for one in found))),
    ]
    title = _("What nobody uses")
    frame.header(title, facts=facts if found else [], crumbs=[(_("Features"), "features")])
    if not found:
        frame.empty(_("Everything is used"), advice=_("Every built version is in a training set or online."))
        return
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _grid(found)
    with right, frame.card("unused"):
        _detail(found[chosen or 0])


def _grid(found: tuple[DeadFeature, ...]) -> int | None:
    return grid(
        {
            _("Version"): [f"{one.view} v{one.version}" for one in found],
            _("State"): [one.state for one in found],
            _("Owner"): [frame.name_of(one.owner) for one in found],
            _("Made"): [times.ago(one.created_at, now=frame.now()) for one in found],
            _("Built in"): [times.duration(one.cost.build_seconds) for one in found],
            _("Rows"): [one.cost.rows for one in found],
            _("Size"): [times.size(one.cost.bytes) for one in found],
        },
        key="unused",
        states=_("State"),
        widths={_("State"): 106, _("Made"): 84, _("Built in"): 84, _("Rows"): 92, _("Size"): 84},
        numbers={_("Rows"): "localized"},
        required=True,
    )


def _detail(one: DeadFeature) -> None:
    frame.card_head(f"{one.view} v{one.version}", state=one.state)
    if st.button(_("Open the version"), type="primary", icon=":material/arrow_forward:", key="open_unused"):
        links.open_object(one.version_id)
    frame.facts(
        {
            _("Version"): links.code(one.version_id),
            _("Owner"): links.escape(frame.name_of(one.owner)),
            _("Features"): times.number(one.features),
            _("Made"): times.absolute(one.created_at),
            _("Built in"): times.duration(one.cost.build_seconds),
            _("Rows"): times.number(one.cost.rows),
            _("Size"): times.size(one.cost.bytes),
        }
    )
    st.caption(_("A version that is deprecated and then retired is offered no more; its rows and history stay."))
