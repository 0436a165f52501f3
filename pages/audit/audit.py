"""The audit log: who did what to what, what was refused, and whether anyone touched the record of it."""

import json

import streamlit as st

from app.session import actor, may, portal
from app.ui import forms, frame, links, status, times
from app.ui.tables import grid, offset_of, pager, search, shown_of
from core.audit.service import AuditEvent, AuditReport
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission

SIZE = 50
OUTCOMES = {"": N_("All"), "ok": N_("Done"), "denied": N_("Denied")}


def show() -> None:
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
        _event(listing.items[chosen] if chosen is not None else None)


def _filtered() -> Listing[AuditEvent]:
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center"):
        action = search(_("Action begins with, for instance promotion"), key="action")
        subject = search(_("Subject, for instance PR-42"), key="subject", width=220)
        outcome = st.segmented_control(
            _("Outcome"),
            list(OUTCOMES),
            default="",
            format_func=lambda chosen: _(OUTCOMES[chosen]),
            key="outcome",
            label_visibility="collapsed",
        )
    return portal().audit.list_events(
        actor(),
        action=action,
        subject=subject,
        outcome=outcome or "",
        offset=offset_of("events_page", size=SIZE),
        limit=SIZE,
    )


def _events(listing: Listing[AuditEvent]) -> int | None:
    if not listing.items:
        frame.empty(_("No event matches"), advice=_("Clear the filters to see the whole log."), icon="filter_alt_off")
        return None
    now = frame.now()
    chosen = grid(
        {
            _("When"): [times.clock(event.time, now=now) for event in listing.items],
            _("Who"): [event.actor_name for event in listing.items],
            _("Action"): [event.action for event in listing.items],
            _("Subject"): [event.subject for event in listing.items],
            _("Outcome"): [event.outcome for event in listing.items],
        },
        key="events",
        states=_("Outcome"),
        widths={_("When"): 76, _("Action"): 170, _("Subject"): 76, _("Outcome"): 86},
        required=True,
    )
    st.caption(shown_of(len(listing.items), listing.total))
    pager(listing.total, key="events_page", size=SIZE)
    return chosen


def _event(event: AuditEvent | None) -> None:
    if event is None:
        st.caption(_("Choose an event to see it whole."))
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
            st.markdown(":red[:material/gpp_bad:] " + _("**The log was tampered with.**"))
            for problem in report.problems[:20]:
                st.caption(links.escape(problem))
            return
        signed = _("signed to event {n}").format(n=report.signed_to) if report.signed_to else _("not signed yet")
        whole = _("**The log is whole.** {n} events follow each other without a gap, {signed}.")
        st.markdown(f":green[:material/verified_user:] {whole.format(n=times.number(report.events), signed=signed)}")


show()
