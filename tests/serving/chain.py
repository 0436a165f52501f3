"""A version with everything behind it: a feature view whose rows are known only later, a training set joined from it,
and a model that takes its inputs."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from core.features.tables import TrainingSetRow
from core.features.values import FeatureContract
from core.foundation.actors import Actor
from core.foundation.digests import canonical
from core.foundation.ids import Kind as IdKind
from core.foundation.storage import Manifest, ManifestFile
from core.identity.permissions import Permission
from core.portal import Portal
from core.registry.signature import Signature, TensorSpec
from core.registry.values import ModelVersion, NewVersion
from tests.features.departures import Joined, as_joined, build, flights, join
from tests.registry.onnx_files import Kind, calling, tiny_model

INPUTS: dict[str, Kind] = {"carrier": "category", "distance": "number", "v_mean_delay": "number"}
FLIGHTS = 700


@dataclass(frozen=True)
class Chain:
    """Where things lie: the folder with the rows of the view and the splits."""

    folder: Path
    contract: FeatureContract
    digests: dict[str, str]


def make_chain(portal: Portal, folder: Path) -> Chain:
    """The view's rows and the splits, in the store."""
    folder.mkdir()
    table = flights(FLIGHTS)
    result = build(folder, table=table, ttl_seconds=86_400)
    rows = portal.foundation.store.put_file(folder / "rows.parquet")
    joined = as_joined(folder, result)
    served = joined.view.served.model_copy(update={"digest": rows, "rows_digest": rows, "ttl_us": 86_400_000_000})
    view = Joined(joined.view.model_copy(update={"served": served}), joined.path)
    training = join(folder, views=(view,), table=table)
    digests = {
        split.name: portal.foundation.store.put_file(folder / "set" / f"{split.name}.parquet")
        for split in training.splits
    }
    return Chain(folder=folder, contract=training.contract, digests=digests)


def training_set(portal: Portal, chain: Chain, **digests: str) -> str:
    """A ready training set; `digests` put other files in the place of the splits'."""
    days = {"train": ("2013-01-01", "2013-01-09"), "test": ("2013-01-09", "2013-02-01")}
    splits = [
        {
            "name": name,
            "start": start,
            "end": end,
            "digest": {**chain.digests, **digests}[name],
            "rows": 1,
            "positive_share": 0.5,
        }
        for name, (start, end) in days.items()
    ]
    with calling(portal, Actor.system("test"), permission=Permission.DATA_WRITE) as call:
        set_id = call.create(IdKind.TRAINING_SET, project="PROJ-1", title="departures", state="ready", owner="P-2")
        row = {
            "id": set_id,
            "project": "PROJ-1",
            "name": "departures",
            "state": "ready",
            "entity": {"sql": "SELECT 1", "sources": {}, "row_id": "id", "event_time": "due_at", "label": "late"},
            "known_at": True,
            "splits": splits,
            "contract": chain.contract.model_dump(mode="json"),
            "requirement_id": "",
            "created_by": "P-2",
            "created_at": call.now,
        }
        call.session.add(TrainingSetRow(**row))
    return set_id


def version_of(
    portal: Portal, actor: Actor, chain: Chain, *, training_set_id: str, weight: float = 0.001
) -> ModelVersion:
    """A registered version that asks callers for what the contract says."""
    kinds = {"category": "BYTES", "number": "FP64"}
    signature = Signature(
        inputs=tuple(
            TensorSpec.model_validate({"name": name, "datatype": kinds[kind]}) for name, kind in INPUTS.items()
        )
    )
    files = {
        "card.md": b"A model of a test.",
        "features.json": canonical(chain.contract),
        "model.onnx": tiny_model(features=INPUTS, weight=weight),
        "signature.json": canonical(signature),
    }
    store = portal.foundation.store
    entries = tuple(
        ManifestFile(path=path, sha256=store.put_bytes(data), size=len(data)) for path, data in files.items()
    )
    manifest = Manifest(files=entries)
    store.put_bytes(canonical(manifest))
    new = NewVersion(
        project="PROJ-1",
        model="late-departure",
        digest=manifest.digest,
        model_digest=entries[2].sha256,
        training_set_id=training_set_id,
        created_by=actor.person_id,
    )
    with calling(portal, actor) as call:
        return portal.registry.register(call, new)


def tampered(portal: Portal, chain: Chain, column: str, *, rows: int, by: float) -> str:
    """The test split with a column changed in its first rows, as a wrong offline computation would leave it."""
    table = parquet.read_table(chain.folder / "set" / "test.parquet")
    values = table.column(column).to_pylist()
    values[:rows] = [None if value is None else value + by for value in values[:rows]]
    changed = table.set_column(table.column_names.index(column), column, pa.array(values, pa.float64()))
    path = chain.folder / "tampered.parquet"
    parquet.write_table(changed, path)
    return portal.foundation.store.put_file(path)
