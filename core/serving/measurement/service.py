"""What is measured through a running endpoint: parity with offline, and replays of real traffic. One measurement at a
time has an endpoint, because each of them moves its online features through time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement
from sqlmodel import col

from core.compute.service import ComputeService
from core.compute.values import Job, JobSpec
from core.features.training_sets.service import TrainingSetService
from core.features.training_sets.values import SplitFile, TrainingSet
from core.features.values import FeatureContract
from core.foundation.actions.call import Call, Foundation
from core.foundation.actions.run import Service, action
from core.foundation.errors import Conflict, Invalid, NotFound
from core.foundation.listings import batch_of
from core.foundation.text import N_, _
from core.foundation.validation import WITH_UNDERSCORES, shaped
from core.foundation.values import Listing, Value
from core.identity.permissions import Permission
from core.identity.service import Limit, Offset
from core.registry.service import RegistryService
from core.registry.values import ModelVersion
from core.serving.measurement.parity_evidence import Measured, evidence_from
from core.serving.measurement.rows_to_send import RowsToSend, rows_to_send
from core.serving.plans import online_file
from core.serving.rows import expect_environment, find_endpoint, routes_of
from core.serving.tables import EndpointRow, ReplayRow
from core.serving.tickets import TicketIssuer
from core.serving.values import Environment, Replay
from core.tasks.values import Interval

Rows = Annotated[int, Field(ge=1, le=20_000)]
Speed = Annotated[float, Field(gt=0, le=1e9)]
Rate = Annotated[float, Field(gt=0, le=2_000)]
SplitName = Annotated[str, shaped(r"^([a-z][a-z0-9_]{0,30})?$", allowed=WITH_UNDERSCORES, example="test")]
# Fewer rows say little; the rows of another split are computed offline and served just the same.
ENOUGH_ROWS = 100
PARITY, REPLAY = "serving.parity", "serving.replay"
# A ticket lives an hour, and a replay must not outlive the one it was given.
LONGEST_REPLAY = timedelta(minutes=50)


class ReplayReport(Value):
    """What the job of a replay reports: the counts so far, and in the end the metrics."""

    sent: int
    failed: int
    by_version: dict[str, int]
    metrics: dict[str, float] = Field(default_factory=dict)
    figures: dict[str, dict[str, Interval]] = Field(default_factory=dict)


class MeasurementService(Service):
    domain = "serving"

    def __init__(
        self,
        foundation: Foundation,
        *,
        compute: ComputeService,
        training_sets: TrainingSetService,
        registry: RegistryService,
        tickets: TicketIssuer,
    ) -> None:
        super().__init__(foundation)
        self._compute, self._training_sets, self._registry = compute, training_sets, registry
        self.tickets = tickets

    @action(permission=Permission.EVIDENCE_WRITE, says=N_("checked the parity of"))
    def check_parity(self, call: Call, *, endpoint_id: str, rows: Rows = 500, split: SplitName = "") -> Job:
        """Send held-out rows through a staging endpoint and compare every feature and prediction with offline.

        Without a split it is `test`, else the last one; where that has fewer than 100 rows, the one with most."""
        row = self._idle(call, endpoint_id, environment="staging")
        version = self._only_version(call, row)
        held_out = rows_to_send(call, version, training_sets=self._training_sets, store=self.foundation.store)
        contract, chosen = held_out.contract, held_out.split(split) if split else _compared(held_out, rows=rows)
        payload = {
            **self._job_spec(row, contract=contract, splits=(chosen,)),
            "target": version.signature.target.model_dump(mode="json"),
            "rows": rows,
            "seed": row.generation,
            "digest": version.digest,
            "holdout": chosen.digest,
            "signature": version.signature.model_dump(mode="json"),
            "version_id": version.id,
        }
        inputs = {**_inputs(contract, (chosen,)), "model": version.model_digest}
        title = _("Parity of {model} v{version}").format(model=version.model, version=version.version)
        job = self._start(call, row, kind=PARITY, title=title, payload=payload, inputs=inputs)
        call.note(version=version.id, split=chosen.name, rows=rows)
        return job

    @action(permission=Permission.PREDICT_TEST, says=N_("started a replay through"))
    def start_test_replay(
        self, call: Call, *, endpoint_id: str, start: date, end: date, speed: Speed = 14_400.0, most_rps: Rate = 400.0
    ) -> Replay:
        """Replay days of real rows through a staging endpoint, `speed` times as fast as they happened."""
        row = self._idle(call, endpoint_id, environment="staging")
        return self._replay(call, row, start=start, end=end, speed=speed, most_rps=most_rps)

    @action(permission=Permission.PREDICT_PRODUCTION, says=N_("started a replay through"))
    def start_replay(
        self, call: Call, *, endpoint_id: str, start: date, end: date, speed: Speed = 14_400.0, most_rps: Rate = 400.0
    ) -> Replay:
        """Replay days of real rows through a production endpoint, `speed` times as fast as they happened."""
        row = self._idle(call, endpoint_id, environment="production")
        return self._replay(call, row, start=start, end=end, speed=speed, most_rps=most_rps)

    @action(permission=Permission.READ, reads=True)
    def list_replays(
        self, call: Call, *, endpoint_id: str = "", offset: Offset = 0, limit: Limit = 50
    ) -> Listing[Replay]:
        """List replays, the newest first."""
        filters = _replays_within(call, endpoint_id)
        return batch_of(
            call.session,
            ReplayRow,
            where=filters,
            order=(
                col(ReplayRow.created_at).desc(),
                col(ReplayRow.id).desc(),
            ),
            offset=offset,
            limit=limit,
            convert=lambda rows: self._replays_of(call, rows),
        )

    @action(permission=Permission.READ, reads=True)
    def get_replay(self, call: Call, *, replay_id: str) -> Replay:
        """Show one replay: how far it is, and how good the answers were."""
        call.may_reach(replay_id)
        row = call.session.get(ReplayRow, replay_id)
        if row is None:
            raise NotFound(_("{id} is no replay").format(id=repr(replay_id[:40])))
        return self._replay_of(call, row)

    def ingest_parity(self, call: Call, job: Job, *, measured: Measured) -> None:
        """Writes the report of a parity check down as evidence."""
        version = self._registry.version(call, measured.version_id)
        evidence = evidence_from(
            measured.report, version=version, endpoint_id=job.subject, job_id=job.id, by=job.requested_by
        )
        self._registry.add_evidence(call, evidence)

    def ingest_replay(self, call: Call, job: Job, *, report: ReplayReport) -> None:
        """Writes down how far a replay is."""
        row = call.session.get_one(ReplayRow, job.id)
        row.sent, row.failed = report.sent, report.failed
        row.by_version, row.metrics = report.by_version, report.metrics
        row.figures = {
            version_id: {name: interval.model_dump() for name, interval in judged.items()}
            for version_id, judged in report.figures.items()
        }
        call.session.add(row)

    def _replay(self, call: Call, row: EndpointRow, *, start: date, end: date, speed: float, most_rps: float) -> Replay:
        _check_days(start, end, speed=speed)
        version, contract = self._common_contract(call, row)
        splits = _within(self._training_set(call, version), start, end)
        payload = {
            **self._job_spec(row, contract=contract, splits=splits),
            "target": version.signature.target.model_dump(mode="json"),
            "start_us": _microseconds(start),
            "end_us": _microseconds(end),
            "speed": speed,
            "most_rps": most_rps,
        }
        title = _("Replay of {start} to {end} through {name}").format(start=start, end=end, name=row.name)
        job = self._start(call, row, kind=REPLAY, title=title, payload=payload, inputs=_inputs(contract, splits))
        replay = ReplayRow(id=job.id, endpoint_id=row.id, project=row.project, sent=0, failed=0, created_at=call.now)
        call.session.add(replay)
        call.session.flush()
        call.note(replay=job.id, start=str(start), end=str(end), speed=speed)
        return self._replay_of(call, replay)

    def _start(
        self, call: Call, row: EndpointRow, *, kind: str, title: str, payload: dict[str, Any], inputs: dict[str, str]
    ) -> Job:
        job_spec = JobSpec(
            kind=kind, project=row.project, title=title, subject=row.id, payload=payload, inputs=inputs, priority=3
        )
        job = self._compute.submit(call, job_spec)
        row.measuring = job.id
        call.session.add(row)
        return job

    def _idle(self, call: Call, endpoint_id: str, *, environment: Environment) -> EndpointRow:
        """An endpoint that serves what it is wanted to and that no other measurement has; the action is about it."""
        call.may_reach(endpoint_id)
        call.about(endpoint_id)
        row = find_endpoint(call.session, endpoint_id)
        expect_environment(row, environment)
        if not row.routes or row.generation != row.confirmed:
            raise Conflict(
                _("{name} does not serve yet").format(name=row.name), hint=row.cause or _("Wait until it does.")
            )
        if row.measuring and not self._compute.job(call, row.measuring).state.is_over:
            raise Conflict(
                _("{job} is measuring on this endpoint").format(job=row.measuring), hint=_("Wait until it has ended.")
            )
        return row

    def _only_version(self, call: Call, row: EndpointRow) -> ModelVersion:
        routes = routes_of(row)
        if len(routes) > 1:
            raise Conflict(
                _("{name} serves several versions").format(name=row.name), hint=_("Deploy one of them alone.")
            )
        return self._registry.version(call, routes[0].version_id)

    def _training_set(self, call: Call, version: ModelVersion) -> TrainingSet:
        if not version.training_set_id:
            raise Invalid(
                _("{model} v{version} has no training set").format(model=version.model, version=version.version),
                hint=_("Held-out rows come from the training set of a version."),
                field="endpoint_id",
            )
        return self._training_sets.training_set(call, version.training_set_id)

    def _common_contract(self, call: Call, row: EndpointRow) -> tuple[ModelVersion, FeatureContract]:
        """The version with the largest share, and one contract with the views of all of them. Invalid when they ask
        callers for different columns."""
        routes = sorted(routes_of(row), key=lambda route: -route.weight)
        versions = [self._registry.version(call, route.version_id) for route in routes]
        contracts = [_contract(self._training_set(call, version)) for version in versions]
        if any(set(contract.request) != set(contracts[0].request) for contract in contracts):
            raise Invalid(_("The versions of {name} ask callers for different columns").format(name=row.name))
        first, *others = contracts
        own = {view.digest for view in first.views}
        more = {view.digest: view for contract in others for view in contract.views if view.digest not in own}
        return versions[0], first.model_copy(update={"views": (*first.views, *more.values())})

    def _job_spec(
        self, row: EndpointRow, *, contract: FeatureContract, splits: tuple[SplitFile, ...]
    ) -> dict[str, Any]:
        return {
            "contract": contract.model_dump(mode="json"),
            "endpoint_id": row.id,
            "online": online_file(self.foundation.settings, endpoint_id=row.id),
            "views": {view.digest: f"view-{at}" for at, view in enumerate(contract.views)},
            "splits": [f"split-{at}" for at in range(len(splits))],
        }

    def _replay_of(self, call: Call, row: ReplayRow) -> Replay:
        return self._replays_of(call, [row])[0]

    def _replays_of(self, call: Call, rows: Sequence[ReplayRow]) -> tuple[Replay, ...]:
        jobs = self._compute.jobs(call, [row.id for row in rows])
        return tuple(_replay(row, jobs[row.id]) for row in rows)


def _replay(row: ReplayRow, job: Job) -> Replay:
    return Replay(
        **row.model_dump(include={"id", "endpoint_id", "sent", "failed", "metrics", "by_version", "figures"}),
        job_id=job.id,
        state=job.state,
        progress=job.progress,
        started_at=job.started_at or job.created_at,
        ended_at=job.ended_at,
    )


def _inputs(contract: FeatureContract, splits: tuple[SplitFile, ...]) -> dict[str, str]:
    views = {f"view-{at}": view.rows_digest for at, view in enumerate(contract.views)}
    return {**views, **{f"split-{at}": split.digest for at, split in enumerate(splits)}}


def _contract(training_set: TrainingSet) -> FeatureContract:
    if training_set.contract is None:
        raise Invalid(_("{id} is not joined").format(id=training_set.id), field="endpoint_id")
    return training_set.contract


def _within(training_set: TrainingSet, start: date, end: date) -> tuple[SplitFile, ...]:
    """The splits that these days touch. Invalid where there is none."""
    by_time = [(split, split.start, split.end) for split in training_set.splits if split.start and split.end]
    if not by_time:
        raise Invalid(
            _("{id} is not split by time, so there are no days to replay").format(id=training_set.id),
            hint=_("A load test sends the same rows."),
            field="start",
        )
    splits = tuple(split for split, first, last in by_time if first < end > start < last)
    if not splits:
        raise Invalid(_("No held-out rows fall into these days"), field="start")
    return splits


def _compared(held_out: RowsToSend, *, rows: int) -> SplitFile:
    """The split of which so many rows are compared, where nobody names one."""
    usual = held_out.split()
    if usual.rows >= min(rows, ENOUGH_ROWS):
        return usual
    return max((usual, *held_out.splits), key=lambda split: split.rows)


def _check_days(start: date, end: date, *, speed: float) -> None:
    if start >= end:
        raise Invalid(_("The end must be after the start"), field="end")
    if (end - start) / speed > LONGEST_REPLAY:
        raise Invalid(_("This would take longer than 50 minutes"), hint=_("Raise the speed."), field="speed")


def _microseconds(day: date) -> int:
    return round(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000


def _replays_within(call: Call, endpoint_id: str) -> list[ColumnElement[bool]]:
    if endpoint_id:
        call.may_reach(endpoint_id)
        return [col(ReplayRow.endpoint_id) == endpoint_id]
    return [*call.reach().condition(ReplayRow.project)]
