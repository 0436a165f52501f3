"""Parts of the page of the store: what nothing refers to, garbage collection, and earlier collections."""

import streamlit as st

from app.session import actor, portal, role_title
from app.ui import forms, frame, links, numbers, times
from app.ui.tables import offset_of, pager, reading, shown_of
from app.ui.wording import counted
from core.audit.service import AuditEvent
from core.foundation.text import N_, _
from core.identity.permissions import ROLES, Permission
from core.lake.retention.values import GarbageReport

SIZE = 10
AGES = {1: N_("1 to 7 days"), 7: N_("7 to 30 days"), 30: N_("30 days to a year"), 365: N_("More than a year")}


def files_of(count: int) -> str:
    return counted(count, _("file"), _("files"))


def schedule(plan: GarbageReport) -> str:
    """When the worker collects garbage next."""
    if plan.due_at is None:
        return _("collected only by hand")
    every = counted(plan.every_days, _("day"), _("days"))
    if plan.due_at <= frame.now():
        return _("collected every {days}, due now").format(days=every)
    local = frame.local(plan.due_at)
    return _("collected every {days}, next on {when}").format(days=every, when=f"{local.day} {local:%b %H:%M}")


def unnamed(plan: GarbageReport) -> None:
    """What garbage collection would remove, in words, by age, and the largest files."""
    st.markdown(_verdict(plan))
    if plan.young:
        waits = _(
            "{files} more ({size}) were written less than a day ago and stay: a job in progress refers to its files "
            "last."
        )
        st.caption(waits.format(files=files_of(plan.young), size=numbers.size(plan.young_bytes)))
    if not plan.orphans:
        return
    left, right = st.columns([1, 1.72], gap="medium")
    with left:
        frame.section(_("By age"), hint=_("since they were last written"), key="ages")
        _ages(plan)
    with right:
        frame.section(_("The largest"), hint=shown_of(len(plan.largest), plan.orphans), key="largest")
        _largest(plan)


def _verdict(plan: GarbageReport) -> str:
    if not plan.orphans:
        return _("**Garbage collection would free nothing.** Every file older than a day is referred to.")
    return _("**Garbage collection would free {size} of {held}.** Nothing refers to {files} any more.").format(
        size=numbers.size(plan.orphan_bytes), held=numbers.size(plan.held_bytes), files=files_of(plan.orphans)
    )


def _ages(plan: GarbageReport) -> None:
    reading(
        {
            _("Age"): [_(AGES[group.older_than_days]) for group in plan.ages],
            _("Files"): [numbers.number(group.files) for group in plan.ages],
            _("Size"): [numbers.size(group.bytes) for group in plan.ages],
        }
    )


def _largest(plan: GarbageReport) -> None:
    now = frame.now()
    reading(
        {
            _("File"): [links.code(file.digest[:24]) for file in plan.largest],
            _("Size"): [numbers.size(file.bytes) for file in plan.largest],
            _("Last written"): [times.ago(file.put_at, now=now) for file in plan.largest],
        }
    )


@forms.dialog(N_("Collect garbage"))
def collect_dialog(plan: GarbageReport) -> None:
    """Shows once more what is removed, and asks for confirmation."""
    st.markdown(
        _("**Removing {files} ({size}) cannot be undone.**").format(
            files=files_of(plan.orphans), size=numbers.size(plan.orphan_bytes)
        )
    )
    st.caption(
        _(
            "Files that a dataset, feature, run, model or any other object refers to stay, and so do files written "
            "meanwhile."
        )
    )
    if st.button(_("Remove {files}").format(files=files_of(plan.orphans)), type="primary", key="collect"):
        with forms.attempt() as done:
            report = portal().garbage_collection.sweep_store(actor())
        if done.succeeded:
            freed = _("Removed {files}, {size} are free")
            frame.say(freed.format(files=files_of(report.orphans), size=numbers.size(report.orphan_bytes)))
            st.rerun()


def history(plan: GarbageReport | None) -> None:
    """Earlier collections, of people and of the schedule, as the audit log has them."""
    offset = offset_of("collections_page", size=SIZE)
    events = portal().audit.list_events(actor(), action="lake.sweep_", outcome="ok", offset=offset, limit=SIZE)
    with frame.section(_("Earlier collections"), hint=str(events.total) if events.total else "", key="collections"):
        links.page_link("audit", _("In the audit log"), action="lake.sweep")
    if not events.items:
        is_timed = plan is not None and plan.due_at is not None
        advice = _("The worker runs it by schedule.") if is_timed else _("It runs only by hand.")
        frame.empty(_("No garbage collection yet"), advice=advice, icon="mop")
        return
    with frame.rows("collections"):
        for event in events.items:
            _collected(event)
    pager(events.total, key="collections_page", size=SIZE)


def _collected(event: AuditEvent) -> None:
    files, size = int(event.details.get("orphans", 0)), int(event.details.get("orphan_bytes", 0))
    is_timed = event.action == "lake.sweep_due"
    frame.row(
        f"collection_{event.seq}",
        icon=":gray[:material/schedule:]" if is_timed else ":gray[:material/person:]",
        title=_("{files}, {size}").format(files=files_of(files), size=numbers.size(size))
        if files
        else _("Nothing to do"),
        detail=_("by schedule") if is_timed else links.escape(event.actor_name),
        age=times.ago(event.time, now=frame.now()),
    )


def closed() -> None:
    """Shown to people without the permission: who has it."""
    roles = ROLES[Permission.GC]
    people = portal().identity.list_people(actor(), limit=200).items
    names = [person.name for person in people if any(grant.role in roles for grant in person.grants)]
    titles = ", ".join(sorted(role_title(role) for role in roles))
    sentence = (
        _("That takes the role {roles}, which {names} have.")
        if names[1:]
        else _("That takes the role {roles}, which {names} has.")
    )
    if not names:
        sentence = _("That takes the role {roles}, which nobody has; an administrator can give it.")
    advice = sentence.format(roles=titles, names=links.escape(", ".join(names)))
    frame.empty(_("You may not see the store or collect its garbage"), advice=advice, icon="lock")
