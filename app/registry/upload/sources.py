"""Where the file comes from, and the rows of its source."""

from dataclasses import dataclass

import streamlit as st

from app.session import actor, portal
from app.ui import frame
from core.foundation.actions.content import Content
from core.foundation.text import N_, _

PLACES = {"file": N_("A file"), "mlflow": N_("A run in MLflow")}
KINDS = ["csv", "parquet", "json", "arrow", "feather"]


@dataclass(frozen=True)
class Sent:
    """What was dropped. `path` is that of a file of a run in MLflow, whose bytes are the `model`."""

    model: bytes
    filename: str
    path: str
    example: bytes | None
    expected: bytes | None

    @property
    def key(self) -> str:
        """Says whether it is still the same."""
        parts = (self.model, self.example, self.expected)
        return "-".join(Content.of(part).digest[:16] if part is not None else "" for part in parts)


def choose() -> Sent | None:
    """The fields; None while there is no model."""
    frame.section(_("Files"), hint=_("ONNX only: the bytes decide, not the name"))
    place = st.segmented_control(
        _("The model is in"), list(PLACES), format_func=lambda name: _(PLACES[name]), default="file", key="up_place"
    )
    model, filename, path = _of_run() if place == "mlflow" else _dropped()
    left, right = st.columns(2, gap="medium")
    example = left.file_uploader(
        _("Rows as the model takes them"),
        type=KINDS,
        key="up_example",
        help=_("CSV, Parquet, Arrow or JSON, a few hundred rows that differ. Columns may hold the original's answers."),
    )
    expected = right.file_uploader(
        _("What the original library answered"),
        type=KINDS,
        key="up_expected",
        help=_("For each of the rows. Leave it out where the answers are columns beside the inputs."),
    )
    if model is None:
        return None
    rows = [file.getvalue() if file is not None else None for file in (example, expected)]
    return Sent(model=model, filename=filename, path=path, example=rows[0], expected=rows[1])


def _dropped() -> tuple[bytes | None, str, str]:
    file = st.file_uploader(_("Model file"), key="up_model")
    return (file.getvalue(), file.name, "") if file is not None else (None, "", "")


def _of_run() -> tuple[bytes | None, str, str]:
    path = st.text_input(
        _("Path of the file"),
        key="up_path",
        placeholder="PROJ-1/1/models/m-0c3f/artifacts/model.onnx",
        help=_("As MLflow names it among the artifacts of the run or model, from the project on."),
    )
    if not path:
        return None, "", ""
    content = portal().tracking.read_file(actor(), path=path)
    data = content.content or portal().foundation.store.read(content.digest)
    return data, path.rpartition("/")[2], path
