"""An installation whose store lies on a small disk that fills up: `python -m tests.lake.imports.full_disk HOME`.
Prints what an import says at every stage as a line of JSON; the store's folder is a disk of its own."""

import json
import random
import sys
from pathlib import Path

from core.foundation.errors import PortalError
from core.lake.import_values import Import, ImportChoices
from core.portal import Portal
from tests.compute.running import real_processes, wait_for_job, worker_for
from tests.installed import People, installed, settings_in


def main(home: Path) -> None:
    with installed(settings_in(home)) as (portal, people):
        fill_up(portal, people, home)


def fill_up(portal: Portal, people: People, home: Path) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="readings").id
    filler = home / "store" / "filler"
    first = _imported(portal, people, dataset, rows=10)
    waiting = started(portal, people, dataset, rows=20_000)
    _fill(filler)
    outcome = {"first": first.snapshot_id, "failed": _read(portal, people, waiting).model_dump(mode="json")}
    try:
        started(portal, people, dataset, rows=30_000)
    except PortalError as error:
        outcome["refused"] = [type(error).__name__, error.message, error.hint]
    store = portal.foundation.store
    outcome["left"] = sorted(path.name for path in (store.root / "incoming").iterdir())
    outcome["whole"] = all(store.verified_path(digest).exists() for digest, _size, _time in store.blobs())
    outcome["snapshots"] = [
        item.id for item in portal.datasets.list_snapshots(people.engineer, dataset_id=dataset).items
    ]
    filler.unlink()
    outcome["again"] = _imported(portal, people, dataset, rows=20_000).model_dump(mode="json")
    print(json.dumps(outcome))


def _fill(filler: Path) -> None:
    """Leaves no byte."""
    with filler.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def started(portal: Portal, people: People, dataset: str, *, rows: int) -> Import:
    dice = random.Random(rows)
    content = "k,text\n" + "".join(f"{number},{dice.randbytes(16).hex()}\n" for number in range(rows))
    return portal.imports.start_upload(
        people.engineer,
        dataset_id=dataset,
        filename="t.csv",
        content=content.encode(),
        mode="replace",
        choices=ImportChoices(),
        confirm=True,
    )


def _read(portal: Portal, people: People, started: Import) -> Import:
    with worker_for(portal, loops=(), executor=real_processes(portal)):
        wait_for_job(portal, started.job_id)
    return portal.imports.get_import(people.engineer, import_id=started.id)


def _imported(portal: Portal, people: People, dataset: str, *, rows: int) -> Import:
    return _read(portal, people, started(portal, people, dataset, rows=rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
