"""A sweep to take along, for those who work with Optuna."""

import streamlit as st

from app.session import actor, portal
from core.foundation.text import _
from core.sweeps.values import Sweep


def offer_study(sweep: Sweep) -> None:
    """The download of a sweep's study, once a trial has begun."""
    if not (sweep.done or sweep.best):
        return
    who, service = actor(), portal().sweeps
    st.download_button(
        _("Download as Optuna study"),
        data=lambda: service.export_study(who, sweep_id=sweep.id).content,
        file_name=f"{sweep.id}.optuna.log",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key="study",
        help=_("A journal file: `optuna-dashboard {id}.optuna.log` opens it.").format(id=sweep.id),
    )
