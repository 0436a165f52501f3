"""The one primary button of a page, as `app.next_action` decides it."""

import streamlit as st

from app.next_action.values import NextAction, Rights
from app.session import may, person
from app.ui import links
from core.identity.permissions import Permission


def rights(project: str) -> Rights:
    """What the visitor may do in a project."""
    permissions = frozenset(permission for permission in Permission if may(permission, project=project))
    return Rights(person_id=person().id, permissions=permissions)


def primary_action(action: NextAction) -> bool:
    """Draws the button; what it opens is opened here. Returns whether an act of the page itself was asked for."""
    if not action.name:
        return False
    pressed = st.button(
        action.label,
        type="primary",
        icon=f":material/{action.icon}:",
        disabled=bool(action.missing),
        help=links.escape(action.missing or action.sentence) or None,
        key=action.name,
    )
    if pressed and action.target:
        links.open_target(action.target)
    return pressed


def what_is_missing(action: NextAction) -> None:
    """Under the header: what a disabled button lacks."""
    if action.missing:
        st.caption(f":material/info: {links.escape(action.missing)}")
