"""The composition root: settings in, a portal out. Nothing else builds services."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import get_type_hints

from core.audit.journal import AuditJournal
from core.audit.service import AuditService
from core.client import connect as connect
from core.compute.kinds import JobKind, Reconciler
from core.compute.service import ComputeService
from core.features.materialization.kind import MaterializationReconciler, MaterializeKind
from core.features.materialization.service import OnlineService
from core.features.parity.kind import FeatureParityKind
from core.features.service import FeatureService
from core.features.versions.kind import BuildKind, JoinKind
from core.foundation.actions.call import Foundation
from core.foundation.actions.run import EventSpec, Service
from core.foundation.actions.spec import ActionSpec
from core.foundation.clock import Clock, SystemClock
from core.foundation.database import Database
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.identity.access import RoleAccess
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
from core.loadtests.kind import LoadTestKind
from core.loadtests.service import LoadTestService
from core.promotion.approvals.assessment import Assessments
from core.promotion.policies.service import PolicyService
from core.promotion.requests.decisions import DecisionService
from core.promotion.requests.request_book import RequestBook
from core.promotion.requests.service import RequestService
from core.promotion.rollouts.reconciler import RolloutReconciler
from core.promotion.rollouts.service import RolloutService
from core.registry.ingester import MlflowIngester
from core.registry.service import RegistryService
from core.requirements.service import RequirementService
from core.serving.exposition import MetricsService
from core.serving.measurement.kinds import ParityKind, ReplayKind
from core.serving.measurement.service import MeasurementService
from core.serving.pins import ServingPins
from core.serving.service import EndpointService
from core.serving.tickets import TicketOffice
from core.sweeps.controller import SweepController
from core.sweeps.kind import SweepWorkerKind
from core.sweeps.service import SweepService
from core.training.kind import TrainingKind
from core.training.service import TrainingService


@dataclass(frozen=True)
class Portal:
    """Every service, by its domain's name."""

    foundation: Foundation
    sessions: Sessions
    identity: IdentityService
    audit: AuditService
    requirements: RequirementService
    datasets: DatasetService
    retention: RetentionService
    garbage_collection: GarbageCollectionService
    imports: ImportService
    queries: QueryService
    compute: ComputeService
    registry: RegistryService
    features: FeatureService
    online: OnlineService
    training: TrainingService
    sweeps: SweepService
    endpoints: EndpointService
    measurement: MeasurementService
    metrics: MetricsService
    loadtests: LoadTestService
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

    def catalog(self) -> dict[str, tuple[Service, ActionSpec]]:
        """Every action by its name, "domain.action"."""
        return {spec.name: (service, spec) for service in self.services() for spec in service.actions()}


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


def build_portal(settings: Settings, *, foundation: Foundation | None = None) -> Portal:
    """A portal over an installation whose tables exist."""
    base = foundation or build_foundation(settings)
    identity, requirements = IdentityService(base), RequirementService(base)
    compute, registry = ComputeService(base), RegistryService(base)
    pins = ServingPins()
    datasets = DatasetService(base)
    features = FeatureService(base, lake=datasets, compute=compute, requirements=requirements, pins=pins)
    online = OnlineService(base, features=features, compute=compute)
    tickets = TicketOffice(settings.home)
    endpoints = EndpointService(base, features=features, online=online, registry=registry, tickets=tickets)
    training = TrainingService(base, compute=compute, features=features, registry=registry, requirements=requirements)
    policies = PolicyService(base)
    book = RequestBook(Assessments(registry=registry, serving=endpoints, identity=identity))
    return Portal(
        foundation=base,
        sessions=Sessions(base),
        identity=identity,
        audit=AuditService(base, journal=AuditJournal(settings.home)),
        requirements=requirements,
        datasets=datasets,
        retention=RetentionService(base, pins=pins),
        garbage_collection=GarbageCollectionService(base),
        imports=ImportService(base, datasets=datasets, compute=compute),
        queries=QueryService(base, datasets=datasets),
        compute=compute,
        registry=registry,
        features=features,
        online=online,
        training=training,
        sweeps=SweepService(base, compute=compute, training=training, features=features),
        endpoints=endpoints,
        measurement=MeasurementService(base, compute=compute, features=features, registry=registry, tickets=tickets),
        metrics=MetricsService(base),
        loadtests=LoadTestService(base, compute=compute, features=features, registry=registry, serving=endpoints),
        requests=RequestService(
            base, book=book, policies=policies, registry=registry, serving=endpoints, requirements=requirements
        ),
        decisions=DecisionService(base, book=book),
        policies=policies,
        rollouts=RolloutService(base, book=book, registry=registry, serving=endpoints),
    )


def job_kinds(portal: Portal) -> tuple[JobKind, ...]:
    """Every kind of job that a worker can run; each domain adds its own."""
    return (
        ImportKind(portal.imports),
        BuildKind(portal.features),
        JoinKind(portal.features),
        MaterializeKind(portal.online),
        FeatureParityKind(portal.online),
        TrainingKind(portal.training),
        SweepWorkerKind(portal.sweeps),
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
        MaterializationReconciler(portal.online),
        RemovalReconciler(portal.garbage_collection),
        GarbageCollectionReconciler(portal.garbage_collection),
    )
