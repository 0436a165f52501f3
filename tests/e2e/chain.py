"""Real flights, and what leads from them to a model, made by the actions that people have. Each journey walks its own
part in the browser; what comes before it is made here, when a journey first asks for it."""

import io
from datetime import date
from functools import cache, cached_property

from core.features import EntityQuery, Split, ViewUse
from core.lake.nycflights import read_package_table
from tests.compute.running import wait_for_job
from tests.e2e.installation import Running

PROJECT = "PROJ-1"
MODEL = "late-arrival"
EVERY = 61
KNOWN = {"arr_delay": "arr_utc", "arr_utc": "arr_utc"}
KEPT = ("sched_dep_utc", "arr_utc", "arr_delay", "carrier", "origin", "dest", "distance", "hour")
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


@cache
def flights_csv() -> bytes:
    """Every 61st flight of 2013, as someone would have it in a file."""
    import pyarrow as pa
    from pyarrow import csv

    table = read_package_table("flights")[0].table
    some = table.take(list(range(0, table.num_rows, EVERY))).select(KEPT)
    named = some.add_column(0, "flight_id", pa.array([f"F{number}" for number in range(some.num_rows)]))
    sink = io.BytesIO()
    csv.write_csv(named, sink)
    return sink.getvalue()


class Chain:
    """What was made so far; every part brings what it rests on."""

    def __init__(self, running: Running) -> None:
        self.portal, self.people = running.portal, running.people

    @cached_property
    def snapshot(self) -> str:
        lake, mei = self.portal.lake, self.people.engineer
        dataset = lake.create_dataset(mei, project=PROJECT, name="flights")
        made = lake.upload_snapshot(
            mei, dataset_id=dataset.id, filename="flights.csv", content=flights_csv(), known=KNOWN
        )
        return made.id

    @cached_property
    def feature_version(self) -> str:
        features, mei = self.portal.features, self.people.engineer
        view = features.create_view(mei, project=PROJECT, name="carrier_delay", entity="carrier", keys=("carrier",))
        made = features.create_version(
            mei, view_id=view.id, sql=VIEW_SQL, sources={"flights": self.snapshot}, event_time="day_end"
        )
        self._done(made.job_id)
        return made.id

    @cached_property
    def training_set(self) -> str:
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
        made = self.portal.features.create_training_set(
            self.people.engineer, project=PROJECT, name="late_arrivals", entity=entity, uses=(use,), splits=SPLITS
        )
        self._done(made.job_id)
        return made.id

    @cached_property
    def runs(self) -> tuple[str, str]:
        """Two trainings that differ in their width."""
        made = [self._start(hidden_width=width) for width in (16, 32)]
        for run in made:
            self._done(run[1])
        return made[0][0], made[1][0]

    @cached_property
    def versions(self) -> tuple[str, str]:
        training, mei = self.portal.training, self.people.engineer
        first, second = (training.register_version(mei, run_id=run, model=MODEL).id for run in self.runs)
        return first, second

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
