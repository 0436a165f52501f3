"""Parts of the dataset page that take care of snapshots: what hangs on one, quarantine, deletion and retention."""

from collections.abc import Collection, Sequence
from functools import partial

import streamlit as st

from app.session import actor, may, portal
from app.ui import cells, forms, frame, links, numbers, status, times
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.fields import keeping
from app.ui.fields.keeping import Dialogs
from app.ui.fields.naming import RENAME, rename_dialog
from app.ui.wording import counted
from core.foundation.ids import Kind
from core.foundation.objects import Thing
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.lake.retention.values import RetentionItem, RetentionPlan, SnapshotImpact
from core.lake.values import Dataset, Snapshot

KINDS = {
    Kind.FEATURE_VERSION: N_("Feature versions"),
    Kind.TRAINING_SET: N_("Training sets"),
    Kind.RUN: N_("Runs"),
    Kind.SWEEP: N_("Sweeps"),
    Kind.MODEL_VERSION: N_("Model versions"),
    Kind.PROMOTION: N_("Promotions"),
    Kind.ENDPOINT: N_("Endpoints"),
}
HOLD, RELEASE, DELETE = N_("Put into quarantine"), N_("Release from quarantine"), N_("Delete this snapshot")
RETENTION, EDIT = N_("Retention"), N_("Edit the description")
PLAN_HEIGHT = 394
VERDICTS = {"delete": N_("Delete"), "keep": N_("Keep")}


def menu(dataset: Dataset, shown: Snapshot | None) -> None:
    """The menu of a dataset: what the visitor may do with it and with the snapshot that is shown."""
    dialogs: Dialogs = {}
    if may(Permission.DATA_WRITE, project=dataset.project):
        dialogs[_(RENAME)] = lambda: rename_dialog(dataset.title, dataset.name, partial(_rename, dataset))
        dialogs[_(EDIT)] = lambda: edit_dialog(dataset)
    of_snapshot: Dialogs = {}
    if shown and shown.deleted_at is None:
        if may(Permission.QUARANTINE, project=dataset.project):
            of_snapshot[_(RELEASE) if shown.quarantine else _(HOLD)] = lambda: hold_dialog(shown)
        if may(Permission.DATA_WRITE, project=dataset.project):
            of_snapshot[_(DELETE)] = lambda: delete_dialog(shown)
        of_snapshot[_(RETENTION)] = lambda: retention_dialog(dataset)
    keeping.menu(dialogs, dataset.id, title=dataset.title, project=dataset.project, archived=of_snapshot)


def _rename(dataset: Dataset, title: str) -> None:
    portal().datasets.rename_dataset(actor(), dataset_id=dataset.id, title=title)


@forms.dialog(N_("Edit the description"))
def edit_dialog(dataset: Dataset) -> None:
    """What a dataset is, whose it is, and its tags."""
    description = st.text_area(_("Description"), value=dataset.description, max_chars=4000, key="edit_description")
    people = {person.id: person.name for person in portal().identity.list_people(actor(), limit=200).items}
    people.setdefault(dataset.owner, frame.name_of(dataset.owner))
    owners = list(people)
    owner = st.selectbox(
        _("Owner"), owners, index=owners.index(dataset.owner), format_func=people.__getitem__, key="edit_owner"
    )
    tags = st.multiselect(
        _("Tags"), list(dataset.tags), default=list(dataset.tags), accept_new_options=True, key="edit_tags"
    )
    if st.button(_("Save"), type="primary", key="edit_save"):
        with forms.attempt() as done:
            portal().datasets.edit_dataset(
                actor(), dataset_id=dataset.id, description=description, owner=owner, tags=tuple(tags)
            )
        if done.succeeded:
            st.rerun()


@forms.dialog(N_("Quarantine"))
def hold_dialog(shown: Snapshot) -> None:
    """Into quarantine or out of it, with a reason."""
    if shown.quarantine:
        st.markdown(_("**{id}** may be used again.").format(id=shown.id))
    else:
        st.markdown(
            _(
                "Nothing new can be made from **{id}**, and what was made from it shows a warning. Models that serve "
                "keep serving."
            ).format(id=shown.id)
        )
        live_line(shown)
    reason = st.text_area(_("Reason (kept in the audit log)"), key="hold_reason")
    label = _(RELEASE) if shown.quarantine else _(HOLD)
    if st.button(label, type="primary", key="hold_save"):
        act = portal().retention.release if shown.quarantine else portal().retention.quarantine
        with forms.attempt() as done:
            act(actor(), snapshot_id=shown.id, reason=reason or "")
        if done.succeeded:
            st.rerun()


@forms.dialog(N_("Delete a snapshot"))
def delete_dialog(shown: Snapshot) -> None:
    """The rows go, the place in the chain stays."""
    st.markdown(
        _("The rows of **{title}** ({id}) are deleted for good. Its lineage stays.").format(
            title=links.escape(shown.title), id=shown.id
        )
    )
    st.caption(
        _(
            "They can no longer be read. An hour later their files and upload are deleted; files of other snapshots "
            "stay."
        )
    )
    live_line(shown)
    reason = st.text_area(_("Reason (kept in the audit log)"), key="delete_reason")
    if st.button(_("Delete {id}").format(id=shown.id), type="primary", key="delete_save"):
        with forms.attempt() as done:
            portal().retention.delete_snapshot(actor(), snapshot_id=shown.id, reason=reason or "")
        if done.succeeded:
            st.rerun()


def live_line(shown: Snapshot) -> None:
    """What of it is live, in one line."""
    live = portal().retention.impact(actor(), snapshot_id=shown.id).live
    if live:
        pins = ", ".join(links.escape(f"{pin.version} ({pin.endpoint}, {pin.role})") for pin in live)
        introduction = _("Live models learned from it:")
        st.caption(f":orange[:material/warning:] {introduction} {pins}")


@forms.dialog(N_("Retention"), width="large")
def retention_dialog(dataset: Dataset) -> None:
    """A dry run first; what is applied is what was looked at."""
    left, right = st.columns(2, gap="medium")
    last = left.number_input(_("Keep the last"), min_value=1, max_value=10_000, value=5, key="keep_last")
    days = right.number_input(_("Keep what is younger than (days)"), min_value=0, max_value=36_500, value=90, key="age")
    plan = portal().retention.plan_retention(actor(), dataset_id=dataset.id, keep_last=last, older_than_days=days)
    plan_table(plan)
    going = sum(item.verdict == "delete" for item in plan.items)
    if not may(Permission.GC, project=dataset.project):
        st.caption(_("SREs apply retention; this is what it would do."))
        return
    label = _("Delete {what}").format(what=counted(going, _("snapshot"), _("snapshots")))
    if st.button(label, type="primary", key="retention_apply", disabled=not going):
        with forms.attempt() as done:
            portal().retention.apply_retention(
                actor(), dataset_id=dataset.id, keep_last=last, older_than_days=days, plan_digest=plan.digest
            )
        if done.succeeded:
            frame.say(_("Retention applied"))
            st.rerun()


def plan_table(plan: RetentionPlan) -> None:
    """What goes, what stays and why."""
    going = sum(item.verdict == "delete" for item in plan.items)
    st.markdown(
        _("**{going} of {all} snapshots are deleted; {size} are freed.**").format(
            going=going, all=len(plan.items), size=numbers.size(plan.freed_bytes)
        )
    )
    columns = (
        Column(_("Snapshot"), width=150),
        Column(_("Verdict"), width=90),
        Column(_("Age"), "time", 100),
        Column(_("Frees"), "number", 100),
        Column(_("Why")),
    )
    lines = [_plan_row(item) for item in plan.items]
    rows(columns, lines, key="plan", label=_("Snapshots by verdict"), height=PLAN_HEIGHT)


def _plan_row(item: RetentionItem) -> Row:
    freed = numbers.size(item.freed_bytes) if item.freed_bytes else "—"
    return Row(
        item.snapshot_id,
        (
            cells.text(f"v{item.version} ({item.snapshot_id})", target=item.snapshot_id),
            cells.text(_(VERDICTS[item.verdict])),
            cells.time(item.created_at, now=frame.now()),
            cells.number(item.freed_bytes, freed),
            cells.text(item.reason),
        ),
    )


def impact(shown: Snapshot) -> None:
    """Everything that followed from a snapshot, by kind, newest first; what is live now comes first in words."""
    impact = portal().retention.impact(actor(), snapshot_id=shown.id)
    if not impact.things:
        frame.empty(_("No impact"), advice=_("Nothing was made from this snapshot."), icon="account_tree")
        return
    st.markdown(_live_now(impact))
    live = {pin.endpoint_id for pin in impact.live} | {pin.version_id for pin in impact.live}
    for kind, title in KINDS.items():
        if things := [thing for thing in impact.things if thing.kind is kind]:
            _things(kind, _(title), things, live=live)
    if impact.is_cut:
        st.caption(_("There is more; these are the first."))


def _live_now(impact: SnapshotImpact) -> str:
    endpoints = {pin.endpoint for pin in impact.live}
    if not endpoints:
        return _("**Nothing made from it is live now.**")
    count = counted(len(endpoints), _("endpoint is"), _("endpoints are"))
    return _("**{n} live now:** {names}.").format(n=count, names=links.escape(", ".join(sorted(endpoints))))


def _things(kind: Kind, title: str, things: Sequence[Thing], *, live: Collection[str]) -> None:
    frame.section(title, hint=str(len(things)), key=f"impact_{kind.value}")
    with frame.rows(f"impact_{kind.value}"):
        for thing in things:
            frame.row(
                f"impact_{thing.id}",
                title=thing.title,
                target=thing.id,
                state=thing.state,
                value=status.inline("production", _("Live")) if thing.id in live else "",
                detail=f"{thing.id} · {links.escape(frame.name_of(thing.owner))}",
                age=times.ago(thing.updated_at, now=frame.now()),
            )
