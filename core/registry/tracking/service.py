"""The door for MLflow's own client: what it reads, with the portal's permissions and in its audit log."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from sqlmodel import col, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.digests import digest_bytes
from core.foundation.errors import NotFound
from core.foundation.ids import Kind
from core.foundation.listings import batch_of
from core.foundation.objects import ObjectRow
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.registry.artifact import MODEL
from core.registry.tables import MirrorRow, VersionRow
from core.registry.tracking.files import Files
from core.registry.tracking.mlflow_store import FILES, VERSIONS
from core.registry.tracking.model_folder import write_model_folder
from core.registry.tracking.reading import FILES_PLACE, READS, MlflowReader, Projects
from core.registry.values import TrackedAnswer, TrackedFile, TrackedModel, TrackedModels

Place = Annotated[str, StringConstraints(max_length=100)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Arguments = Annotated[dict[str, Any], Field(max_length=20)]


class TrackingService(Service):
    domain = "tracking"

    def __init__(self, foundation: Foundation) -> None:
        super().__init__(foundation)
        self._files = Files(foundation.settings.home / FILES)
        self._reader = MlflowReader(foundation.settings, files=self._files)

    @action(permission=Permission.READ, reads=True)
    def read(self, call: Call, *, place: Place, arguments: Arguments | None = None) -> TrackedAnswer:
        """Answer a reading call of MLflow's REST API, about the projects that one may see.

        MLflow's own client comes here by /mlflow."""
        if place not in READS:
            call.reach()
            raise NotFound(_("MLflow's {place} is not answered here").format(place=repr(place)))
        if place == FILES_PLACE:
            self._complete(call, _path_in(arguments or {}))
        document = self._reader.answer(place, arguments=arguments or {}, projects=_projects(call))
        return TrackedAnswer(document=document)

    @action(permission=Permission.READ, reads=True)
    def read_file(self, call: Call, *, path: Path) -> TrackedFile:
        """Fetch a file of a run or version that describes it: its signature, an example, what it needs.

        The model itself is fetched by `download_model`."""
        self._check(call, path)
        if self._files.model_digest(path):
            raise NotFound(_("{path} is a model").format(path=path), hint=_("Fetch it by tracking.download_model."))
        return TrackedFile(path=path, content=self._files.file(path).read_bytes())

    @action(permission=Permission.ARTIFACT_READ, says=N_("downloaded"), repeats=True)
    def download_model(self, call: Call, *, path: Path) -> TrackedFile:
        """Say under which digest a model file of a run or version lies in the store; the download is recorded.

        Its bytes are at /mlflow/api/2.0/mlflow-artifacts/artifacts/<path>."""
        self._check(call, path)
        digest = self._files.model_digest(path)
        if not digest:
            raise NotFound(_("{path} is no model").format(path=path), hint=_("Fetch it by tracking.read_file."))
        # What no folder of ours describes may be a file that only MLflow has.
        content = self._files.file(path).read_bytes()
        if digest_bytes(content) == digest:
            self.foundation.store.put_bytes(content)
        project, *parts = path.split("/")
        call.about(_subject(call, parts), project=project)
        call.note(digest=digest)
        return TrackedFile(path=path, digest=digest)

    @action(permission=Permission.READ, reads=True)
    def list_models(self, call: Call, *, project: str, offset: Offset = 0, limit: Limit = 50) -> Listing[TrackedModels]:
        """List the runs of a project that MLflow has, the last changed first, with the ONNX files that lie among their
        artifacts: `registry.register_tracked` takes the path of one."""
        call.may_reach_project(project)
        is_mirrored = col(ObjectRow.id).in_(select(MirrorRow.run_id))
        return batch_of(
            call.session,
            ObjectRow,
            where=[col(ObjectRow.project) == project, is_mirrored],
            order=(col(ObjectRow.updated_at).desc(), col(ObjectRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=lambda rows: self._models_of(call, rows),
        )

    def _models_of(self, call: Call, runs: Sequence[ObjectRow]) -> tuple[TrackedModels, ...]:
        mirrored = select(MirrorRow).where(col(MirrorRow.run_id).in_([run.id for run in runs]))
        names = {row.run_id: row.mlflow_run for row in call.session.exec(mirrored)}
        return tuple(TrackedModels(run_id=run.id, title=run.title, files=self._models(run, names)) for run in runs)

    def _models(self, run: ObjectRow, names: Mapping[str, str]) -> tuple[TrackedModel, ...]:
        folder = f"{run.project}/{names[run.id]}/artifacts"
        return tuple(
            TrackedModel(path=f"{folder}/{name}", name=name, bytes=size) for name, size in self._files.models(folder)
        )

    def _check(self, call: Call, path: str) -> None:
        call.may_reach_project(path.partition("/")[0])
        self._complete(call, path)

    def _complete(self, call: Call, path: str) -> None:
        """The folder of a run's model or of a version that is older than such folders is written when somebody wants
        it."""
        project, owner, part, *_rest = (*path.split("/"), "", "", "")
        if not call.permitted.includes(project):
            return
        if owner == VERSIONS:
            row = call.session.get(VersionRow, part)
            if row is not None and row.project == project:
                self._write(f"{project}/{VERSIONS}/{row.id}", digest=row.model_digest)
        elif digest := self._files.digest_of_copy(f"{project}/{owner}/artifacts/{MODEL}"):
            self._write(f"{project}/{owner}/artifacts/model", digest=digest)

    def _write(self, path: str, *, digest: str) -> None:
        folder = self._files.root / path
        if not folder.exists():
            content = self.foundation.store.read(digest)
            write_model_folder(folder, content=content, metadata={"causeway.model_digest": digest})


def _path_in(arguments: dict[str, Any]) -> str:
    """What a query names, where each value may stand several times."""
    value = arguments.get("path", "")
    return str(value[-1] if isinstance(value, list) and value else value)


def _projects(call: Call) -> Projects:
    reach = call.reach()
    known = frozenset(call.session.exec(select(ObjectRow.id).where(ObjectRow.kind == Kind.PROJECT)))
    visible = frozenset(project for project in known if reach.includes(project))
    return Projects(visible=visible, hidden=known - visible)


def _subject(call: Call, parts: list[str]) -> str:
    """The version or run whose model is fetched, empty where the portal knows of none."""
    if parts[0] == VERSIONS:
        return parts[1]
    run_id = call.session.exec(select(MirrorRow.run_id).where(MirrorRow.mlflow_run == parts[0])).first()
    return run_id if run_id and call.session.get(ObjectRow, run_id) else ""
