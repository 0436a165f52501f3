"""Leakage on a training set's page: what was looked at, which inputs seem to contain the outcome, and what can be done
about them."""

import streamlit as st

from app.ui import frame, links, numbers, times
from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.text import _
from core.tasks.task import task_of


def leaks(training_set: TrainingSet) -> None:
    frame.section(_("Leakage"), hint=str(len(training_set.leaks) or ""))
    if not training_set.leaks:
        ready = training_set.state is TrainingSetState.READY
        not_checked_yet = _("Not checked yet.")
        st.markdown(f":green[:material/check_circle:] {_clean(training_set)}" if ready else f":gray[{not_checked_yet}]")
        if not training_set.entity.can_teach:
            st.caption(_("Label leakage by a single column is checked for labels that have a task."))
        return
    with frame.rows("leaks"):
        for number, leak in enumerate(training_set.leaks):
            figure = _(task_of(training_set.target).separation)
            value = f"{figure} {numbers.fixed(leak.auc, 3)}" if leak.auc is not None else ""
            icon = ":orange[:material/warning:]" if leak.may_be_accepted else ":red[:material/gpp_bad:]"
            frame.row(f"leak_{number}", title=leak.column, value=value, detail=links.escape(leak.reason), icon=icon)
    _acceptance(training_set)


def _acceptance(training_set: TrainingSet) -> None:
    """What a person said of inputs that predict the label alone, or what can be done about them."""
    acceptance = training_set.leak_report.acceptance if training_set.leak_report else None
    if acceptance:
        st.markdown(
            _("Accepted by {person}, {age}: {reason}").format(
                person=links.escape(frame.name_of(acceptance.by)),
                age=times.ago(acceptance.at, now=frame.now()),
                reason=links.escape(acceptance.reason),
            )
        )
    elif training_set.state is TrainingSetState.NEEDS_REVIEW:
        st.markdown(
            _(
                "**Is it known at the time of prediction?** Then accept it and say why; the reason goes with every "
                "version. If not, or if it was made from the label, build the set again without it."
            ),
            width="stretch",
        )


def _clean(training_set: TrainingSet) -> str:
    if training_set.entity.can_teach:
        return _("No leakage found in sources, times and single columns.")
    return _("No leakage found in sources and times.")
