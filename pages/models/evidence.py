"""One piece of evidence: its verdict, its figures, and the digests of what it was measured on. It never changes."""

import json
import re

import streamlit as st

from app import frame, links, status, times
from app.session import actor, portal
from core.foundation.ids import Kind
from core.foundation.text import _
from core.registry import Evidence

DIGEST = re.compile("[0-9a-f]{64}")
KINDS = {
    "quality": _("Offline quality"),
    "parity": _("Parity"),
    "load_test": _("Load test"),
    "safety": _("Artifact safety"),
}


def show() -> None:
    found = portal().registry.get_evidence(actor(), evidence_id=links.wanted_id(Kind.EVIDENCE))
    version = portal().registry.get_version(actor(), version_id=found.subject)
    name = f"{version.model} v{version.version}"
    title = _("{kind} of {version}").format(kind=KINDS.get(found.kind, found.kind), version=name)
    crumbs = [(_("Models"), "models"), (version.model, version.model_id), (f"v{version.version}", version.id)]
    by = links.escape(frame.name_of(found.created_by))
    facts = [_("asked for by {name}").format(name=by), times.absolute(found.created_at), f"`{found.digest[:12]}`"]
    frame.header(title, state=found.verdict, facts=facts, crumbs=crumbs, here=found.id)
    st.markdown(f"{status.icon(found.verdict)} **{links.escape(found.summary)}**")
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        frame.section(_("Figures"), hint=_("frozen; gates read these and nothing else"))
        _figures(found)
    with right:
        frame.section(_("Measured on"))
        _measured_on(found)
    frame.lineage(found.id)


def _figures(found: Evidence) -> None:
    plain = {key: value for key, value in found.content.items() if not isinstance(value, dict | list)}
    if plain:
        frame.facts({key.replace("_", " ").capitalize(): _shown(value) for key, value in plain.items()})
    nested = {key: value for key, value in found.content.items() if key not in plain}
    if nested:
        with st.expander(_("Everything it says"), expanded=not plain):
            st.code(json.dumps(nested, indent=2, ensure_ascii=False), language="json", height=420)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = "—" if value is None else str(value)
    return f"`{text[:16]}`" if DIGEST.fullmatch(text) else links.escape(text)


def _measured_on(found: Evidence) -> None:
    frame.facts({key.capitalize(): _shown(value) for key, value in found.measured_on.items()})
    for target in (found.subject, found.measured_on.get("endpoint", ""), found.source):
        if links.has_page(target):
            links.link(target, target, icon=links.icon_of(target))


show()
