"""What the logic gives on a sample, while it is being written. The preview runs beside the page, which can be typed in
meanwhile and sent off."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from typing import Any

import streamlit as st

from app.features import lifecycle
from app.features.editor.fields import Entered, Subject
from app.lake.profiles import preview_table
from app.session import actor, portal
from app.ui import forms, frame, links, numbers, status, tables
from app.ui.code_editor.component import CodeError, CodeErrors, Language
from app.ui.fields.address import open_tabs
from app.ui.fields.sticky import sticky
from app.ui.wording import counted
from core.features.values import Check, LogicPreview
from core.foundation.errors import Invalid
from core.foundation.text import N_, _

WAIT_SECONDS = 0.5
TABS = (N_("Rows"), N_("Features"), N_("Checks"))
# Set where the key that runs the code was pressed.
RUN_KEY = "run"
SPOKEN_OF = ("description", "tags")
_beside = ThreadPoolExecutor(max_workers=4, thread_name_prefix="preview")


class Trial:
    """The preview of one editor: the logic that was requested last and its outcome, and the last preview that
    succeeded, with the logic it shows. It is over once it was finished, before a page is drawn: what ends meanwhile is
    known to the whole of the next page, and to no part of this one."""

    def __init__(self) -> None:
        self.requested: Entered = {}
        self.future: Future[LogicPreview] | None = None
        self.preview: LogicPreview | None = None
        self.previewed: Entered = {}
        self.error: BaseException | None = None
        self.is_finished = False

    @property
    def is_running(self) -> bool:
        return self.future is not None and not self.is_finished

    def start(self, subject: Subject, logic: Entered) -> None:
        preview, who = portal().feature_drafts.preview_logic, actor()
        self.requested, self.future = logic, _beside.submit(preview, who, view_id=subject.view.id, **logic)
        self.error, self.is_finished = None, False

    def finish(self) -> None:
        """Takes in the preview, or its error, where it has ended."""
        if self.future is None or not self.future.done():
            return
        self.error, self.is_finished = self.future.exception(), True
        if self.error is None:
            self.preview, self.previewed = self.future.result(), self.requested


def finish_preview(subject: Subject) -> None:
    """Before anything of a page is drawn that shows how the preview ended."""
    trial: Trial | None = st.session_state.get(subject.key("trial"))
    if trial:
        trial.finish()


def errors_of(subject: Subject, language: Language) -> CodeErrors | None:
    """Which line of one form of the logic the last preview blamed."""
    trial: Trial | None = st.session_state.get(subject.key("trial"))
    error = trial.error if trial else None
    if trial is None or not isinstance(error, Invalid) or error.field != language or not error.line:
        return None
    return CodeErrors(trial.requested[language], (CodeError(error.line, error.message),))


def preview_part(subject: Subject, entered: Mapping[str, Any], *, is_touched: bool) -> None:
    """Tries the logic out after every change, or when people ask for it, and shows the result."""
    trial: Trial = st.session_state.setdefault(subject.key("trial"), Trial())
    logic = {name: value for name, value in entered.items() if name not in SPOKEN_OF}
    is_ready = bool((entered["sql"] + entered["python"]).strip() and entered["sources"] and entered["event_time"])
    with frame.section(_("Preview"), hint=_("on a sample"), key="preview"):
        pressed, is_live = _controls(subject, is_ready=is_ready)
    pressed = st.session_state.pop(subject.key(RUN_KEY), False) or pressed
    if is_ready and not trial.is_running and (pressed or (is_live and is_touched and logic != trial.requested)):
        trial.start(subject, logic)
    if trial.is_running:
        draws = count()
        frame.live(lambda: _waits(trial, draws), running=True, every=WAIT_SECONDS)
    elif trial.error:
        with frame.guarded(), forms.attempt(subject.places):
            raise trial.error
    if trial.preview:
        _shown(subject, trial.preview, is_older=logic != trial.previewed)
    elif not trial.future:
        ready, begun = (
            _("Press Preview, or change something."),
            _("It needs tables, SQL or pandas, and the event time."),
        )
        frame.empty(_("No preview yet"), advice=ready if is_ready else begun, icon="science", key="preview")


def _controls(subject: Subject, *, is_ready: bool) -> tuple[bool, bool]:
    """Whether the preview was asked for, and whether every change asks for it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False, width="content"):
        is_live = st.toggle(
            _("Live"),
            **sticky(subject.key("live"), True),
            help=_("After every change. A preview is not stored."),
        )
        pressed = st.button(_("Preview"), icon=":material/play_arrow:", key="preview", disabled=not is_ready)
    return pressed, is_live


def _waits(trial: Trial, draws: "count[int]") -> bool:
    """The page is drawn to its end first: drawing it anew at once would forget what was pressed on it."""
    is_over = next(draws) > 0 and trial.future is not None and trial.future.done()
    if not is_over:
        st.caption(_(":material/progress_activity: Running on a sample"))
    return not is_over


def _shown(subject: Subject, preview: LogicPreview, *, is_older: bool) -> None:
    # The table of rules can have a row for each of them.
    st.session_state[subject.key("known")] = tuple(feature.name for feature in preview.features)
    broken = [check for check in preview.checks if check.verdict != "pass"]
    basis = _("the latest {rows} source rows of a few keys, {seconds}").format(
        rows=numbers.number(preview.sample_rows), seconds=numbers.duration(preview.seconds)
    )
    older = " · " + _("before your last change") if is_older else ""
    st.markdown(f"{_verdict(preview, broken)} :gray[· {basis}{older}]")
    rows, features, checks = open_tabs(TABS, key="preview_tab", usual=TABS[2] if broken else TABS[0])
    with rows:
        preview_table(preview.preview, key="preview_rows")
    with features:
        tables.reading(
            {
                _("Feature"): [links.code(feature.name) for feature in preview.features],
                _("Type"): [feature.type.lower() for feature in preview.features],
                _("A model takes it as"): [feature.kind for feature in preview.features],
                _("Nulls"): [numbers.percent(feature.null_share) for feature in preview.features],
            }
        )
    with checks:
        lifecycle.checks(preview.checks)


def _verdict(preview: LogicPreview, broken: list[Check]) -> str:
    features = counted(len(preview.features), _("feature"), _("features"))
    if broken:
        names = "; ".join(links.escape(check.name) for check in broken)
        icon = status.icon("fail" if any(check.verdict == "fail" for check in broken) else "inconclusive")
        some = _("**{features}; {n} of {all} checks not passed:** {names}")
        return f"{icon} {some.format(features=features, n=len(broken), all=len(preview.checks), names=names)}"
    passed = counted(len(preview.checks), _("check passes"), _("checks pass"))
    return f"{status.icon('pass')} " + _("**{features}, {passed}**").format(features=features, passed=passed)
