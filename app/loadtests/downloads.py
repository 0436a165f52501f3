"""A load test to take along: its report, and how it went second by second."""

import streamlit as st

from app.exports import csv_of_values
from app.session import actor, portal
from core.foundation.text import _
from core.loadtests.values import LoadTestState, LoadTestView, SeriesPoint


def offer(test: LoadTestView) -> None:
    """The downloads of a test that is over. They are read once somebody asks for them."""
    who, service = actor(), portal().loadtests
    with st.container(horizontal=True, gap="small"):
        if test.state is LoadTestState.FINISHED:
            st.download_button(
                _("Download the report"),
                data=lambda: service.get_report(who, test_id=test.id).model_dump_json(indent=2).encode(),
                file_name=f"{test.id}-report.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                key="report_file",
            )
        st.download_button(
            _("Download the seconds as CSV"),
            data=lambda: csv_of_values(SeriesPoint, service.series(who, test_id=test.id)),
            file_name=f"{test.id}-series.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="series_file",
        )
