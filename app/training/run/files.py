"""The files that a run made, to the byte."""

import streamlit as st

from app.session import actor, may, portal
from app.ui import frame, links, numbers
from core.foundation.text import _
from core.identity.permissions import Permission
from core.training.values import Run
from core.training.workspace.values import RunFile


def files_of(run: Run) -> None:
    files = portal().run_workspace.run_files(actor(), run_id=run.id)
    frame.section(_("Files"), hint=_("content-addressed, never changed"))
    if not files:
        waits = _("Its model is saved when it has finished.")
        st.caption(waits if not run.state.is_over else _("It saved no model."))
        return
    with frame.rows("files"):
        for file in files:
            place = frame.row(
                file.name.replace(".", "_"),
                title=file.name,
                value=f":gray[{numbers.size(file.bytes)}]",
                detail=links.code(file.digest),
                icon=":gray[:material/draft:]",
            )
            with place:
                _download(run, file)
    if run.code_commit:
        st.caption(_("Trained by the code of commit {commit}.").format(commit=links.code(run.code_commit)))


def _download(run: Run, file: RunFile) -> None:
    if not may(Permission.ARTIFACT_READ, project=run.project):
        return
    who, service = actor(), portal().run_workspace
    st.download_button(
        _("Download"),
        data=lambda: service.download_run_file(who, run_id=run.id, name=file.name).content,
        file_name=f"{run.id}-{file.name}",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"download_{file.name}",
        help=_("Its bytes are hashed first, and the download is recorded."),
    )
