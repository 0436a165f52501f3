"""Where actions and files are found, and by which methods."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from core.foundation.actions.spec import ActionSpec
from core.foundation.text import N_

PATH, OPENAPI = "/api/v1", "/api/openapi.json"
FILES_PATH = f"{PATH}/files/"
PARQUET, BINARY, JSON, CSV = (
    "application/vnd.apache.parquet",
    "application/octet-stream",
    "application/json",
    "text/csv",
)


@dataclass(frozen=True)
class FileAddress:
    """Where the file that an action names or answers is found as it is: below FILES_PATH, the action's parameters in
    its path."""

    path: str
    media_type: str
    summary: str

    def of(self, arguments: Mapping[str, str]) -> str:
        """The path for these arguments."""
        return self.path.format_map({name: quote(str(value), safe="") for name, value in arguments.items()})


FILES: Mapping[str, FileAddress] = {
    "features.download_split": FileAddress(
        "split/{training_set_id}/{split}", PARQUET, N_("The rows of a split, as Parquet.")
    ),
    "lake.download_file": FileAddress(
        "snapshot/{snapshot_id}/{number}", PARQUET, N_("One of a snapshot's files, as Parquet.")
    ),
    "imports.list_rejected_rows": FileAddress(
        "import_rejected/{import_id}", CSV, N_("The rows that an import left out, as CSV.")
    ),
    "registry.download_artifact": FileAddress("model/{version_id}", BINARY, N_("A version's model, as ONNX.")),
    "sweeps.export_study": FileAddress("study/{sweep_id}", BINARY, N_("A sweep, as a journal of Optuna.")),
    "loadtests.get_report": FileAddress(
        "load_test_report/{test_id}", JSON, N_("What a load test has measured, as JSON.")
    ),
    "loadtests.series": FileAddress("load_test_series/{test_id}", CSV, N_("A load test second by second, as CSV.")),
}


def path_of(spec: ActionSpec) -> str:
    return f"{PATH}/{spec.name.replace('.', '/')}"


def methods_of(spec: ActionSpec) -> list[str]:
    """A file stands in no address."""
    return ["GET", "POST"] if spec.reads and not spec.files else ["POST"]
