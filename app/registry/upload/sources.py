"""Where the file comes from, and the rows that it is tried on: files of its source, or rows that the project has."""

from dataclasses import dataclass

import streamlit as st

from app.registry import rows_of_project
from app.session import actor, portal
from app.ui import frame, numbers
from core.foundation.actions.content import Content
from core.foundation.text import N_, _

PLACES = {"file": N_("A file"), "mlflow": N_("A run in MLflow")}
ROWS = {"file": N_("A file"), **rows_of_project.PLACES}
KINDS = ["csv", "parquet", "json", "arrow", "feather"]
MOST_RUNS = 200
TRACKED = "up_tracked"


@dataclass(frozen=True)
class Sent:
    """What was chosen. `path` is that of a file of a run in MLflow, whose bytes are the `model`; `rows` names those of
    the project that are the example, as the arguments of an action do."""

    model: bytes
    filename: str
    path: str
    example: bytes | None
    expected: bytes | None
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Says whether it is still the same."""
        parts = (self.model, self.example, self.expected)
        digests = [Content.of(part).digest[:16] if part is not None else "" for part in parts]
        return "-".join([*digests, *(value for _name, value in self.rows)])


def choose(project: str) -> Sent | None:
    """The fields; None while there is no model."""
    frame.section(_("Files"), hint=_("ONNX only: the bytes decide, not the name"))
    place = st.segmented_control(
        _("The model is in"), list(PLACES), format_func=lambda name: _(PLACES[name]), default="file", key="up_place"
    )
    model, filename, path = _of_run(project) if place == "mlflow" else _dropped()
    rows, example = _rows(project)
    expected = st.file_uploader(
        _("What the original library answered"),
        type=KINDS,
        key="up_expected",
        help=_("For each of the rows. Leave it out where the answers are columns beside the inputs."),
    )
    if model is None:
        return None
    answered = expected.getvalue() if expected is not None else None
    return Sent(model, filename, path, example=example, expected=answered, rows=tuple(rows.items()))


def _rows(project: str) -> tuple[dict[str, str], bytes | None]:
    """Those of the project by their names, or those of a file."""
    place = st.segmented_control(
        _("Rows as the model takes them are in"),
        list(ROWS),
        format_func=lambda name: _(ROWS[name]),
        default="file",
        key="up_rows",
        help=_("The first 500 rows. Columns beside the inputs may hold what the original answered."),
    )
    if place in rows_of_project.PLACES:
        return rows_of_project.choose(project, place=place, key="up"), None
    file = st.file_uploader(
        _("Rows as the model takes them"),
        type=KINDS,
        key="up_example",
        help=_("CSV, Parquet, Arrow or JSON, a few hundred rows that differ. Columns may hold the original's answers."),
    )
    return {}, file.getvalue() if file is not None else None


def _dropped() -> tuple[bytes | None, str, str]:
    file = st.file_uploader(_("Model file"), key="up_model")
    return (file.getvalue(), file.name, "") if file is not None else (None, "", "")


def _of_run(project: str) -> tuple[bytes | None, str, str]:
    listed = portal().tracking.list_models(actor(), project=project, limit=MOST_RUNS).items
    titles = {
        file.path: f"{run.title} · {run.run_id} · {file.name} · {numbers.size(file.bytes)}"
        for run in listed
        for file in run.files
    }
    path = st.selectbox(
        _("File of a run"),
        list(titles),
        index=None,
        format_func=lambda path: titles.get(path, path),
        accept_new_options=True,
        placeholder=_("Choose one, or write its path") if titles else _("No run has an ONNX file yet"),
        key="up_path",
        help=_("Of the last 200 runs. Another is named by its path, as MLflow names it, from the project on."),
    )
    if not path:
        return None, "", ""
    return _tracked(path), path.rpartition("/")[2], path


def _tracked(path: str) -> bytes:
    """The bytes, fetched once: each download is recorded."""
    known, data = st.session_state.get(TRACKED, ("", b""))
    if known != path:
        digest = portal().tracking.download_model(actor(), path=path).digest
        data = portal().foundation.store.read(digest)
        st.session_state[TRACKED] = (path, data)
    return bytes(data)
