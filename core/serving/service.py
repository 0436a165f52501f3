"""Endpoints: names that callers use, and what they are wanted to serve. Routes change in one place, `route`; the
gateway makes them true and reports back."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import chain
from typing import Annotated, ClassVar

from pydantic import Field
from sqlmodel import col, select

from core.features.materialization.service import MaterializationService
from core.features.materialization.values import MissingOnline
from core.features.training_sets.service import TrainingSetService
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import EventSpec, Service, action
from core.foundation.errors import Conflict
from core.foundation.ids import Kind
from core.foundation.listings import conditions, page_of
from core.foundation.naming.names import RENAMED, named, refuse_taken, rename
from core.foundation.naming.texts import Description, Reason
from core.foundation.naming.titles import Title
from core.foundation.objects import are_kept
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.registry.service import RegistryService
from core.serving.admissions import AdmissionIssuer
from core.serving.counter_file import SERVERS, counted_in
from core.serving.endpoint_inputs import endpoint_inputs
from core.serving.periods import begin_period, served_of, want_period
from core.serving.plans import EndpointPlan, plan_of
from core.serving.routing import ReadBytes, check_routes, read_bytes, refuse_damaged, refuse_unadmitted, wanted_routes
from core.serving.rows import (
    admission_of,
    endpoint_of,
    expect_environment,
    find_endpoint,
    has_admissions,
    routes_of,
)
from core.serving.tables import AdmissionRow, EndpointRow, ServedRow
from core.serving.tickets import TicketIssuer
from core.serving.values import (
    Endpoint,
    EndpointInputs,
    EndpointName,
    Environment,
    Route,
    Served,
    Server,
    ServiceLevel,
    Ticket,
)

Minutes = Annotated[int, Field(ge=1, le=60)]
# Who renews a ticket at half of its life has one for a quarter of an hour in which none is issued, as on a full disk.
TICKET_MINUTES = 30
PROMISE = ServiceLevel()


RESTS = "serving.server_rests"


class EndpointService(Service):
    domain = "serving"
    events: ClassVar[Mapping[str, EventSpec]] = {
        RESTS: EventSpec(N_("stopped trying for a while to start a model server of"))
    }

    def __init__(
        self,
        foundation: Foundation,
        *,
        training_sets: TrainingSetService,
        materialization: MaterializationService,
        registry: RegistryService,
        tickets: TicketIssuer,
    ) -> None:
        super().__init__(foundation)
        self._training_sets, self._materialization, self._registry = training_sets, materialization, registry
        self.tickets = tickets
        self.admissions = AdmissionIssuer(foundation.settings.home)

    @action(permission=Permission.ENDPOINT_WRITE, says=N_("created the endpoint"))
    def create_endpoint(
        self,
        call: Call,
        *,
        project: str,
        name: EndpointName | None = None,
        title: Title | None = None,
        environment: Environment,
        description: Description = "",
        slo: ServiceLevel = PROMISE,
    ) -> Endpoint:
        """Create an endpoint: a name that callers use, for staging or production. It serves nothing yet.

        Without a name the one in its address follows from its title."""
        call.may_reach_project(project)
        naming = named(call, Kind.ENDPOINT, project=project, name=name, title=title)
        words, hint = _("The name {name} is taken"), _("Choose another name.")
        refuse_taken(call, Kind.ENDPOINT, project=project, name=naming.name, words=words, hint=hint)
        names = {"title": naming.title, "name": naming.name}
        row = EndpointRow(
            id=call.create(Kind.ENDPOINT, project=project, state=environment, **names),
            project=project,
            name=naming.name,
            environment=environment,
            description=description,
            slo=slo.model_dump(mode="json"),
            generation=0,
            confirmed=0,
            cause="",
            measuring="",
            created_at=call.now,
            changed_at=call.now,
        )
        call.about(row.id)
        call.session.add(row)
        call.session.flush()
        return endpoint_of(row, settings=self.foundation.settings)

    @action(permission=Permission.ENDPOINT_WRITE, says=RENAMED)
    def rename_endpoint(self, call: Call, *, endpoint_id: str, title: Title) -> Endpoint:
        """Give an endpoint another title. Its address stays."""
        call.may_reach(endpoint_id)
        row = find_endpoint(call.session, endpoint_id)
        rename(call, endpoint_id, title)
        return endpoint_of(row, settings=self.foundation.settings)

    @action(permission=Permission.READ, reads=True)
    def list_endpoints(
        self,
        call: Call,
        *,
        project: str = "",
        environment: Environment | str = "",
        archived: bool = False,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Listing[Endpoint]:
        """List endpoints by name."""
        filters = conditions(call, EndpointRow, project=project, environment=environment)
        filters.append(are_kept(EndpointRow.id, kind=Kind.ENDPOINT, archived=archived))
        return page_of(
            call.session,
            EndpointRow,
            where=filters,
            order=(EndpointRow.name,),
            offset=offset,
            limit=limit,
            convert=lambda row: endpoint_of(row, settings=self.foundation.settings),
        )

    @action(permission=Permission.READ, reads=True)
    def get_endpoint(self, call: Call, *, endpoint_id: str) -> Endpoint:
        """Show an endpoint: what it is wanted to serve, and what the gateway has confirmed."""
        call.may_reach(endpoint_id)
        return self.endpoint(call, endpoint_id)

    @action(permission=Permission.READ, reads=True)
    def missing_features(self, call: Call, *, endpoint_id: str) -> tuple[MissingOnline, ...]:
        """Show which features an endpoint looks up and the online store does not have: they are missing inputs of its
        predictions until somebody materializes them."""
        call.may_reach(endpoint_id)
        versions = [
            self._registry.version(call, route.version_id)
            for route in routes_of(find_endpoint(call.session, endpoint_id))
        ]
        ids = [version.training_set_id for version in versions if version.training_set_id]
        contracts = [self._training_sets.training_set(call, training_set_id).contract for training_set_id in ids]
        missing = [self._materialization.missing_for(call, contract) for contract in contracts if contract]
        return tuple(dict.fromkeys(chain.from_iterable(missing)))

    @action(permission=Permission.READ, reads=True)
    def inputs(self, call: Call, *, endpoint_id: str) -> EndpointInputs:
        """Show which inputs of the last hour's predictions the models of an endpoint did not know, and which features
        were missing, by share of the rows."""
        call.may_reach(endpoint_id)
        servers = counted_in(self.foundation.settings.home / SERVERS)
        return endpoint_inputs(servers, endpoint_id=endpoint_id, now=call.now)

    @action(permission=Permission.READ, reads=True)
    def history(self, call: Call, *, endpoint_id: str, offset: Offset = 0, limit: Limit = 50) -> Listing[Served]:
        """Show what an endpoint served and when, the newest first. What was wanted and never answered a caller says
        so, and stands at the time when it was wanted."""
        call.may_reach(endpoint_id)
        newest = find_endpoint(call.session, endpoint_id).generation
        return page_of(
            call.session,
            ServedRow,
            where=(col(ServedRow.endpoint_id) == endpoint_id,),
            order=(col(ServedRow.generation).desc(),),
            offset=offset,
            limit=limit,
            convert=lambda row: served_of(row, newest=newest),
        )

    def bytes_of(self, call: Call, *, version_id: str, **_others: object) -> ReadBytes:
        """What is known of the bytes of a version once all of them were read."""
        call.may_reach(version_id)
        return read_bytes(self.foundation.store, self._registry.version(call, version_id).digest)

    @action(permission=Permission.ENDPOINT_WRITE, prepare=bytes_of, says=N_("deployed to"))
    def deploy_to_staging(self, call: Call, *, endpoint_id: str, version_id: str) -> Endpoint:
        """Serve a version on a staging endpoint, alone."""
        call.may_reach(version_id)
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        expect_environment(find_endpoint(call.session, endpoint_id), "staging")
        version = self._registry.version(call, version_id)
        call.may_reach(version.model_id)
        refuse_damaged(version, call.prepared)
        route = Route(
            version_id=version.id, model=version.model, version=version.version, digest=version.digest, weight=100
        )
        endpoint = self.route(call, endpoint_id, (route,), reason=_("Deployed to staging"))
        call.note(version=version.id, digest=version.digest)
        return endpoint

    @action(permission=Permission.ENDPOINT_WRITE, says=N_("took every version out of"))
    def clear_staging(self, call: Call, *, endpoint_id: str, reason: Reason) -> Endpoint:
        """Have a staging endpoint serve nothing, at once. Deploying a version ends it."""
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        expect_environment(find_endpoint(call.session, endpoint_id), "staging")
        return self.close(call, endpoint_id, reason=reason)

    @action(permission=Permission.PREDICT_TEST, says=N_("got a ticket for"), repeats=True)
    def issue_test_ticket(self, call: Call, *, endpoint_id: str, minutes: Minutes = TICKET_MINUTES) -> Ticket:
        """Get a short-lived ticket to call a staging endpoint: send it as `Authorization: Bearer`.

        Get the next one from `renew_at` on, and go on with the old one to its end where that is refused for now."""
        return self._issue(call, endpoint_id, environment="staging", minutes=minutes)

    @action(permission=Permission.PREDICT_PRODUCTION, says=N_("got a ticket for"), repeats=True)
    def issue_ticket(self, call: Call, *, endpoint_id: str, minutes: Minutes = TICKET_MINUTES) -> Ticket:
        """Get a short-lived ticket to call a production endpoint; for service accounts.

        Get the next one from `renew_at` on, and go on with the old one to its end where that is refused for now."""
        return self._issue(call, endpoint_id, environment="production", minutes=minutes)

    @action(permission=Permission.SYSTEM, reads=True)
    def wanted(self, call: Call) -> tuple[EndpointPlan, ...]:
        """What the gateway is to make true."""
        call.unscoped()
        rows = call.session.exec(select(EndpointRow).where(EndpointRow.generation > 0).order_by(EndpointRow.id)).all()
        public_key = self.admissions.public_key(has_signed=has_admissions(call.session))
        return tuple(plan_of(call, row, registry=self._registry, public_key=public_key) for row in rows)

    @action(permission=Permission.SYSTEM)
    def confirm(
        self,
        call: Call,
        *,
        endpoint_id: str,
        generation: int,
        actual: dict[str, int],
        servers: tuple[Server, ...],
        cause: str,
        wanted: int = 0,
    ) -> None:
        """Record what the gateway does for an endpoint: `generation` is the one its traffic has reached. A report
        that was made while it was after another generation than the present one (`wanted`) comes too late and changes
        nothing."""
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        row = find_endpoint(call.session, endpoint_id)
        if wanted and wanted != row.generation:
            call.note(too_late=wanted)
            return
        self._note_rests(call, row, servers)
        row.confirmed, row.actual, row.cause = generation, actual, cause
        row.servers = [server.model_dump(mode="json") for server in servers]
        call.session.add(row)
        begin_period(call, row.id, generation)
        call.note(generation=generation, actual=actual, cause=cause, servers=[server.state for server in servers])

    def _note_rests(self, call: Call, row: EndpointRow, servers: tuple[Server, ...]) -> None:
        """In the history of the endpoint: which servers were given up for a while, and why."""
        known = {server.rests_until for server in map(Server.model_validate, row.servers)}
        for server in servers:
            if server.rests_until and server.rests_until not in known:
                details = {"version": server.version_id, "cause": server.cause}
                call.record(RESTS, subject=row.id, details=details)

    def endpoint(self, call: Call, endpoint_id: str) -> Endpoint:
        """An endpoint as it is in the caller's transaction."""
        return endpoint_of(find_endpoint(call.session, endpoint_id), settings=self.foundation.settings)

    def route(
        self, call: Call, endpoint_id: str, routes: tuple[Route, ...], *, reason: str, promotion_id: str = ""
    ) -> Endpoint:
        """Changes what an endpoint is wanted to serve: the only way to. Weights are a whole, digests are those of the
        registry, and production takes only bytes that were admitted. Invalid, Conflict or NotAllowed otherwise."""
        row = find_endpoint(call.session, endpoint_id)
        wanted = wanted_routes(routes)
        check_routes(call, wanted, project=row.project, registry=self._registry)
        if row.environment == "production":
            refuse_unadmitted(call, row, wanted)
        row.routes = [route.model_dump(mode="json") for route in wanted]
        row.generation, row.changed_at, row.cause = row.generation + 1, call.now, ""
        call.session.add(row)
        want_period(call, row, reason=reason, promotion_id=promotion_id)
        call.update(row.id)
        return endpoint_of(row, settings=self.foundation.settings)

    def close(self, call: Call, endpoint_id: str, *, reason: str) -> Endpoint:
        """Takes every version out of an endpoint. Conflict where there is none."""
        row = find_endpoint(call.session, endpoint_id)
        if not row.routes:
            raise Conflict(_("{endpoint} serves nothing already").format(endpoint=row.entry.title))
        version_ids = [route.version_id for route in routes_of(row)]
        endpoint = self.route(call, endpoint_id, (), reason=reason)
        call.note(versions=version_ids, reason=reason)
        return endpoint

    def allow(self, call: Call, endpoint_id: str, *, digest: str, promotion_id: str) -> None:
        """Admits bytes to an endpoint: a signature that its model servers demand in production."""
        find_endpoint(call.session, endpoint_id)
        has_signed = has_admissions(call.session)
        admission = self.admissions.sign(endpoint_id, digest=digest, promotion_id=promotion_id, has_signed=has_signed)
        row = admission_of(call.session, endpoint_id=endpoint_id, digest=digest)
        row = row or AdmissionRow(endpoint_id=endpoint_id, digest=digest, promotion_id="", signature="", admitted_by="")
        row.promotion_id, row.signature = promotion_id, admission.signature
        row.admitted_by, row.admitted_at = call.actor.person_id, call.now
        call.session.add(row)
        call.session.flush()

    def in_production(self, call: Call, *, project: str, model: str, but: str) -> tuple[Route, ...]:
        """What other production endpoints of a project serve of a model."""
        endpoints = select(EndpointRow).where(
            EndpointRow.project == project, EndpointRow.environment == "production", EndpointRow.id != but
        )
        routes = chain.from_iterable(routes_of(row) for row in call.session.exec(endpoints))
        return tuple(route for route in routes if route.model == model and route.weight)

    def _issue(self, call: Call, endpoint_id: str, *, environment: Environment, minutes: int) -> Ticket:
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        expect_environment(find_endpoint(call.session, endpoint_id), environment)
        token, ends = self.tickets.issue(endpoint_id, subject=call.actor.person_id, now=call.now, seconds=minutes * 60)
        call.note(minutes=minutes)
        url = self.endpoint(call, endpoint_id).url
        renew_at = ends - timedelta(seconds=minutes * 30)
        return Ticket(endpoint_id=endpoint_id, url=url, token=token, expires_at=ends, renew_at=renew_at)
