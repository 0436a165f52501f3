"""What a person has to say before an import can be confirmed: all of it in a sentence, the encoding of the text with
what each makes of the same cells, and the clock of times without a zone."""

from collections.abc import Sequence

import streamlit as st

from app.lake.imports.answers import answers, encoding_key, has_times_without_zone, unread, utc_key
from app.ui import frame, links
from app.ui.wording import counted
from core.foundation.text import _
from core.lake.import_values import Import
from core.lake.values import EncodingReading, FileEncoding

FEW = 6


def open_questions(data_import: Import) -> None:
    """What waits for an answer, by name, and what was answered otherwise than it was read."""
    pending = unread(data_import)
    if names := _named(data_import, without=pending):
        head = counted(len(names), _("question is open"), _("questions are open"))
        words = _("before this can be confirmed: {names}").format(names=_some(names))
        st.markdown(f":orange[:material/help:] **{head}** {words}", width="stretch")
    if pending:
        words = _("**You chose otherwise.** Read the file again to have them so: {names}").format(names=_some(pending))
        st.markdown(f":blue[:material/refresh:] {words}", width="stretch")


def _some(names: Sequence[str]) -> str:
    more = _("and {n} more").format(n=len(names) - FEW)
    return ", ".join([*map(links.escape, names[:FEW]), *([more] if len(names) > FEW else [])])


def _named(data_import: Import, *, without: Sequence[str]) -> list[str]:
    """What is open still: the columns by their names, and the encoding and the sheet as what they are."""
    is_utc, proposed = answers(data_import)
    types = {spec.name: spec.type for spec in data_import.report.columns} if data_import.report else {}
    times = [name for name in data_import.unanswered if is_utc and types.get(name) == "TIMESTAMP"]
    closed = {*without, *proposed, *times}
    report = data_import.report
    encoding = report.encoding.reading.encoding if report and report.encoding else ""
    sheets = report.sheets[:1] if report else ()
    kinds = {encoding: _("the encoding {name}"), **dict.fromkeys(sheets, _("the sheet {name}"))}
    return [kinds.get(name, "{name}").format(name=name) for name in data_import.unanswered if name not in closed]


def encoding_question(data_import: Import, *, asks: bool) -> None:
    """The encoding of a text that is not UTF-8, and the others in which it could be."""
    encoding = data_import.report.encoding if data_import.report else None
    if encoding is None:
        return
    frame.section(_("Encoding"), hint=_rests_on(encoding))
    with frame.card("encoding", tight=True):
        if not asks or not (encoding.is_asked or encoding.others):
            st.markdown(_sample(encoding.reading))
            return
        ways = {way.encoding: way for way in (encoding.reading, *encoding.others)}
        st.radio(
            _("Read the text as"),
            list(ways),
            index=None if encoding.is_asked else 0,
            format_func=lambda name: _sample(ways[name]),
            key=encoding_key(data_import),
        )
        st.caption(_("What reads well is right. Other encodings are among the corrections below."))


def time_question(data_import: Import) -> None:
    """Whether the times without a zone are UTC, where there are such."""
    if has_times_without_zone(data_import):
        st.checkbox(_("Read the times without a zone as UTC"), key=utc_key(data_import))


def _rests_on(encoding: FileEncoding) -> str:
    if not encoding.lines:
        return _("by the first bytes of the file") if not encoding.is_asked else _("by the empty bytes between letters")
    return _("the file is not UTF-8; {lines} with letters beyond ASCII").format(
        lines=counted(encoding.lines, _("line"), _("lines"))
    )


def _sample(way: EncodingReading) -> str:
    """An encoding and the texts that it makes."""
    return " · ".join([f"**{way.encoding}**", *map(links.escape, way.examples)])
