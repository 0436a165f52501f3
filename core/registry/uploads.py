"""Versions from files that were trained elsewhere. A file cannot show that its conversion was wrong, so it may bring
an example and what the original library answered, and both are compared before anything is registered."""

from typing import Annotated, Any, NamedTuple

from pydantic import StringConstraints

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.content import Content
from core.foundation.actions.run import Service, action
from core.foundation.digests import digest_bytes
from core.foundation.errors import Invalid
from core.foundation.naming.texts import ONE_LINE, Prose
from core.foundation.naming.titles import Title
from core.foundation.text import N_, _
from core.identity.permissions import Permission
from core.registry.artifact import Folder, write_bare
from core.registry.foreign.comparison import refuse_wrong
from core.registry.foreign.conversion import Sent
from core.registry.foreign.process import converted, looked_at, tried
from core.registry.foreign.rows import ProjectRows
from core.registry.foreign.targets import target_of, target_of_file
from core.registry.foreign.values import Compared, ConversionReport, FileLook, TensorMapping, Tolerance, Trial
from core.registry.inspection import limits_in, signature_as_it_is
from core.registry.service import RegistryService
from core.registry.tracking.files import Files
from core.registry.tracking.mlflow_store import FILES
from core.registry.values import CONVERSION, ModelReference, ModelVersion, NewEvidence, NewVersion
from core.tasks.values import Verdict

Filename = Annotated[str, StringConstraints(min_length=1, max_length=200), ONE_LINE]
Source = Annotated[str, StringConstraints(max_length=200), ONE_LINE]
Path = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
ShortName = Annotated[str, StringConstraints(max_length=200)]


class Prepared(NamedTuple):
    """A version's folder, its source in words, and what the comparison with that source says, on which bytes."""

    folder: Folder
    source: str
    report: ConversionReport | None
    measured_on: dict[str, str]


class UploadService(Service):
    domain = "registry"

    def __init__(self, foundation: Foundation, *, registry: RegistryService, rows: ProjectRows) -> None:
        super().__init__(foundation)
        self._registry, self._rows = registry, rows
        self._files = Files(foundation.settings.home / FILES)

    def _prepare_upload(self, call: Call, *, project: str, content: Content, **sent: Any) -> Prepared:
        call.may_reach_project(project)
        return self._prepared(content.read(), self._sent(call, project, **sent), note=sent["note"])

    def _prepare_tracked(self, call: Call, *, path: str, **sent: Any) -> Prepared:
        project = path.partition("/")[0]
        call.may_reach_project(project)
        given = self._sent(call, project, **sent)
        return self._prepared(self._files.file(path).read_bytes(), given, note=sent["note"])

    def _prepare_trial(self, call: Call, *, project: str, content: Content, **sent: Any) -> Trial:
        call.may_reach_project(project)
        given, limits = self._sent(call, project, **sent), limits_in(self.foundation.settings)
        _served, trial = converted(content.read(), given, limits=limits)
        return trial

    def _prepare_look(self, call: Call, *, project: str, content: Content, **sent: Any) -> FileLook:
        call.may_reach_project(project)
        given, limits = self._sent(call, project, **sent), limits_in(self.foundation.settings)
        return looked_at(content.read(), given, limits=limits)

    @action(permission=Permission.MODELS_WRITE, prepare=_prepare_upload, says=N_("uploaded"))
    def upload_version(
        self,
        call: Call,
        *,
        project: str,
        model: ModelReference | None = None,
        title: Title | None = None,
        filename: Filename,
        content: Content,
        example: Content | None = None,
        expected: Content | None = None,
        compared: Compared | None = None,
        mapping: TensorMapping | None = None,
        tolerance: Tolerance | None = None,
        training_set_id: str = "",
        split: ShortName = "",
        snapshot_id: str = "",
        source: Source = "",
        note: Prose = "",
    ) -> ModelVersion:
        """Register an ONNX file as a version. Anything else is refused by its content, whatever its name.

        `model` is the id, name or title of a model, or the name of a new one, whose title is then `title`. Without it
        the name of a new one follows from the title.

        A file of another library takes tensors: `mapping` says which named columns fill them and what its outputs are.
        It is proposed from the `example`, which `registry.try_file` shows. With `expected`, what that library answered
        for each row of the example (or with `compared`, which names the columns of the example that hold it, by the
        name of the answer), the answers of the file are compared: one that differs by more than the `tolerance` refuses
        the file, and the comparison becomes evidence. The first rows of a training set's `split`, or of a snapshot, may
        be the example: they are in the project already."""
        call.may_reach_project(project)
        call.note(filename=filename)
        return self._register(call, project=project, model=model, title=title)

    @action(permission=Permission.MODELS_WRITE, prepare=_prepare_tracked, says=N_("registered"))
    def register_tracked(
        self,
        call: Call,
        *,
        path: Path,
        model: ModelReference | None = None,
        title: Title | None = None,
        example: Content | None = None,
        expected: Content | None = None,
        compared: Compared | None = None,
        mapping: TensorMapping | None = None,
        tolerance: Tolerance | None = None,
        training_set_id: str = "",
        split: ShortName = "",
        snapshot_id: str = "",
        source: Source = "",
        note: Prose = "",
    ) -> ModelVersion:
        """Register an ONNX file that lies among the files of a run in MLflow as a version.

        The rest is as for `registry.upload_version`."""
        project = path.partition("/")[0]
        call.may_reach_project(project)
        call.note(path=path)
        return self._register(call, project=project, model=model, title=title)

    @action(permission=Permission.MODELS_WRITE, reads=True, prepare=_prepare_trial)
    def try_file(
        self,
        call: Call,
        *,
        project: str,
        content: Content,
        example: Content | None = None,
        expected: Content | None = None,
        compared: Compared | None = None,
        mapping: TensorMapping | None = None,
        tolerance: Tolerance | None = None,
        training_set_id: str = "",
        split: ShortName = "",
        snapshot_id: str = "",
    ) -> Trial:
        """Try an ONNX file on an example, and register nothing: what it takes and gives, the proposed mapping unless
        one is given, its answers, and how they compare with what is expected."""
        call.may_reach_project(project)
        prepared: Trial = call.prepared
        return prepared

    @action(permission=Permission.MODELS_WRITE, reads=True, prepare=_prepare_look)
    def look_into_file(
        self,
        call: Call,
        *,
        project: str,
        content: Content,
        example: Content | None = None,
        training_set_id: str = "",
        split: ShortName = "",
        snapshot_id: str = "",
    ) -> FileLook:
        """Look into an ONNX file: what it takes and gives, and the mapping from the columns of an example to begin
        with, which may leave columns over."""
        call.may_reach_project(project)
        prepared: FileLook = call.prepared
        return prepared

    def _prepared(self, content: bytes, given: Sent, *, note: str) -> Prepared:
        base, limits = self.foundation, limits_in(self.foundation.settings)
        served, report, mapping, signature = content, None, TensorMapping(), None
        if given.example is None and given.mapping is None:
            signature = signature_as_it_is(content, limits=limits)
            if signature is not None:
                tried(content, limits=limits)
        if signature is None:
            served, trial = converted(content, given, limits=limits)
            report, mapping = trial.report, trial.mapping
        if report is not None:
            refuse_wrong(report)
        rows = {"example": given.example, "expected": given.expected} if report else {}
        measured_on = {name: base.store.put_bytes(data) for name, data in rows.items() if data is not None}
        if report is not None:
            measured_on |= {"file": digest_bytes(content)}
        folder = write_bare(
            base.store,
            content=served,
            card=note,
            columns=mapping.wide_columns,
            target=target_of_file(signature) if signature else target_of(mapping),
            limits=limits,
        )
        return Prepared(folder, given.source, report, measured_on)

    def _sent(
        self,
        call: Call,
        project: str,
        *,
        example: Content | None,
        training_set_id: str,
        split: str,
        snapshot_id: str,
        expected: Content | None = None,
        compared: Compared | None = None,
        mapping: TensorMapping | None = None,
        tolerance: Tolerance | None = None,
        source: str = "",
        **_others: Any,
    ) -> Sent:
        rows = example.read() if example else None
        if training_set_id or snapshot_id:
            if rows is not None:
                raise Invalid(_("Send an example, or name rows of the project"), field="example")
            named = {"training_set_id": training_set_id, "split": split, "snapshot_id": snapshot_id}
            rows = self._rows.read(call, project=project, **named)
        return Sent(
            example=rows,
            expected=expected.read() if expected else None,
            compared=compared,
            mapping=mapping,
            tolerance=tolerance or Tolerance(),
            source=source,
        )

    def _register(self, call: Call, *, project: str, model: str | None, title: str | None) -> ModelVersion:
        prepared: Prepared = call.prepared
        folder, person = prepared.folder, call.actor.person_id
        new = NewVersion(
            project=project,
            model=model,
            title=title,
            digest=folder.digest,
            model_digest=folder.model_digest,
            environment={"converted from": prepared.source} if prepared.source else {},
            created_by=person,
        )
        version = self._registry.register(call, new, folder=folder)
        if prepared.report is not None:
            evidence = _evidence(version, prepared.report, measured_on=prepared.measured_on, measured_by=person)
            self._registry.add_evidence(call, evidence)
        call.about(version.id)
        return version


def _evidence(
    version: ModelVersion, report: ConversionReport, *, measured_on: dict[str, str], measured_by: str
) -> NewEvidence:
    words = _("{rows} rows as the original library answers them, {gap} apart at most")
    return NewEvidence(
        project=version.project,
        kind=CONVERSION,
        subject=version.id,
        verdict=Verdict.PASS,
        summary=words.format(rows=report.rows, gap=f"{report.largest_difference:.2g}"),
        measured_on={"version": version.digest, "model": version.model_digest, **measured_on},
        content=report.model_dump(mode="json"),
        created_by=measured_by,
    )
