"""Which code a run was, where people brought it."""

import streamlit as st

from app.ui import frame, links
from core.foundation.text import N_, _
from core.training.values import Run

# What the environment of such a run says, by the words for people.
FACTS = {
    "repository": N_("Repository"),
    "commit": N_("Commit"),
    "entry point": N_("Entry point"),
    "source": N_("Digest of the code"),
    "requirements": N_("Digest of the requirements"),
    "packages": N_("Packages"),
}
HEAD = 12


def code_facts(run: Run) -> None:
    """Nothing for a run of a recipe of the portal's own."""
    known = {name: run.environment[name] for name in FACTS if name in run.environment}
    if "source" not in known:
        return
    frame.section(_("Code"), hint=_("what ran in the sandbox"))
    frame.facts({_(FACTS[name]): _shown(name, text) for name, text in known.items()})
    if not run.manifest:
        st.caption(_("This run gave predictions only: it is compared, and cannot become a version."))


def _shown(name: str, text: str) -> str:
    if name == "repository" and text.startswith("https://"):
        return f"[{links.escape(text.removeprefix('https://'))}]({text})"
    return f"`{text[:HEAD]}`" if name in ("commit", "source", "requirements") else f"`{text}`"
