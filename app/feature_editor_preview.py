"""What the logic gives on a sample, while it is being written. The preview runs beside the page, which can be typed in
meanwhile and sent off."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import streamlit as st

from app import forms, frame, links, tables, times
from app.feature_editor import Entered, Subject
from app.profiles import preview_table
from app.session import actor, portal
from app.wording import counted
from core.features import Check, LogicPreview
from core.foundation.text import _

WAIT_SECONDS = 0.5
SPOKEN_OF = ("description", "tags")
_beside = ThreadPoolExecutor(max_workers=4, thread_name_prefix="preview")


class Trial:
    """The preview of one editor: what was asked last and how that ended, and the last one that went well, which was
    `of` some logic."""

    def __init__(self) -> None:
        self.asked: Entered = {}
        self.future: Future[LogicPreview] | None = None
        self.found: LogicPreview | None = None
        self.of: Entered = {}

    @property
    def is_running(self) -> bool:
        return self.future is not None and not self.future.done()

    def start(self, subject: Subject, logic: Entered) -> None:
        preview, who = portal().features.preview_logic, actor()
        self.asked, self.future = logic, _beside.submit(preview, who, view_id=subject.view.id, **logic)

    def settle(self) -> BaseException | None:
        """Takes what came of it, once it is over; returns what went wrong."""
        if self.future is None or self.is_running:
            return None
        error = self.future.exception()
        if error is None:
            self.found, self.of = self.future.result(), self.asked
        return error


def preview_part(subject: Subject, entered: Mapping[str, Any], *, is_touched: bool) -> None:
    """Tries the logic out after every change, or when people ask for it, and shows what came of it."""
    trial: Trial = st.session_state.setdefault(subject.key("trial"), Trial())
    error = trial.settle()
    logic = {name: value for name, value in entered.items() if name not in SPOKEN_OF}
    is_ready = bool((entered["sql"] + entered["python"]).strip() and entered["sources"] and entered["event_time"])
    with frame.section(_("Preview"), hint=_hint(trial, logic), key="preview"):
        is_live = st.toggle(_("After every change"), value=True, key=subject.key("live"), persist_state="session")
        pressed = st.button(
            _("Preview"), icon=":material/play_arrow:", key="preview", shortcut="Ctrl+Enter", disabled=not is_ready
        )
    if is_ready and not trial.is_running and (pressed or (is_live and is_touched and logic != trial.asked)):
        trial.start(subject, logic)
    if trial.is_running:
        frame.live(lambda: _waits(trial), running=True, every=WAIT_SECONDS)
    elif error:
        with frame.guarded(), forms.attempt(subject.places):
            raise error
    if trial.found:
        _shown(subject, trial.found)
    elif not trial.future:
        advice = _("Choose tables, write SQL or pandas, and name the event time: then it is tried on a sample.")
        frame.empty(_("Nothing tried yet"), advice=advice, icon="science", key="preview")


def _hint(trial: Trial, logic: Entered) -> str:
    if trial.found is None:
        return _("on a sample; nothing is kept")
    told = _("on the latest {rows} source rows of a few keys, {seconds}").format(
        rows=times.number(trial.found.sample_rows), seconds=times.duration(trial.found.seconds)
    )
    return told if logic == trial.of else _("{told}, before your last change").format(told=told)


def _waits(trial: Trial) -> bool:
    if trial.is_running:
        st.caption(_(":material/progress_activity: Trying it on a sample"))
    return trial.is_running


def _shown(subject: Subject, found: LogicPreview) -> None:
    # The table of rules can have a row for each of them.
    st.session_state[subject.key("known")] = tuple(feature.name for feature in found.features)
    broken = [check for check in found.checks if check.verdict != "pass"]
    st.markdown(_verdict(found, broken))
    labels = [_("Rows"), _("Features"), _("Checks")]
    rows, features, checks = st.tabs(labels, default=labels[2] if broken else labels[0])
    with rows:
        preview_table(found.preview, key="preview_rows")
    with features:
        tables.reading(
            {
                _("Feature"): [links.code(feature.name) for feature in found.features],
                _("Type"): [feature.type.lower() for feature in found.features],
                _("A model takes it as"): [feature.kind for feature in found.features],
                _("Nulls"): [times.percent(feature.null_share) for feature in found.features],
            }
        )
    with checks:
        check_list(found.checks)


def _verdict(found: LogicPreview, broken: list[Check]) -> str:
    told = counted(len(found.features), _("feature"), _("features"))
    if broken:
        names = "; ".join(links.escape(check.name) for check in broken)
        icon = (
            ":red[:material/error:]"
            if any(check.verdict == "fail" for check in broken)
            else ":orange[:material/warning:]"
        )
        return f"{icon} " + _("**{told}, but not every check passes:** {names}").format(told=told, names=names)
    passed = counted(len(found.checks), _("check passes"), _("checks pass"))
    return ":green[:material/check_circle:] " + _("**{told}, {passed}**").format(told=told, passed=passed)


def check_list(checks: tuple[Check, ...]) -> None:
    """What its tests gave, with a few of the rows that broke them."""
    with frame.rows("checks"):
        for number, check in enumerate(checks):
            frame.row(f"check_{number}", title=check.name, state=check.verdict, detail=links.escape(check.detail))
    for check in (check for check in checks if check.rows):
        st.caption(_("Rows that broke: {name}").format(name=links.escape(check.name)))
        cells = {name: [links.code(str(row[at])) for row in check.rows] for at, name in enumerate(check.columns)}
        tables.reading(cells)
