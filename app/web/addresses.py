"""Where actions and files are found, and by which methods."""

from core.foundation.actions.spec import ActionSpec
from core.foundation.text import N_

PATH, OPENAPI = "/api/v1", "/api/openapi.json"
SPLIT, SNAPSHOT = (
    f"{PATH}/files/split/{{training_set_id}}/{{split}}",
    f"{PATH}/files/snapshot/{{snapshot_id}}/{{number}}",
)
FILES = {SPLIT: N_("The rows of a split, as Parquet."), SNAPSHOT: N_("One of a snapshot's files, as Parquet.")}


def path_of(spec: ActionSpec) -> str:
    return f"{PATH}/{spec.name.replace('.', '/')}"


def methods_of(spec: ActionSpec) -> list[str]:
    return ["GET", "POST"] if spec.reads else ["POST"]
