"""One piece of evidence: its verdict, its figures, and the digests of what it was measured on. It never changes."""

import json
import re

import streamlit as st

from app.registry.naming import title_of
from app.session import actor, portal
from app.ui import frame, links, status, times
from app.ui.evidence import baseline_of
from app.ui.fields.naming import head_of
from app.ui.sections import sections
from core.foundation.ids import Kind, kind_of
from core.foundation.text import N_, _
from core.promotion.evidence_kinds.table import evidence_kinds, kind_title
from core.registry.values import Evidence, ModelVersion

DIGEST = re.compile("[0-9a-f]{40,64}")
NAMES = {
    "version": N_("Version"),
    "model": N_("Model file"),
    "holdout": N_("Rows"),
    "predictions": N_("Predictions"),
    "baseline": N_("Baseline"),
    "endpoint": N_("Endpoint"),
    "payload": N_("Requests"),
    "plan": N_("Plan"),
}


def show() -> None:
    evidence = portal().evidence.get_evidence(actor(), evidence_id=links.wanted_id(Kind.EVIDENCE))
    version = portal().registry.get_version(actor(), version_id=evidence.subject)
    title = _("{kind} of {version}").format(kind=kind_title(evidence.kind), version=title_of(version))
    by = _("Measured for {name}, {age}").format(
        name=links.escape(frame.name_of(evidence.created_by)), age=times.since(evidence.created_at, now=frame.now())
    )
    crumbs = [
        (_("Models"), "models"),
        (head_of(version.title, version=version.version), version.model_id),
        (f"v{version.version}", version.id),
    ]
    facts = [by, _("measured by the portal"), links.code(evidence.digest[:12])]
    with frame.header(title, state=evidence.verdict, facts=facts, crumbs=crumbs, here=evidence.id):
        _links(evidence, version)
    if evidence.summary:
        st.markdown(f"{status.icon(evidence.verdict)} **{links.escape(evidence.summary)}**")
    left, right = st.columns([1.9, 1], gap="medium")
    with left:
        if kind := evidence_kinds().get(evidence.kind):
            sections(kind.content(evidence))
    with right:
        _measured_on(evidence, version)
    with st.expander(_("Full content")):
        st.code(json.dumps(evidence.content, indent=2, ensure_ascii=False), language="json", height=420)
    frame.lineage(evidence.id)


def _links(evidence: Evidence, version: ModelVersion) -> None:
    if baseline := baseline_of(evidence):
        links.follow("compare", _("Compare them"), ids=f"{baseline},{version.id}", baseline=baseline)
    if links.has_page(evidence.source):
        links.follow(evidence.source, _("Open {id}").format(id=evidence.source))


def _measured_on(evidence: Evidence, version: ModelVersion) -> None:
    frame.section(_("Measured on"), hint=_("exactly these bytes"))
    frame.facts({_(NAMES.get(key, key.capitalize())): _shown(value) for key, value in evidence.measured_on.items()})
    with frame.card("measured_on", tight=True):
        links.link(version.id, title_of(version), icon=links.icon_of(version.id))
        for target in (baseline_of(evidence), evidence.measured_on.get("endpoint", "")):
            if links.has_page(target):
                links.link(target, _name(target), icon=links.icon_of(target))
    st.caption(_("Content digest: {digest}").format(digest=links.code(evidence.digest)))


def _name(target: str) -> str:
    if kind_of(target) is Kind.MODEL_VERSION:
        return _("{version}, the baseline").format(
            version=title_of(portal().registry.get_version(actor(), version_id=target))
        )
    return portal().endpoints.get_endpoint(actor(), endpoint_id=target).title


def _shown(value: str) -> str:
    """A digest by its beginning."""
    return links.code(f"{value[:16]}\u2026" if DIGEST.fullmatch(value) else value)


show()
