"""What surrounds every page: the logo, search, navigation, who is signed in, and the way out."""

from pathlib import Path

import streamlit as st

from app.session import portal, role_line, secret
from app.ui import frame, links
from app.ui.components.leave import leave
from app.ui.components.palette import palette
from core.foundation.text import N_, _
from core.identity.values import Person

STATIC = Path(__file__).parent / "static"
SIGN_IN = "/sign-in"
SWITCH, SIGN_OUT = N_("Switch identity"), N_("Sign out")


def configure() -> None:
    """The browser tab, which keeps its title until the page says another, and the style sheet."""
    st.set_page_config(
        page_title=st.session_state.get(frame.TAB, frame.PRODUCT),
        page_icon=str(STATIC / "favicon.svg"),
        layout="wide",
        initial_sidebar_state="expanded",
        # The settings menu, and with it the switch between light and dark, appears only beside another entry.
        menu_items={"About": _("**Causeway** carries a model from a business goal to production, with the evidence.")},
    )
    st.html(STATIC / "causeway.css")


def surround(visitor: Person) -> None:
    """The sidebar of someone who is signed in."""
    st.logo(STATIC / "logo.svg", size="large", icon_image=STATIC / "favicon.svg")
    with st.sidebar:
        with st.container(key="palette_place"), frame.guarded():
            palette()
        _account(visitor)


def _account(person: Person) -> None:
    with st.container(key="account", gap=None):
        if portal().foundation.settings.sign_in == "development":
            st.badge(_("Development identity"), icon=":material/badge:", color="orange")
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", wrap=False):
            with st.container(gap=None):
                st.markdown(f"**{links.escape(person.name)}**")
                st.caption(links.escape(role_line(person)))
            chosen = frame.kebab(_("Account"), [_(SWITCH), _(SIGN_OUT)], key="account_menu")
    if chosen:
        portal().sessions.sign_out(secret())
        leave(SIGN_IN, keep=chosen == _(SWITCH))
        st.stop()


def ended() -> None:
    """What someone sees whose session is no more: the way to sign-in, which comes back here."""
    with frame.empty(
        _("Your session has ended"),
        advice=_("Sign in again; you will come back to this page."),
        icon="lock",
        key="ended",
    ):
        leave(SIGN_IN, keep=True)
