"""What the page asks of the portal, once for the same files and the same decisions."""

from typing import Any

import streamlit as st

from app.registry.upload import inputs
from app.registry.upload.sources import Sent
from app.session import actor, portal
from core.foundation.actions.content import Content
from core.foundation.text import _
from core.registry.foreign.values import Compared, FileLook, TensorMapping, Trial
from core.registry.values import ModelVersion

LOOK, TRIAL = "up_look", "up_trial"


def look_of(project: str, sent: Sent) -> FileLook:
    """What is in the files. Raises Invalid where they cannot be served."""
    key, look = st.session_state.get(LOOK, ("", None))
    if key != sent.key or look is None:
        inputs.forget()
        with st.spinner(_("Looking into the file")):
            more: dict[str, Any] = {"example": _content(sent.example), **dict(sent.rows)}
            look = portal().uploads.look_into_file(actor(), project=project, content=Content.of(sent.model), **more)
        st.session_state[LOOK] = (sent.key, look)
    assert isinstance(look, FileLook)
    return look


def trial_of(project: str, sent: Sent, *, mapping: TensorMapping, compared: Compared) -> Trial:
    """What the file answers for the rows. Raises Invalid where it fails on them."""
    key = f"{sent.key} {mapping.model_dump_json()} {compared}"
    known, result = st.session_state.get(TRIAL, ("", None))
    if known != key or result is None:
        content = Content.of(sent.model)
        more: dict[str, Any] = {"mapping": mapping, "compared": compared or None, **_rows(sent)}
        result = portal().uploads.try_file(actor(), project=project, content=content, **more)
        st.session_state[TRIAL] = (key, result)
    assert isinstance(result, Trial)
    return result


def register(project: str, sent: Sent, **decided: Any) -> ModelVersion:
    """The version. The comparison is made once more, for what counts is what the portal itself has seen."""
    more = {**decided, **_rows(sent)}
    if sent.path:
        return portal().uploads.register_tracked(actor(), path=sent.path, **more)
    content = Content.of(sent.model)
    return portal().uploads.upload_version(
        actor(), project=project, filename=sent.filename[:200], content=content, **more
    )


def _rows(sent: Sent) -> dict[str, Any]:
    return {"example": _content(sent.example), "expected": _content(sent.expected), **dict(sent.rows)}


def _content(data: bytes | None) -> Content | None:
    return Content.of(data) if data is not None else None
