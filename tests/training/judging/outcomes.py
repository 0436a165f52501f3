"""Files of exporters as versions, and their examples as rows with labels to judge them on."""

from typing import Any

import numpy as np

from core.compute.values import Job
from core.lake.values import Snapshot
from core.portal import Portal
from core.registry.values import ModelVersion
from tests.compute.running import run_job_here
from tests.installed import People
from tests.lake.imports.in_process import imported
from tests.registry.foreign.test_conversion import document
from tests.registry.test_uploads import files_of

COPIES = 10


def uploaded(portal: Portal, people: People, name: str = "xgboost", **more: Any) -> ModelVersion:
    about = {"project": "PROJ-1", "model": name, "filename": "m.onnx", **files_of(name), **more}
    return portal.uploads.upload_version(people.engineer, **about)


def labels_of(name: str = "xgboost") -> list[int]:
    """What a judge would say who is right in five of six rows."""
    (expected,) = document(name)["expected"].values()
    scores = np.array(expected)[:, 1]
    return [int((score > 0.5) != (row % 6 == 0)) for row, score in enumerate(scores)]


def snapshot_of(portal: Portal, people: People, labels: list[Any], *, name: str = "xgboost") -> Snapshot:
    """The rows of the example, several times, with a label; the columns are in capital letters."""
    rows = document(name)["example"]
    lines = [",".join([*(column.upper() for column in rows[0]), "y"])]
    for row, answer in list(zip(rows, labels, strict=True)) * COPIES:
        lines.append(",".join("" if value is None else str(value) for value in (*row.values(), answer)))
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", title=f"Outcomes of {name}")
    return imported(portal, people.engineer, dataset_id=dataset.id, content="\n".join(lines).encode())


def judge(portal: Portal, people: People, version: ModelVersion, **rows: Any) -> Job:
    begun = portal.judging.judge_version(people.engineer, version_id=version.id, **rows)
    return run_job_here(portal, begun.id)
