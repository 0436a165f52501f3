"""What the store holds and what nothing refers to: a dry run, then garbage collection, and earlier collections."""

import streamlit as st

from app.lake.garbage_collection import closed, collect_dialog, history, schedule, unnamed
from app.session import actor, may, portal
from app.ui import forms, frame, numbers
from app.ui.wording import counted
from core.foundation.text import _
from core.identity.permissions import Permission
from core.lake.retention.values import GarbageReport


def show() -> None:
    if not may(Permission.GC):
        frame.header(_("Storage"))
        closed()
        return
    head = st.container()
    plan = _plan()
    with head:
        _head(plan)
    if plan:
        unnamed(plan)
    history(plan)


def _plan() -> GarbageReport | None:
    """The dry run; where it cannot be made, why, and that nothing is collected until it can."""
    with forms.attempt() as tried, st.spinner(_("Listing the store's files")):
        plan = portal().garbage_collection.plan_sweep(actor())
    if tried.succeeded:
        return plan
    st.caption(_("Until then nothing is removed."))
    return None


def _head(plan: GarbageReport | None) -> None:
    facts = []
    if plan:
        files = counted(plan.files, _("file"), _("files"))
        facts = [_("{size} in {files}").format(size=numbers.size(plan.held_bytes), files=files), schedule(plan)]
    with frame.header(_("Storage"), facts=facts):
        if plan and st.button(
            _("Collect garbage"),
            icon=":material/mop:",
            type="primary",
            key="collect_open",
            disabled=not plan.orphans,
            help=_("Remove what nothing refers to") if plan.orphans else _("There is nothing to remove"),
        ):
            collect_dialog(plan)


show()
