"""The trial: what the file answers for the rows beside what the original library did, and what that means."""

from collections.abc import Iterator
from typing import Any

import streamlit as st

from app.ui import frame, links, numbers
from app.ui.tables import reading
from core.foundation.text import _, percent
from core.registry.foreign.values import NOT_COMPARED, ConversionReport, Trial

SHOWN = 10
DIGITS = 5


def show(trial: Trial) -> None:
    """The verdict in words, then row by row."""
    st.markdown(verdict(trial))
    if trial.report is not None and trial.report.above:
        st.caption(
            _(
                "Known: a wrong order of the columns, random forests with missing values, calibrated pipelines, and "
                "scalers before XGBoost."
            )
        )
    rows = list(_differing(trial.report) if trial.report and trial.report.above else _first(trial))
    if rows:
        heads = [_("Row"), _("Original"), _("This file"), _("Difference")]
        table = {head: [row[place] for row in rows] for place, head in enumerate(heads)}
        if not trial.report:
            table = {head: cells for head, cells in table.items() if head in (heads[0], heads[2])}
        reading(table, alt=_("Answers of the original library and of the file, row by row"))


def verdict(trial: Trial) -> str:
    """One sentence behind a mark, as Markdown."""
    report = trial.report
    if report is None:
        words = _("It answers. **{not_compared}**: nobody can see whether its conversion was right.")
        words = words.format(not_compared=_(NOT_COMPARED))
        return f":orange[:material/help:] {words}"
    if not report.above:
        gap = numbers.power(report.largest_difference)
        words = _("**Equal to {gap}** on {n} rows") if report.largest_difference else _("**The same** on {n} rows")
        words = words.format(gap=gap, n=numbers.number(report.rows))
        return f":green[:material/check_circle:] {words}"
    words = _("**Differs on {share}** of {n} rows, by {gap} at most").format(
        share=percent(report.above), n=numbers.number(report.rows), gap=numbers.figure(report.largest_difference, 3)
    )
    return f":red[:material/cancel:] {words}"


def _differing(report: ConversionReport) -> Iterator[tuple[str, str, str, str]]:
    """The widest gaps first; rows count from 1, as people do."""
    for item in report.worst[:SHOWN]:
        gap = _gap(item.given, item.expected)
        yield (
            numbers.number(item.row + 1),
            _cell(item.expected),
            _cell(item.given),
            numbers.figure(gap, 3) if gap is not None else "—",
        )


def _first(trial: Trial) -> Iterator[tuple[str, str, str, str]]:
    """The first answer of the first rows."""
    name, values = next(iter(trial.answers.items()))
    expected = next(iter(trial.expected.values()), ())
    for row, given in enumerate(values[: SHOWN if trial.rows else 1]):
        wanted = _alike(expected[row], given, trial, name) if row < len(expected) else None
        gap = _gap(given, wanted)
        yield numbers.number(row + 1), _cell(wanted), _cell(given), numbers.power(gap) if gap is not None else ""


def _alike(expected: Any, given: Any, trial: Trial, name: str) -> Any:
    """Of the probabilities of all classes the one that is answered."""
    if not isinstance(expected, tuple) or isinstance(given, tuple):
        return expected
    answer = next(answer for answer in trial.mapping.answers if answer.name == name)
    return expected[answer.positive] if answer.positive < len(expected) else expected[0]


def _gap(given: Any, expected: Any) -> float | None:
    """None where either is no number."""
    both = isinstance(given, float | int) and isinstance(expected, float | int)
    return abs(given - expected) if both else None


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(_cell(part) for part in value[:4]) + (" …" if len(value) > 4 else "")
    if isinstance(value, str):
        return links.escape(value)
    return "—" if value is None else numbers.figure(value, DIGITS)


def waiting() -> None:
    """What stands there before there is a file."""
    with frame.empty(
        _("No trial yet"),
        advice=_("Drop a model and some rows: it runs at each change, and nothing is registered."),
        icon="science",
        key="no_trial",
    ):
        st.empty()
