"""Leaves the page for sign-in when the session has ended: the only place where a whole new page is loaded."""

import streamlit as st

JS = """
export default function ({ data }) {
  const here = window.location.pathname + window.location.search;
  window.location.assign(data.to + "?next=" + encodeURIComponent(data.keep ? here : "/"));
}
"""
_leave = st.components.v2.component("causeway_leave", js=JS)


def leave(to: str, *, keep: bool) -> None:
    """Opens `to`, another page of ours outside Streamlit; with `keep`, sign-in comes back to this very page."""
    _leave(key="leave", data={"to": to, "keep": keep})
