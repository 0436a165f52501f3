"""Models, versions and the evidence about them. A version is exact bytes and never changes; evidence is written only by
the portal's own measurements; nothing here deletes anything."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field
from sqlmodel import col, select

from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.digests import digest_bytes
from core.foundation.errors import Conflict, Invalid
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions, page_of
from core.foundation.naming.names import RENAMED, entitled, named, rename
from core.foundation.naming.texts import Prose
from core.foundation.naming.titles import Title
from core.foundation.objects import ObjectRow, are_kept
from core.foundation.plugins import Plugin
from core.foundation.ports import LiveUses
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.registry import catalog, measuring
from core.registry.artifact import Folder, examine
from core.registry.comparison import compare_versions
from core.registry.evidence import Measured, evidence_about, write_evidence
from core.registry.inspection import limits_in
from core.registry.tables import ModelRow, VersionRow
from core.registry.tracking import outbox
from core.registry.values import (
    Alias,
    Artifact,
    Comparison,
    Evaluation,
    Evidence,
    Model,
    ModelName,
    ModelVersion,
    NewEvidence,
    NewVersion,
    RunRecord,
)

VersionIds = Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]


class RegistryService(Service):
    domain = "registry"
    events: ClassVar[Mapping[str, EventSpec]] = {
        "registry:evidence:written": EventSpec(N_("wrote the evidence")),
        "registry:version:judged": EventSpec(N_("judged")),
    }

    def __init__(self, foundation: Foundation, *, live_uses: LiveUses, evidence_kinds: Mapping[str, Plugin]) -> None:
        super().__init__(foundation)
        self._live_uses, self._evidence_kinds = live_uses, evidence_kinds

    def _compare(self, call: Call, *, version_ids: VersionIds, baseline_id: str = "", holdout: str = "") -> Comparison:
        baseline = baseline_id or version_ids[0]
        versions = [self._visible(call, version_id) for version_id in dict.fromkeys((*version_ids, baseline))]
        ordered = sorted(versions, key=lambda version: version.id != baseline)
        return compare_versions(self.foundation.store, versions=ordered, baseline=ordered[0], holdout=holdout)

    def _prepare_quality(self, call: Call, *, version_id: str, baseline_id: str = "", holdout: str = "") -> NewEvidence:
        candidate = self._visible(call, version_id)
        return measuring.measure_quality(
            self.foundation.store,
            candidate=candidate,
            baseline=self._visible(call, baseline_id) if baseline_id else None,
            holdout=holdout,
            measured_by=call.actor.person_id,
        )

    def _prepare_safety(self, call: Call, *, version_id: str) -> NewEvidence:
        version, base = self._visible(call, version_id), self.foundation
        limits = limits_in(base.settings)
        return measuring.scan_safety(base.store, version=version, measured_by=call.actor.person_id, limits=limits)

    def _prepare_artifact(self, call: Call, *, version_id: str) -> bytes:
        return self.foundation.store.read(self._visible(call, version_id).model_digest)

    @action(permission=Permission.MODELS_WRITE, says=N_("created the model"))
    def create_model(
        self,
        call: Call,
        *,
        project: str,
        name: ModelName | None = None,
        title: Title | None = None,
        description: Prose = "",
    ) -> Model:
        """Make a model, a name under which versions are kept. Without one it follows from the title."""
        call.may_reach_project(project)
        naming = named(call, Kind.MODEL, project=project, name=name, title=title)
        row = catalog.add_model(call, naming, project=project, description=description, owner=call.actor.person_id)
        call.about(row.id)
        return catalog.models_of(call.session, [row])[0]

    @action(permission=Permission.MODELS_WRITE, says=RENAMED)
    def rename_model(self, call: Call, *, model_id: str, title: Title) -> Model:
        """Give a model another title. The name under which its versions are kept stays."""
        call.may_reach(model_id)
        rename(call, model_id, title)
        return catalog.models_of(call.session, [catalog.find_model(call.session, model_id)])[0]

    @action(permission=Permission.READ, reads=True)
    def list_models(
        self,
        call: Call,
        *,
        project: str = "",
        query: str = "",
        archived: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Model]:
        """List models with their newest version, the newest model first."""
        filters = conditions(call, ModelRow, project=project)
        filters += [are_kept(ModelRow.id, kind=Kind.MODEL, archived=archived)]
        filters += [entitled(ModelRow, query, kind=Kind.MODEL)] if query else []
        return batch_of(
            call.session,
            ModelRow,
            where=filters,
            order=(col(ModelRow.created_at).desc(), col(ModelRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=lambda rows: catalog.models_of(call.session, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def get_model(self, call: Call, *, model_id: str) -> Model:
        """Show one model."""
        call.may_reach(model_id)
        return catalog.models_of(call.session, [catalog.find_model(call.session, model_id)])[0]

    @action(permission=Permission.READ, reads=True)
    def list_versions(
        self, call: Call, *, model_id: str = "", project: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[ModelVersion]:
        """List versions, the newest first."""
        of_kept = () if model_id else (are_kept(VersionRow.model_id, kind=Kind.MODEL),)
        return page_of(
            call.session,
            VersionRow,
            where=(*conditions(call, VersionRow, project=project, model_id=model_id), *of_kept),
            order=(col(VersionRow.created_at).desc(), col(VersionRow.id).desc()),
            offset=offset,
            limit=limit,
            convert=catalog.version_of,
        )

    @action(permission=Permission.READ, reads=True)
    def get_version(self, call: Call, *, version_id: str) -> ModelVersion:
        """Show one version."""
        return self._visible(call, version_id)

    @action(permission=Permission.READ, reads=True, prepare=_compare)
    def compare(self, call: Call, *, version_ids: VersionIds, baseline_id: str = "", holdout: str = "") -> Comparison:
        """Compare versions: metrics and what differs significantly, parameters, curves, changed decisions. The baseline
        is the first version unless another is named, `holdout` the digest or the name of the rows to judge on."""
        call.reach()
        prepared: Comparison = call.prepared
        return prepared

    @action(permission=Permission.MODELS_EDIT, says=N_("edited the card of"))
    def edit_card(self, call: Call, *, version_id: str, card: Prose) -> ModelVersion:
        """Change what the card of a version says. Approvals that rest on the old card become stale."""
        call.may_reach(version_id)
        call.about(version_id)
        row = catalog.find_version(call.session, version_id)
        row.card = card
        call.session.add(row)
        call.update(version_id)
        call.note(card=digest_bytes(card.encode()))
        return catalog.version_of(row)

    @action(permission=Permission.MODELS_ARCHIVE, says=N_("archived"))
    def archive_version(self, call: Call, *, version_id: str) -> ModelVersion:
        """Archive a version. Refused while it serves or is something's rollback target."""
        call.may_reach(version_id, even_put_away=True)
        call.about(version_id)
        row = catalog.find_version(call.session, version_id)
        if reason := self._live_uses.reason_to_keep(call.session, version_id):
            raise Conflict(
                _("{id} cannot be archived: {reason}").format(id=version_id, reason=reason),
                hint=_("Release another version in its place first."),
            )
        row.state = "archived"
        call.session.add(row)
        call.update(version_id, state="archived")
        return catalog.version_of(row)

    @action(permission=Permission.ARTIFACT_READ, prepare=_prepare_artifact, says=N_("downloaded"), repeats=True)
    def download_artifact(self, call: Call, *, version_id: str) -> Artifact:
        """Fetch the model file of a version. Its bytes are hashed first, and the download is recorded."""
        version = self._visible(call, version_id)
        name = f"{version.model}-v{version.version}.onnx"
        call.about(version_id)
        call.note(digest=version.model_digest)
        return Artifact(version_id=version_id, filename=name, digest=version.model_digest, content=call.prepared)

    @action(permission=Permission.EVIDENCE_WRITE, prepare=_prepare_quality, says=N_("measured the quality of"))
    def measure_quality(self, call: Call, *, version_id: str, baseline_id: str = "", holdout: str = "") -> Evidence:
        """Measure how good a version is on rows that training has not seen, and against a baseline on the same rows."""
        call.may_reach(version_id)
        call.about(version_id)
        return self.add_evidence(call, call.prepared)

    @action(permission=Permission.EVIDENCE_WRITE, prepare=_prepare_safety, says=N_("scanned"))
    def scan_safety(self, call: Call, *, version_id: str) -> Evidence:
        """Inspect the exact bytes of a version's model file, without running them."""
        call.may_reach(version_id)
        call.about(version_id)
        return self.add_evidence(call, call.prepared)

    def examine(self, digest: str) -> Folder:
        """Reads and checks the folder of a version to be registered. Slow: for the time before the write lock."""
        return examine(self.foundation.store, digest=digest, limits=limits_in(self.foundation.settings))

    def register(self, call: Call, new: NewVersion, folder: Folder | None = None) -> ModelVersion:
        """A new version of a model, which is made where it does not exist; the same bytes again are the version that is
        there. Raises Invalid when the folder is no safe model. `folder` is what `examine` has said before the lock."""
        examined = folder or self.examine(new.digest)
        if (examined.digest, examined.model_digest) != (new.digest, new.model_digest):
            raise Invalid(_("The digests do not name the same model file"), field="model_digest")
        model = catalog.model_for(call, new)
        same = select(VersionRow).where(VersionRow.model_id == model.id, VersionRow.digest == new.digest)
        if (known := call.session.exec(same).first()) is not None:
            return catalog.version_of(known)
        return self._add_version(call, new, model=model, folder=examined)

    def version(self, call: Call, version_id: str) -> ModelVersion:
        """A version as it is in the caller's transaction. NotFound when there is none."""
        return catalog.version_of(catalog.find_version(call.session, version_id))

    def model_id(self, call: Call, model: str, *, project: str) -> str:
        """The id of the model of a project that has this id, name or title; empty where none has."""
        row = catalog.model_called(call, model, project=project)
        return row.id if row else ""

    def read_model(self, version_id: str) -> bytes:
        """The model file of a version, hashed. Unavailable when the bytes are not the ones that were registered."""
        with self.foundation.database.read() as session:
            digest = catalog.find_version(session, version_id).model_digest
        return self.foundation.store.read(digest)

    def add_evidence(self, call: Call, new: NewEvidence) -> Evidence:
        """Writes down what a measurement of the portal found, in the transaction that ends it."""
        return write_evidence(call, new, kinds=self._evidence_kinds)

    def add_evaluation(self, call: Call, version_id: str, evaluation: Evaluation) -> None:
        """Writes down how a version does on more rows, in place of what was known of the very same ones."""
        row = catalog.find_version(call.session, version_id)
        others = [known for known in row.evaluations if known["holdout"] != evaluation.holdout]
        row.evaluations = [*others, evaluation.model_dump(mode="json")]
        call.session.add(row)
        call.update(version_id)
        call.record("registry:version:judged", subject=version_id, details={"holdout": evaluation.holdout})

    def evidence_of(self, call: Call, version_ids: Collection[str], kinds: Iterable[str]) -> Mapping[str, Measured]:
        """All evidence of these kinds by version. Damaged evidence is as good as none; the rest can still be read."""
        return evidence_about(call, version_ids, kinds)

    def record_run(self, call: Call, record: RunRecord) -> None:
        """Queues a run for MLflow, which gets it later and exactly once."""
        outbox.queue_run(call, record)

    def mlflow_run(self, call: Call, run_id: str) -> str:
        """The id of a run in MLflow; empty until MLflow has it."""
        return outbox.mlflow_run_of(call.session, run_id)

    def set_alias(self, call: Call, *, model_id: str, version: int, alias: Alias, points: bool = True) -> None:
        """Queues for MLflow that an alias points to this version, or does no longer. Nothing is decided by aliases."""
        row = catalog.numbered_version(call.session, model_id, version)
        outbox.queue_alias(call, catalog.version_of(row), alias=alias, points=points)

    def _visible(self, call: Call, version_id: str) -> ModelVersion:
        call.may_reach(version_id, even_put_away=True)
        return self.version(call, version_id)

    def _add_version(self, call: Call, new: NewVersion, *, model: ModelRow, folder: Folder) -> ModelVersion:
        number = catalog.next_number(call.session, model.id)
        names = {"title": f"{model.entry.title} v{number}", "name": f"{model.name} v{number}"}
        about = {"project": new.project, "owner": new.created_by, **names}
        version_id = call.create(Kind.MODEL_VERSION, state="active", **about)
        data = new.model_dump(mode="json", exclude={"project", "model", "title", "digest", "model_digest", "card"})
        row = VersionRow(
            **data,
            id=version_id,
            model_id=model.id,
            model=model.name,
            project=new.project,
            version=number,
            state="active",
            digest=folder.digest,
            model_digest=folder.model_digest,
            bytes=folder.bytes,
            signature=folder.signature.model_dump(mode="json"),
            card=new.card or folder.card,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        self._link(call, row)
        call.update(model.id)
        call.note(digest=row.digest)
        outbox.queue_version(call, version := catalog.version_of(row))
        return version

    def _link(self, call: Call, row: VersionRow) -> None:
        """A version follows from its run; one without a run from what it was trained on."""
        made_from = {row.run_id: "produced"} if row.run_id else {row.training_set_id: "trained"}
        if not row.run_id:
            made_from |= dict.fromkeys(row.feature_versions, "feeds") | {row.requirement_id: "asks for"}
        for source, relation in made_from.items():
            if source and call.session.get(ObjectRow, source) is None:
                raise Invalid(_("There is no object called {id}").format(id=repr(source[:40])), field=relation)
            if source:
                call.link(source, row.id, relation)
        call.link(row.model_id, row.id, "has version")
