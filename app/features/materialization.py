"""A feature version in the online store: how fresh it is, what keeps it there, and what a model server would be
answered now."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.features.glossary import FRESHNESS, TTL
from app.features.parity import parity
from app.session import actor, may, portal
from app.ui import cells, forms, frame, links, numbers, status, times
from app.ui.cells import Column, Row
from app.ui.components.rows import rows
from app.ui.health import put_away_state
from app.ui.jobs import cause_card, job_progress
from core.features.materialization.values import Materialization, MaterializedPart
from core.features.values import FeatureVersion, FeatureView, VersionState
from core.foundation.text import N_, _
from core.identity.permissions import Permission

SCHEDULES = {0: N_("by hand"), 900: N_("every 15 minutes"), 3600: N_("every hour"), 86_400: N_("every day")}
PARTS_HEIGHT = 466
SERVED = (VersionState.STAGED, VersionState.PUBLISHED, VersionState.DEPRECATED)


def freshness(view: FeatureView) -> None:
    """One sentence on whether the version that people get is as new as it should be."""
    freshness = portal().feature_statistics.freshness(actor(), view_id=view.id)
    newest = _("Newest row {at}.").format(at=times.absolute(freshness.newest_event))
    st.markdown(
        f"{status.inline(freshness.verdict)} {links.escape(freshness.reason)} :gray[{newest}]", help=_(FRESHNESS)
    )


def online(shown: FeatureVersion) -> None:
    """The schedule, a look-up, and whether the answers are right."""
    materializations = portal().materialization.list_materializations(actor(), version_id=shown.id).items
    materialization = next(
        (materialization for materialization in materializations if materialization.state != "removed"), None
    )
    left, right = st.columns([1.72, 1], gap="medium")
    with left:
        _schedule(shown, materialization)
    if materialization:
        with right, frame.card("lookup"):
            _look_up(shown)
        parity(shown)


def _schedule(shown: FeatureVersion, materialization: Materialization | None) -> None:
    """What keeps the version in the store, and what may be done about it."""
    is_served = shown.state in SERVED and not put_away_state(shown.view_id)
    can_run = is_served and may(Permission.JOBS_WRITE, project=shown.project)
    with frame.section(_("In the online store")):
        if materialization and can_run:
            schedule_actions(materialization)
    if materialization is None:
        st.caption(_("It is not in the online store. Model servers look its features up there."))
    elif materialization.state == "running":
        job_progress(materialization.job_id)
    elif materialization.cause:
        cause_card(materialization.cause, job_id=materialization.job_id, key="online_cause")
    if materialization:
        frame.facts(facts_of(materialization))
        links.follow(materialization.id, _("Materialized rows by day"))
    if can_run:
        _keep(shown, materialization)


def facts_of(materialization: Materialization) -> dict[str, str]:
    """What keeps the version in the store and how far it is, as Markdown."""
    waits = status.inline("late", _("Newer data pending")) if materialization.behind else ""
    due = times.absolute(materialization.due_at) if materialization.due_at else _("not scheduled")
    return {
        _("State"): f"{status.inline(materialization.state)} {waits}",
        _("Schedule"): _(SCHEDULES[materialization.every_seconds])
        if materialization.every_seconds in SCHEDULES
        else _("every {time}").format(time=numbers.duration(materialization.every_seconds)),
        _("Next run"): due,
        _("Last run"): times.absolute(materialization.as_of),
        _("Watermark"): times.absolute(materialization.watermark),
        _("Keys"): numbers.number(materialization.keys),
        _("Rows materialized"): numbers.number(materialization.rows),
    }


def schedule_actions(materialization: Materialization) -> None:
    """Now, and whether the schedule goes on."""
    service = portal().materialization
    _button(
        _("Run now"),
        "run",
        lambda: service.run_materialization(actor(), materialization_id=materialization.id),
        disabled=materialization.state == "running",
    )
    if materialization.every_seconds and materialization.due_at:
        _button(
            _("Pause"), "pause", lambda: service.pause_materialization(actor(), materialization_id=materialization.id)
        )
    elif materialization.every_seconds:
        _button(
            _("Resume"),
            "resume",
            lambda: service.resume_materialization(actor(), materialization_id=materialization.id),
        )


def _button(label: str, key: str, do: Callable[[], object], *, disabled: bool = False) -> None:
    if st.button(label, key=f"online_{key}", disabled=disabled):
        with forms.attempt() as done:
            do()
        if done.succeeded:
            st.rerun()


def _keep(shown: FeatureVersion, materialization: Materialization | None) -> None:
    """The first time, or another schedule: both run it at once."""
    now = materialization.every_seconds if materialization else 86_400
    choices = SCHEDULES if now in SCHEDULES else {now: numbers.duration(now)} | SCHEDULES
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="bottom"):
        every = st.selectbox(
            _("Schedule"),
            list(choices),
            index=list(choices).index(now),
            format_func=lambda seconds: _(choices[seconds]),
            key="online_every",
            width=170,
        )
        _button(
            _("Change schedule and run") if materialization else _("Materialize now"),
            "keep",
            lambda: portal().materialization.materialize(actor(), version_id=shown.id, every_seconds=every),
            disabled=materialization is not None and every == materialization.every_seconds,
        )


def _look_up(shown: FeatureVersion) -> None:
    """Asks as a model server would, with the keys as they are typed."""
    frame.card_head(_("Look up a key"), text=_("What a model server would get now."))
    with st.form("online_lookup", border=False):
        keys = {name: st.text_input(name, key=f"online_key_{name}") for name in shown.keys}
        submitted = st.form_submit_button(_("Look up"))
    if submitted:
        with forms.attempt():
            _answer(shown, keys)


def _answer(shown: FeatureVersion, keys: dict[str, str]) -> None:
    # A key is typed as text; where it looks like a whole number it may be one.
    numbers = {name: int(text) if text.strip().lstrip("-").isdecimal() else text for name, text in keys.items()}
    answers = portal().materialization.get_online(actor(), version_id=shown.id, keys=(keys, numbers))
    answer = next((answer for answer in answers if answer.status != "not_found"), answers[0])
    st.markdown(status.inline(answer.status), help=_(TTL) if answer.status == "expired" else None)
    if answer.event_time:
        frame.facts({name: links.code(_shown(value)) for name, value in answer.values.items()})
        st.caption(_("From the row of {at}").format(at=times.absolute(answer.event_time)))


def _shown(value: object) -> str:
    return "null" if value is None else str(value)


def parts_table(parts: Sequence[MaterializedPart]) -> None:
    """The rows of each day."""
    columns = (
        Column(_("Day")),
        Column(_("Rows"), "number", 110),
        Column(_("Newest event (UTC)"), width=160, priority=2),
        Column(_("Known until (UTC)"), width=160, priority=3),
        Column(_("Computed"), "time", 104),
    )
    rows(columns, [_part_row(part) for part in parts], key="parts", label=_("Materialized rows"), height=PARTS_HEIGHT)


def _part_row(part: MaterializedPart) -> Row:
    return Row(
        part.day,
        (
            cells.text(part.day or _("all time")),
            cells.number(part.rows),
            cells.text(times.minute(part.newest_event)),
            cells.text(times.minute(part.newest_known)),
            cells.time(part.made_at, now=frame.now()),
        ),
    )
