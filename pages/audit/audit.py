"""The audit log: who did what to what, what was refused, and whether anyone touched the record of it."""

import json

import streamlit as st

from app.closed import need
from app.session import actor, may, portal
from app.ui import cells, forms, frame, links, numbers, status, times
from app.ui.cells import Column, Row
from app.ui.components.rows import BESIDE, rows, window
from app.ui.fields.address import one_of
from app.ui.tables import no_match, search
from core.audit.service import AuditEvent, AuditReport
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission

OUTCOMES = {"": N_("All"), "ok": N_("Done"), "denied": N_("Denied")}


def show() -> None:
    need(Permission.AUDIT_READ)
    facts = [_("Append-only, hash-chained, signed outside the database")]
    with frame.header(_("Audit"), facts=facts):
        verify = may(Permission.AUDIT_VERIFY) and st.button(
            _("Verify the log"), icon=":material/verified_user:", type="primary"
        )
    if verify:
        with forms.attempt():
            _verdict(portal().audit.verify(actor()))
    listing = _filtered()
    left, right = st.columns([1.72, 1], gap="small")
    with left:
        chosen = _events(listing)
    with right, frame.card("event"):
        _event(next((event for event in listing.items if str(event.seq) in chosen), None))


def _filtered() -> Listing[AuditEvent]:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        action = search(_("Action begins with, for instance promotion"), key="action")
        subject = search(_("Subject, for instance PR-42"), key="subject", width=220)
        outcome = st.segmented_control(
            _("Outcome"),
            list(OUTCOMES),
            format_func=lambda chosen: _(OUTCOMES[chosen]),
            label_visibility="collapsed",
            **one_of("outcome", OUTCOMES),
        )
    part = window("events", action, subject, outcome)
    return portal().audit.list_events(
        actor(), action=action, subject=subject, outcome=outcome or "", offset=part.offset, limit=part.limit
    )


def _events(listing: Listing[AuditEvent]) -> tuple[str, ...]:
    if not listing.items:
        no_match(_("No event matches"), {"action": "", "subject": "", "outcome": ""})
        return ()
    columns = (
        Column(_("When"), "time", 84),
        Column(_("Who"), width=130, priority=3),
        Column(_("Action"), "code"),
        Column(_("Subject"), "code", 84),
        Column(_("Outcome"), "state", 106, priority=2),
    )
    lines = [_row(event) for event in listing.items]
    return rows(
        columns, lines, key="events", label=_("Audit events"), total=listing.total, choice="first", height=BESIDE
    )


def _row(event: AuditEvent) -> Row:
    return Row(
        str(event.seq),
        (
            cells.time(event.time, now=frame.now()),
            cells.text(event.actor_name),
            cells.code(event.action),
            cells.code(event.subject, target=event.subject),
            cells.state(event.outcome),
        ),
        target=event.subject,
    )


def _event(event: AuditEvent | None) -> None:
    if event is None:
        st.caption(_("Choose an event to see its details."))
        return
    st.header(links.escape(event.action), anchor=False)
    pairs = {
        _("Number"): str(event.seq),
        _("Time"): times.absolute(event.time),
        _("Who"): f"{links.escape(event.actor_name)} :gray[{links.escape(event.actor)}, {event.via}]",
        _("Outcome"): status.inline(event.outcome),
        _("Project"): links.escape(event.project or "—"),
    }
    frame.facts(pairs)
    if event.subject:
        links.link(event.subject, event.subject, icon=links.icon_of(event.subject))
    if event.details:
        st.code(json.dumps(event.details, indent=2, ensure_ascii=False), language="json")


def _verdict(report: AuditReport) -> None:
    with st.container(key="card_verdict", border=True, gap="xsmall"):
        if report.problems:
            st.markdown(":red[:material/gpp_bad:] " + _("**The log does not hold.** What was found:"))
            for problem in report.problems:
                st.caption(links.escape(problem))
            return
        whole = _("**The log is intact.** {n} events follow each other without a gap, signed to event {signed}.")
        verdict = whole.format(n=numbers.number(report.events), signed=report.signed_to)
        st.markdown(f":green[:material/verified_user:] {verdict}")


show()
