"""Training sets of real flights as the features domain leaves them, without the join that makes them; runs on them."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.compute.job_store import SPEC
from core.features.tables import TrainingSetRow
from core.foundation.actions.call import Call
from core.foundation.actors import Actor
from core.foundation.ids import Kind
from core.portal import Portal
from core.training.values import Run
from tests.conftest import People
from tests.training.flights import contract, splits, write_splits

SMALL = {"epochs": 2, "batch_size": 256, "hidden_width": 16, "learning_rate": 0.01, "precision": "fp32"}


def make_training_set(
    portal: Portal, folder: Path, *, tables: dict[str, pa.Table] | None = None, project: str = "PROJ-1", **columns: Any
) -> str:
    """A ready training set over these tables (the flights by month), with its files in the store."""
    rows = tables or splits()
    paths = write_splits(folder, rows)
    files = [_split_file(portal, name, path=paths[name], table=rows[name]) for name in rows]
    with portal.foundation.database.write() as session:
        call = Call(portal.foundation, session, Actor.system("test"), SPEC)
        title = "Flights by month"
        set_id = call.create(Kind.TRAINING_SET, project=project, title=title, state="ready", owner="P-2")
        entity = {"sql": "SELECT 1", "sources": {}, "row_id": "row_id", "event_time": "event_time", "label": "label"}
        row = TrainingSetRow(
            **{
                "id": set_id,
                "project": project,
                "name": title,
                "state": "ready",
                "entity": entity,
                "known_at": True,
                "splits": files,
                "contract": contract().model_dump(mode="json"),
                "requirement_id": "",
                "created_by": "P-2",
                "created_at": call.now,
                **columns,
            }
        )
        session.add(row)
    return set_id


def start(portal: Portal, people: People, training_set: str, **choices: object) -> Run:
    wanted = {"project": "PROJ-1", "recipe": "tabular", "training_set_id": training_set, "params": SMALL, **choices}
    return portal.training.start_run(people.engineer, **wanted)


def _split_file(portal: Portal, name: str, *, path: Path, table: pa.Table) -> dict[str, Any]:
    labels = [value for value in table["label"].to_pylist() if value is not None]
    return {
        "name": name,
        "start": date(2013, 1, 1).isoformat(),
        "end": date(2014, 1, 1).isoformat(),
        "digest": portal.foundation.store.put_file(path),
        "rows": table.num_rows,
        "positive_share": float(np.mean(labels)) if labels else 0.0,
    }
