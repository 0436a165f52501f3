"""The composition root: settings in, a portal out. Nothing else builds services."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import get_type_hints

from core.audit.journal import AuditJournal
from core.audit.service import AuditService
from core.client.client import Client
from core.client.client import connect as connect_to
from core.client.errors import NotSignedIn
from core.compute.kinds import JobKind, Reconciler
from core.compute.service import ComputeService
from core.explanations.kinds import ImportanceKind
from core.explanations.service import ExplanationService
from core.features.catalog.background import DriftReconciler
from core.features.catalog.search import FeatureCatalogService
from core.features.catalog.statistics import FeatureStatisticsService
from core.features.engines.opening import engine_called
from core.features.materialization.kind import MaterializationReconciler, MaterializeKind
from core.features.materialization.runs import MaterializationRuns
from core.features.materialization.service import MaterializationService
from core.features.online.opening import LiveStore
from core.features.parity.kind import FeatureParityKind
from core.features.parity.service import FeatureParityService
from core.features.tables import FeatureViewRow, TrainingSetRow
from core.features.training_sets.kind import JoinKind
from core.features.training_sets.service import TrainingSetService
from core.features.versions.drafts import FeatureDraftService
from core.features.versions.kind import BuildKind
from core.features.versions.service import FeatureVersionService
from core.features.versions.sources import SourceSnapshots
from core.features.versions.states import give_up_all
from core.features.versions.views import FeatureViewService
from core.foundation.actions.call import Foundation
from core.foundation.actions.idempotency import KeyRemoval
from core.foundation.actions.run import EventSpec, Service
from core.foundation.actions.spec import ActionSpec
from core.foundation.clock import Clock, SystemClock
from core.foundation.database import Database
from core.foundation.ids import Kind
from core.foundation.ports import AllUses, LiveUses
from core.foundation.settings import Settings, load_settings
from core.foundation.storage import Store
from core.foundation.text import _
from core.health.service import HealthService
from core.identity.access import RoleAccess
from core.identity.keeping import KeepingService
from core.identity.service import IdentityService
from core.identity.sessions import Sessions
from core.lake.datasets.service import DatasetService
from core.lake.imports.kind import ImportKind
from core.lake.imports.service import ImportService
from core.lake.queries.service import QueryService
from core.lake.retention.garbage_collection import GarbageCollectionService
from core.lake.retention.removal import RemovalReconciler
from core.lake.retention.schedule import GarbageCollectionReconciler
from core.lake.retention.service import RetentionService
from core.lake.retention.verification import StoreVerificationService
from core.lake.tables import DatasetRow
from core.loadtests.kind import LoadTestKind
from core.loadtests.service import LoadTestService
from core.promotion.approvals.assessment import Assessments
from core.promotion.evidence_kinds.service import EvidenceService
from core.promotion.evidence_kinds.table import evidence_kinds
from core.promotion.live_uses import PromotionUses
from core.promotion.policies.service import PolicyService, suspicious_auc
from core.promotion.requests.decisions import DecisionService
from core.promotion.requests.request_book import RequestBook
from core.promotion.requests.service import RequestService
from core.promotion.rollouts.reconciler import RolloutReconciler
from core.promotion.rollouts.service import RolloutService
from core.registry.catalog import archive_versions
from core.registry.service import RegistryService
from core.registry.tables import ModelRow
from core.registry.tracking.ingester import MlflowIngester
from core.registry.tracking.service import TrackingService
from core.registry.uploads import UploadService
from core.requirements.service import RequirementService
from core.serving.exposition import MetricsService
from core.serving.live_uses import ServingUses
from core.serving.measurement.kinds import ParityKind, ReplayKind
from core.serving.measurement.service import MeasurementService
from core.serving.service import EndpointService
from core.serving.tables import EndpointRow
from core.serving.tickets import TicketIssuer
from core.sweeps.controller import SweepController
from core.sweeps.kind import SweepWorkerKind
from core.sweeps.service import SweepService
from core.training.judging.examples import ExampleRows
from core.training.judging.kind import JudgingKind
from core.training.judging.service import JudgingService
from core.training.kind import TrainingKind
from core.training.service import TrainingService
from core.training.workspace.service import RunWorkspaceService

SESSION_FILE = "session"


@dataclass(frozen=True)
class Portal:
    """Every service, by its domain's name."""

    foundation: Foundation
    sessions: Sessions
    identity: IdentityService
    keeping: KeepingService
    audit: AuditService
    requirements: RequirementService
    datasets: DatasetService
    retention: RetentionService
    garbage_collection: GarbageCollectionService
    store_verification: StoreVerificationService
    imports: ImportService
    queries: QueryService
    compute: ComputeService
    registry: RegistryService
    uploads: UploadService
    tracking: TrackingService
    training_sets: TrainingSetService
    feature_statistics: FeatureStatisticsService
    feature_drafts: FeatureDraftService
    feature_versions: FeatureVersionService
    feature_views: FeatureViewService
    feature_catalog: FeatureCatalogService
    feature_parity: FeatureParityService
    materialization: MaterializationService
    explanations: ExplanationService
    training: TrainingService
    run_workspace: RunWorkspaceService
    judging: JudgingService
    sweeps: SweepService
    endpoints: EndpointService
    measurement: MeasurementService
    metrics: MetricsService
    health: HealthService
    loadtests: LoadTestService
    evidence: EvidenceService
    requests: RequestService
    decisions: DecisionService
    policies: PolicyService
    rollouts: RolloutService

    @classmethod
    def service_types(cls) -> Iterator[type[Service]]:
        """The class of every service, without building one."""
        for kind in get_type_hints(cls).values():
            if isinstance(kind, type) and issubclass(kind, Service):
                yield kind

    @classmethod
    def events(cls) -> dict[str, EventSpec]:
        """What the audit log can tell, by the event's name: actions that say something, and events beside them."""
        events: dict[str, EventSpec] = {}
        for service in cls.service_types():
            events |= {spec.name: EventSpec(spec.says) for spec in service.actions() if spec.says}
            events |= service.events
        return events

    def services(self) -> Iterator[Service]:
        for field in fields(self):
            if isinstance(service := getattr(self, field.name), Service):
                yield service

    def catalog(self) -> Mapping[str, tuple[Service, ActionSpec]]:
        """Every action by its name, "domain.action"."""
        return self._catalog

    @cached_property
    def _catalog(self) -> Mapping[str, tuple[Service, ActionSpec]]:
        return {spec.name: (service, spec) for service in self.services() for spec in service.actions()}


def connect(address: str = "", token: str = "") -> Client:
    """A client of the portal at `address` for whom `token` stands for. Without them: CAUSEWAY_ADDRESS and
    CAUSEWAY_TOKEN, else the portal of this machine and who signed in there. Raises NotSignedIn where nobody did."""
    given = token or os.environ.get("CAUSEWAY_TOKEN") or _signed_in()
    return connect_to(address or os.environ.get("CAUSEWAY_ADDRESS") or load_settings().address, given)


def _signed_in() -> str:
    file = load_settings().home / SESSION_FILE
    if not file.exists():
        raise NotSignedIn(_("You are not signed in"), hint=_("Run `causeway sign-in --as mei`, or set CAUSEWAY_TOKEN."))
    return file.read_text()


def build_foundation(settings: Settings, *, clock: Clock | None = None) -> Foundation:
    settings.home.mkdir(parents=True, exist_ok=True)
    return Foundation(
        settings=settings,
        database=Database(settings.database),
        clock=clock or SystemClock(),
        store=Store(settings.home / "store"),
        access=RoleAccess(),
        journal=AuditJournal(settings.home),
    )


def _keeping(base: Foundation, uses: LiveUses) -> KeepingService:
    tables = {
        Kind.DATASET: DatasetRow,
        Kind.FEATURE_VIEW: FeatureViewRow,
        Kind.TRAINING_SET: TrainingSetRow,
        Kind.MODEL: ModelRow,
        Kind.ENDPOINT: EndpointRow,
    }
    emptying = {Kind.DATASET: RetentionService(base, live_uses=uses).empty, Kind.MODEL: archive_versions}
    emptying[Kind.FEATURE_VIEW] = give_up_all
    return KeepingService(base, tables=tables, live_uses=uses, asking=PromotionUses().asking, emptying=emptying)


def build_portal(settings: Settings, *, foundation: Foundation | None = None) -> Portal:
    """A portal over an installation whose tables exist."""
    base, uses = foundation or build_foundation(settings), AllUses((ServingUses(), PromotionUses()))
    identity, compute, datasets = IdentityService(base), ComputeService(base), DatasetService(base)
    sources, requirements, tickets = SourceSnapshots(datasets), RequirementService(base), TicketIssuer(settings.home)
    registry, policies = RegistryService(base, live_uses=uses, evidence_kinds=evidence_kinds()), PolicyService(base)
    sets, online = _features(base, sources=sources, compute=compute, requirements=requirements)
    endpoints, book = _serving(base, identity, sets=sets, online=online, registry=registry, tickets=tickets)
    training = _training(base, compute=compute, sets=sets, lake=datasets, registry=registry, requirements=requirements)
    return Portal(
        foundation=base,
        sessions=Sessions(base),
        identity=identity,
        keeping=_keeping(base, uses),
        audit=AuditService(base, journal=AuditJournal(settings.home)),
        requirements=requirements,
        datasets=datasets,
        retention=RetentionService(base, live_uses=uses),
        garbage_collection=GarbageCollectionService(base),
        store_verification=StoreVerificationService(base),
        imports=ImportService(base, datasets=datasets, compute=compute),
        queries=QueryService(base, datasets=datasets),
        compute=compute,
        registry=registry,
        uploads=UploadService(base, registry=registry, rows=ExampleRows(base.store, training_sets=sets, lake=datasets)),
        tracking=TrackingService(base),
        training_sets=sets,
        feature_statistics=FeatureStatisticsService(base, live_uses=uses),
        feature_drafts=FeatureDraftService(base, sources=sources, compute=compute),
        feature_versions=FeatureVersionService(base, live_uses=uses),
        feature_views=FeatureViewService(base, live_uses=uses),
        feature_catalog=FeatureCatalogService(base, live_uses=uses),
        feature_parity=FeatureParityService(base, sources=sources, compute=compute),
        materialization=online,
        explanations=ExplanationService(base, training=training),
        training=training,
        run_workspace=RunWorkspaceService(base),
        judging=JudgingService(base, compute=compute, training_sets=sets, lake=datasets, registry=registry),
        sweeps=SweepService(base, compute=compute, training=training, training_sets=sets, lake=datasets),
        endpoints=endpoints,
        measurement=MeasurementService(base, compute=compute, training_sets=sets, registry=registry, tickets=tickets),
        metrics=MetricsService(base),
        health=HealthService(base, live_uses=uses),
        loadtests=LoadTestService(base, compute=compute, training_sets=sets, registry=registry, serving=endpoints),
        evidence=EvidenceService(base),
        requests=_requests(base, book, policies=policies, registry=registry, serving=endpoints, goals=requirements),
        decisions=DecisionService(base, book=book),
        policies=policies,
        rollouts=RolloutService(base, book=book, registry=registry, serving=endpoints),
    )


def _features(
    base: Foundation, *, sources: SourceSnapshots, compute: ComputeService, requirements: RequirementService
) -> tuple[TrainingSetService, MaterializationService]:
    """The policies of promotion say which inputs a person has to review."""
    sets = TrainingSetService(
        base, sources=sources, compute=compute, requirements=requirements, suspicious_auc=suspicious_auc
    )
    runs = MaterializationRuns(base.settings, sources=sources, compute=compute)
    return sets, MaterializationService(base, sources=sources, runs=runs, live_store=LiveStore(base.settings))


def _requests(
    base: Foundation,
    book: RequestBook,
    *,
    policies: PolicyService,
    registry: RegistryService,
    serving: EndpointService,
    goals: RequirementService,
) -> RequestService:
    return RequestService(base, book=book, policies=policies, registry=registry, serving=serving, requirements=goals)


def _serving(
    base: Foundation,
    identity: IdentityService,
    *,
    sets: TrainingSetService,
    online: MaterializationService,
    registry: RegistryService,
    tickets: TicketIssuer,
) -> tuple[EndpointService, RequestBook]:
    """The endpoints, and the requests for what they serve."""
    endpoints = EndpointService(base, training_sets=sets, materialization=online, registry=registry, tickets=tickets)
    return endpoints, RequestBook(Assessments(registry=registry, serving=endpoints, identity=identity))


def _training(
    base: Foundation,
    *,
    compute: ComputeService,
    sets: TrainingSetService,
    lake: DatasetService,
    registry: RegistryService,
    requirements: RequirementService,
) -> TrainingService:
    return TrainingService(
        base, compute=compute, training_sets=sets, lake=lake, registry=registry, requirements=requirements
    )


def job_kinds(portal: Portal) -> tuple[JobKind, ...]:
    """Every kind of job that a worker can run; each domain adds its own."""
    sources = SourceSnapshots(portal.datasets)
    # A worker whose engine does not exist could build nothing: it does not start.
    engine_called(portal.foundation.settings.feature_engine)
    return (
        ImportKind(portal.imports),
        BuildKind(portal.foundation, sources=sources),
        JoinKind(portal.foundation, sources=sources),
        MaterializeKind(portal.foundation, runs=portal.materialization.runs),
        FeatureParityKind(portal.foundation),
        TrainingKind(portal.foundation, training_sets=portal.training_sets, registry=portal.registry),
        JudgingKind(portal.registry),
        SweepWorkerKind(portal.registry),
        ImportanceKind(portal.explanations),
        ParityKind(portal.measurement),
        ReplayKind(portal.measurement),
        LoadTestKind(portal.loadtests),
    )


def reconcilers(portal: Portal) -> tuple[Reconciler, ...]:
    """What a worker ticks; each domain adds its own."""
    return (
        RolloutReconciler(portal.rollouts),
        MlflowIngester(portal.foundation),
        SweepController(portal.sweeps),
        MaterializationReconciler(portal.materialization),
        DriftReconciler(portal.feature_statistics),
        RemovalReconciler(portal.garbage_collection),
        GarbageCollectionReconciler(portal.garbage_collection),
        KeyRemoval(portal.foundation.database),
    )
