"""Load tests: who may put what load on which endpoint, when, and what came of it. The target is an endpoint id; nothing
that a caller writes ever becomes an address."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlmodel import col, select

from core.compute.service import ComputeService
from core.compute.values import JobSpec, Resources
from core.features.training_sets.service import TrainingSetService
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, NotAllowed
from core.foundation.ids import Kind
from core.foundation.listings import batch_of, conditions
from core.foundation.text import N_, _
from core.foundation.values import Listing
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.loadtests.generator.arrivals import Spacing
from core.loadtests.job_spec import refuse_other_measurement, take_endpoint, target_of
from core.loadtests.plans import Wish, check_length, check_production, plan_of
from core.loadtests.rows import find_test, report_of, view_of, views_of
from core.loadtests.tables import LoadTestRow, LoadTestSecondRow
from core.loadtests.values import (
    InFlight,
    LoadTestSpec,
    LoadTestState,
    LoadTestView,
    Plan,
    Profile,
    Rate,
    Report,
    Seconds,
    SeriesPoint,
    Target,
)
from core.registry.service import RegistryService
from core.serving.measurement.rows_to_send import RowsToSend, rows_to_send
from core.serving.service import EndpointService

CONFIRM_WITHIN = timedelta(hours=24)
ACTIVE = (LoadTestState.QUEUED, LoadTestState.RUNNING)
# The generator and what it drives get these cores to themselves, so that no training job is measured with them.
MOST_CORES = 2
MEMORY_MB = 1_024
BODIES = 2_000
KIND = "loadtests.run"
Seed = Annotated[int, Field(ge=0, le=2**31)]


class LoadTestService(Service):
    domain = "loadtests"

    def __init__(
        self,
        foundation: Foundation,
        *,
        compute: ComputeService,
        training_sets: TrainingSetService,
        registry: RegistryService,
        serving: EndpointService,
    ) -> None:
        super().__init__(foundation)
        self.compute, self.registry, self.serving = compute, registry, serving
        self.training_sets = training_sets

    @action(permission=Permission.LOADTEST, says=N_("started the load test"))
    def start_test(
        self,
        call: Call,
        *,
        endpoint_id: str,
        profile: Profile = Profile.SMOKE,
        rate: Rate | None = None,
        seconds: Seconds | None = None,
        in_flight: InFlight | None = None,
        rate_cap: Rate | None = None,
        spacing: Spacing = "poisson",
        split: str = "",
        seed: Seed = 1,
    ) -> LoadTestView:
        """Put load on a staging endpoint and measure what it can take.

        `rate` is the peak in requests per second, which no second exceeds by more than 5 %; a capacity search ends
        there. The payload is real rows of the version's held-out split. A test that is too short for a 99th percentile
        is refused."""
        wish = Wish(
            profile=profile,
            rate=rate,
            seconds=seconds,
            in_flight=in_flight,
            rate_cap=rate_cap,
            spacing=spacing,
            seed=seed,
        )
        row = self._ask(call, endpoint_id, wish=wish, split=split, environment="staging")
        call.about(row.id)
        self._queue(call, row)
        return view_of(call.session, row)

    @action(permission=Permission.LOADTEST_PRODUCTION, says=N_("requested a load test of production,"))
    def start_production_test(
        self,
        call: Call,
        *,
        endpoint_id: str,
        profile: Profile = Profile.SMOKE,
        rate: Rate | None = None,
        seconds: Seconds | None = None,
        in_flight: InFlight | None = None,
        split: str = "",
        seed: Seed = 1,
    ) -> LoadTestView:
        """Request a load test of a production endpoint. It starts when a second person has confirmed it."""
        wish = Wish(profile=profile, rate=rate, seconds=seconds, in_flight=in_flight, seed=seed)
        row = self._ask(call, endpoint_id, wish=wish, split=split, environment="production")
        call.about(row.id)
        return view_of(call.session, row)

    @action(permission=Permission.LOADTEST_PRODUCTION, says=N_("confirmed the load test"))
    def confirm_test(self, call: Call, *, test_id: str) -> LoadTestView:
        """Confirm a load test of a production endpoint that somebody else requested. It starts at once."""
        call.may_reach(test_id)
        call.about(test_id)
        row = find_test(call.session, test_id)
        if row.state != LoadTestState.WAITING:
            raise Conflict(_("{id} waits for nobody: it is {state}").format(id=row.id, state=row.state))
        why = view_of(call.session, row).may_not_confirm.get(call.actor.person_id)
        if why or call.actor.kind != "person":
            message = _("A test of production is confirmed by a second person")
            raise NotAllowed(
                _("{rule}: you {why}").format(rule=message, why=why) if why else message,
                hint=_("Ask a colleague who may do it."),
            )
        self._check_still_true(call, row)
        row.confirmed_by = call.actor.person_id
        self._queue(call, row)
        return view_of(call.session, row)

    @action(permission=Permission.LOADTEST, says=N_("stopped the load test"))
    def stop_test(self, call: Call, *, test_id: str) -> LoadTestView:
        """Stop a load test. The load ends within seconds and nothing is reported."""
        call.may_reach(test_id)
        call.about(test_id)
        row = find_test(call.session, test_id)
        if LoadTestState(row.state).is_over:
            raise Conflict(_("{id} is over: {state}").format(id=row.id, state=row.state))
        if row.job_id:
            self.compute.request_cancel(call, row.job_id)
        else:
            row.state, row.ended_at = LoadTestState.STOPPED, call.now
            call.session.add(row)
            call.update(row.id, state=LoadTestState.STOPPED)
        return view_of(call.session, row)

    @action(permission=Permission.READ, reads=True)
    def list_tests(
        self, call: Call, *, endpoint_id: str = "", version_id: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[LoadTestView]:
        """List load tests, the newest first."""
        where = conditions(call, LoadTestRow, endpoint_id=endpoint_id, version_id=version_id)
        return batch_of(
            call.session,
            LoadTestRow,
            where=where,
            order=(
                col(LoadTestRow.created_at).desc(),
                col(LoadTestRow.id).desc(),
            ),
            offset=offset,
            limit=limit,
            convert=lambda rows: views_of(call.session, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def get_test(self, call: Call, *, test_id: str) -> LoadTestView:
        """Show one load test."""
        call.may_reach(test_id)
        return view_of(call.session, find_test(call.session, test_id))

    @action(permission=Permission.READ, reads=True)
    def get_report(self, call: Call, *, test_id: str) -> Report:
        """Show what a load test found. Its validity comes first: no number of an INVALID one may be cited."""
        call.may_reach(test_id)
        return report_of(find_test(call.session, test_id))

    @action(permission=Permission.READ, reads=True)
    def series(self, call: Call, *, test_id: str) -> tuple[SeriesPoint, ...]:
        """Show a load test second by second, while it runs and afterwards."""
        call.may_reach(test_id)
        rows = (
            select(LoadTestSecondRow)
            .where(LoadTestSecondRow.test_id == test_id)
            .order_by(col(LoadTestSecondRow.second))
        )
        return tuple(SeriesPoint.model_validate(row.point) for row in call.session.exec(rows))

    def _ask(self, call: Call, endpoint_id: str, *, wish: Wish, split: str, environment: str) -> LoadTestRow:
        """The row of a new test, which waits."""
        project = call.may_reach(endpoint_id).project
        target = target_of(self.serving.endpoint(call, endpoint_id), environment=environment)
        plan = plan_of(wish, slo=target.slo)
        if environment == "production":
            check_production(plan)
        check_length(plan)
        self._rows(call, target, split=split)
        self._refuse_second(call, endpoint_id)
        refuse_other_measurement(call, endpoint_id, compute=self.compute)
        return self._write(call, target, project=project, plan=plan, split=split)

    def _write(self, call: Call, target: Target, *, project: str, plan: Plan, split: str) -> LoadTestRow:
        endpoint = self.serving.endpoint(call, target.endpoint_id)
        title = _("{profile} test of {endpoint}").format(profile=plan.profile.value, endpoint=endpoint.title)
        test_id = call.create(Kind.LOAD_TEST, project=project, title=title, state=LoadTestState.WAITING)
        row = LoadTestRow(
            id=test_id,
            project=project,
            **target.model_dump(include={"endpoint_id", "endpoint", "environment", "version_id", "digest"}),
            plan=plan.model_dump(mode="json"),
            slo=target.slo.model_dump(mode="json"),
            split=split,
            state=LoadTestState.WAITING,
            requested_by=call.actor.person_id,
            created_at=call.now,
        )
        call.session.add(row)
        call.session.flush()
        call.link(target.version_id, test_id, "load tested in")
        call.note(plan=row.plan, digest=row.digest)
        return row

    def _check_still_true(self, call: Call, row: LoadTestRow) -> None:
        """What the first person asked for is what the second one confirms."""
        if call.now - row.created_at > CONFIRM_WITHIN:
            raise Conflict(_("This was requested more than a day ago"), hint=_("Request the test again."))
        target = target_of(self.serving.endpoint(call, row.endpoint_id), environment=row.environment)
        if target.digest != row.digest:
            raise Conflict(
                _("{endpoint} now serves another version").format(endpoint=row.endpoint),
                hint=_("Request a test of that one."),
            )
        self._refuse_second(call, row.endpoint_id)
        refuse_other_measurement(call, row.endpoint_id, compute=self.compute)

    def _rows(self, call: Call, target: Target, *, split: str) -> RowsToSend:
        """Rows that the version did not learn from. Invalid where the split is none of them."""
        version = self.registry.version(call, target.version_id)
        rows = rows_to_send(call, version, training_sets=self.training_sets, store=self.foundation.store)
        rows.split(split)
        return rows

    def _refuse_second(self, call: Call, endpoint_id: str) -> None:
        active = select(LoadTestRow.id).where(
            LoadTestRow.endpoint_id == endpoint_id, col(LoadTestRow.state).in_(ACTIVE)
        )
        if (other := call.session.exec(active).first()) is not None:
            raise Conflict(
                _("{id} is loading this endpoint already").format(id=other),
                hint=_("Wait for it, or stop it. Two tests at once would measure each other."),
            )

    def _queue(self, call: Call, row: LoadTestRow) -> None:
        """Orders the job. Its ticket for the endpoint is made at launch and kept nowhere."""
        target = target_of(self.serving.endpoint(call, row.endpoint_id), environment=row.environment)
        rows = self._rows(call, target, split=row.split)
        plan = Plan.model_validate(row.plan)
        job = self.compute.submit(
            call,
            JobSpec(
                kind=KIND,
                project=row.project,
                title=_("Load test {id}").format(id=row.id),
                subject=row.id,
                payload=LoadTestSpec(plan=plan, target=target, contract=rows.contract, bodies=BODIES).model_dump(
                    mode="json"
                ),
                inputs={"rows": rows.split(row.split).digest},
                owner=row.requested_by,
                resources=Resources(cpus=min(MOST_CORES, self.foundation.settings.cpus), memory_mb=MEMORY_MB),
            ),
        )
        take_endpoint(call, row.endpoint_id, job_id=job.id)
        row.job_id, row.state = job.id, LoadTestState.QUEUED
        call.session.add(row)
        call.update(row.id, state=LoadTestState.QUEUED)
