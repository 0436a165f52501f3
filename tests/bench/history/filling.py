"""The filled installation: how many of everything there are, and how the copies hang together. What is measured on both
installations are the objects of the small one; each of them got its share of the history, too."""

import json
import shutil
import sqlite3
from pathlib import Path

from core.foundation.digests import canonical, digest_bytes
from core.foundation.ids import Kind
from tests.bench.history.audit_log import append_events
from tests.bench.history.copies import FIRST, Copies, insert, link, numbered, spread

RUNS, VERSIONS = 100_000, 10_000
# A full page of every list, and what has come together in years.
PAGE, HISTORY = 60, 100_000
PAGE_OF_EVENTS, EVENTS = 500, 1_000_000
MODELS, DATASETS, TRAINING_SETS, ENDPOINTS, VIEWS = 200, 200, 2_000, 100, 500
IMPORT_JOBS, PARITY_JOBS, REPLAY_JOBS = 200_000, 300_000, 400_000
EVIDENCE_BLOCK = 20_000
JOB, RUN, MV, EV, FEAT = Kind.JOB, Kind.RUN, Kind.MODEL_VERSION, Kind.EVIDENCE, Kind.FEATURE_VERSION
ENDED = "CASE n % 20 WHEN 0 THEN 'failed' ELSE 'succeeded' END"
CAUSE = "CASE n % 20 WHEN 0 THEN 'A figure became NaN' ELSE '' END"
DIGEST = "printf('%064x', n)"
OF_MODEL = spread(Kind.MODEL, MODELS, first="M-1")
OF_SET = spread(Kind.TRAINING_SET, TRAINING_SETS, first="TS-1")
OF_DATASET = spread(Kind.DATASET, DATASETS, first="DS-1")
OF_ENDPOINT = spread(Kind.ENDPOINT, ENDPOINTS, first="EP-2")
OF_VIEW = spread(Kind.FEATURE_VIEW, VIEWS, first="FV-1")
NAME_OF_MODEL = f"r.model || CASE n % {MODELS} WHEN 0 THEN '' ELSE '-' || (n % {MODELS}) END"
OTHER_VERSION = f"""replace(r.routes, '"MV-1"', '"MV-' || ({FIRST} + n) || '"')"""
ROUTED = f"""replace({OTHER_VERSION}, '"late-arrival"', '"late-arrival-' || n || '"')"""
FIRST_JOB = "r.id = (SELECT id FROM jobs WHERE kind = '{kind}' ORDER BY rowid LIMIT 1)"


def _jobs(kind: str, subject: str, count: int, *, block: int = 0) -> Copies:
    columns = {"id": numbered(JOB, block=block), "subject": subject, "state": ENDED, "cause": CAUSE}
    return Copies("jobs", FIRST_JOB.format(kind=kind), count, columns, JOB)


COPIES = (
    Copies("projects", "r.id = 'PROJ-2'", 20, {"id": numbered(Kind.PROJECT), "name": "'Project ' || n"}, Kind.PROJECT),
    Copies(
        "people",
        "r.handle = 'priya'",
        300,
        {"id": numbered(Kind.PERSON), "handle": "'reader' || n", "name": "'Reader ' || n"},
        Kind.PERSON,
        "'Reader ' || n",
    ),
    Copies(
        "role_grants",
        "r.person_id = (SELECT id FROM people WHERE handle = 'priya')",
        300,
        {"person_id": numbered(Kind.PERSON)},
    ),
    Copies("requirements", "r.id = 'R-1'", 500, {"id": numbered(Kind.REQUIREMENT)}, Kind.REQUIREMENT),
    Copies(
        "datasets",
        "r.id = 'DS-1'",
        DATASETS,
        {"id": numbered(Kind.DATASET), "name": "r.name || '_' || n"},
        Kind.DATASET,
        "r.title || '_' || n",
    ),
    Copies(
        "snapshots",
        "r.id = 'SNAP-1'",
        10_000,
        {"id": numbered(Kind.SNAPSHOT), "dataset_id": OF_DATASET, "version": f"n / {DATASETS} + 2"},
        Kind.SNAPSHOT,
    ),
    Copies("snapshot_files", "r.snapshot_id = 'SNAP-1'", 10_000, {"snapshot_id": numbered(Kind.SNAPSHOT)}),
    _jobs("imports.read", numbered(Kind.IMPORT), 20_000, block=IMPORT_JOBS),
    Copies(
        "imports",
        "r.id = 'IMP-1'",
        20_000,
        {"id": numbered(Kind.IMPORT), "dataset_id": OF_DATASET, "job_id": numbered(JOB, block=IMPORT_JOBS)},
        Kind.IMPORT,
    ),
    Copies("queries", "r.id = 'Q-1'", 20_000, {"id": numbered(Kind.QUERY)}, Kind.QUERY),
    Copies("saved_queries", "r.name = 'Flights by carrier'", 500, {"name": "r.name || n"}),
    Copies(
        "feature_views",
        "r.id = 'FV-1'",
        VIEWS,
        {"id": numbered(Kind.FEATURE_VIEW), "name": "r.name || '_' || n"},
        Kind.FEATURE_VIEW,
        "r.title || '_' || n",
    ),
    Copies(
        "feature_versions",
        "r.id = 'FEAT-1'",
        5_000,
        {"id": numbered(FEAT), "view_id": OF_VIEW, "version": f"n / {VIEWS} + 2"},
        FEAT,
    ),
    Copies(
        "materializations",
        "r.id = 'MAT-1'",
        VIEWS,
        {"id": numbered(Kind.MATERIALIZATION), "version_id": numbered(FEAT), "state": "'paused'", "due_at": "NULL"},
        Kind.MATERIALIZATION,
    ),
    _jobs("features.parity", numbered(Kind.FEATURE_PARITY), 5_000, block=PARITY_JOBS),
    Copies(
        "feature_parity",
        "r.id = 'FP-1'",
        5_000,
        {
            "id": numbered(Kind.FEATURE_PARITY),
            "version_id": spread(FEAT, VIEWS, first="FEAT-1"),
            "job_id": numbered(JOB, block=PARITY_JOBS),
        },
        Kind.FEATURE_PARITY,
    ),
    Copies(
        "training_sets",
        "r.id = 'TS-1'",
        TRAINING_SETS,
        {"id": numbered(Kind.TRAINING_SET), "name": "r.name || '_' || n"},
        Kind.TRAINING_SET,
        "r.title || '_' || n",
    ),
    Copies("sweeps", "r.id = 'SW-1'", 2_000, {"id": numbered(Kind.SWEEP), "training_set_id": OF_SET}, Kind.SWEEP),
    Copies("trials", "r.sweep_id = 'SW-1'", 2_000, {"sweep_id": numbered(Kind.SWEEP)}),
    _jobs("training.run", numbered(RUN), RUNS),
    Copies(
        "runs",
        "r.id = 'RUN-2'",
        RUNS,
        {
            "id": numbered(RUN),
            "training_set_id": OF_SET,
            "seed": "n",
            "job_id": numbered(JOB),
            "validation_loss": "r.validation_loss + n * 1e-7",
            "version_id": f"CASE WHEN n <= {VERSIONS} THEN {numbered(MV)} ELSE '' END",
        },
        RUN,
    ),
    Copies("run_metrics", "r.run_id = 'RUN-2'", RUNS, {"run_id": numbered(RUN)}),
    Copies("mlflow_runs", "r.run_id = 'RUN-2'", RUNS, {"run_id": numbered(RUN), "mlflow_run": "printf('%032x', n)"}),
    Copies(
        "models",
        "r.id = 'M-1'",
        MODELS,
        {"id": numbered(Kind.MODEL), "name": "r.name || '-' || n"},
        Kind.MODEL,
        "r.title || '-' || n",
    ),
    Copies(
        "model_versions",
        "r.id = 'MV-1'",
        VERSIONS,
        {
            "id": numbered(MV),
            "model_id": OF_MODEL,
            "model": NAME_OF_MODEL,
            "version": f"n / {MODELS} + 3",
            "digest": DIGEST,
            "run_id": numbered(RUN),
            "training_set_id": OF_SET,
        },
        MV,
    ),
    Copies(
        "endpoints",
        "r.id = 'EP-2'",
        ENDPOINTS,
        {"id": numbered(Kind.ENDPOINT), "name": "r.name || '-' || n", "routes": ROUTED, "measuring": "''"},
        Kind.ENDPOINT,
        "r.title || '-' || n",
    ),
    Copies(
        "served",
        "r.endpoint_id = 'EP-2'",
        10_000,
        {"endpoint_id": OF_ENDPOINT, "generation": f"-(n / {ENDPOINTS}) - 1", "to_time": "r.from_time"},
    ),
    Copies(
        "load_tests",
        "r.id = 'LT-1'",
        10_000,
        {"id": numbered(Kind.LOAD_TEST), "endpoint_id": OF_ENDPOINT, "version_id": numbered(MV), "digest": DIGEST},
        Kind.LOAD_TEST,
    ),
    Copies("load_test_seconds", "r.test_id = 'LT-1'", 10_000, {"test_id": numbered(Kind.LOAD_TEST)}),
    _jobs("serving.replay", OF_ENDPOINT, 5_000, block=REPLAY_JOBS),
    Copies("replays", "true", 5_000, {"id": numbered(JOB, block=REPLAY_JOBS), "endpoint_id": OF_ENDPOINT}),
    Copies(
        "promotions",
        "r.id = 'PR-1'",
        5_000,
        {"id": numbered(Kind.PROMOTION), "version_id": numbered(MV)},
        Kind.PROMOTION,
    ),
    Copies(
        "promotions",
        "r.id = 'PR-2'",
        10,
        {"id": numbered(Kind.PROMOTION, block=5_000), "version_id": numbered(MV)},
        Kind.PROMOTION,
    ),
    Copies("promotion_rollouts", "r.promotion_id = 'PR-1'", 5_000, {"promotion_id": numbered(Kind.PROMOTION)}),
    Copies(
        "promotion_decisions",
        "r.promotion_id = 'PR-1'",
        5_000,
        {"id": "1000 + n", "promotion_id": numbered(Kind.PROMOTION)},
    ),
    Copies(
        "promotion_states",
        "r.promotion_id = 'PR-1'",
        5_000,
        {"id": "10 * n + 100 + r.id", "promotion_id": numbered(Kind.PROMOTION)},
    ),
    *(
        Copies(
            "evidence",
            f"r.id = 'EV-{number}'",
            VERSIONS,
            {
                "id": numbered(EV, block=number * EVIDENCE_BLOCK),
                "subject": numbered(MV),
                "document": f"about(r.document, {numbered(MV)}, {DIGEST})",
                "digest": f"sha256(about(r.document, {numbered(MV)}, {DIGEST}))",
            },
            EV,
        )
        for number in (1, 2, 3, 4)
    ),
)

LINKS = (
    (OF_DATASET, numbered(Kind.SNAPSHOT), "holds", 10_000),
    (OF_VIEW, numbered(FEAT), "has", 5_000),
    ("'SNAP-1'", numbered(FEAT), "feeds", 5_000),
    ("'SNAP-1'", numbered(Kind.TRAINING_SET), "feeds", TRAINING_SETS),
    ("'FEAT-1'", numbered(Kind.TRAINING_SET), "joined into", TRAINING_SETS),
    (numbered(FEAT), numbered(Kind.MATERIALIZATION), "kept online by", VIEWS),
    (spread(FEAT, VIEWS, first="FEAT-1"), numbered(Kind.FEATURE_PARITY), "measured by", 5_000),
    (OF_SET, numbered(Kind.SWEEP), "searched in", 2_000),
    (OF_SET, numbered(RUN), "trained", RUNS),
    (numbered(RUN), numbered(MV), "produced", VERSIONS),
    (OF_MODEL, numbered(MV), "has version", VERSIONS),
    *((numbered(MV), numbered(EV, block=block * EVIDENCE_BLOCK), "measured by", VERSIONS) for block in (1, 2, 3, 4)),
    (numbered(MV), numbered(Kind.PROMOTION), "requested in", 5_000),
    (numbered(Kind.PROMOTION), "'EP-1'", "released to", 5_000),
    (numbered(MV), spread(Kind.ENDPOINT, ENDPOINTS, first="EP-2"), "served by", VERSIONS),
    (numbered(MV), numbered(Kind.LOAD_TEST), "load tested in", 10_000),
    (OF_ENDPOINT, numbered(Kind.LOAD_TEST), "took the load of", 10_000),
)


def fill(template: Path, home: Path, *, most: int, events: int) -> None:
    """A copy of an installation with at most so many more of everything. With `most` a page of each it is the small
    one, with HISTORY the filled one: both have full pages, and what differs is what lies behind them."""
    shutil.copytree(template, home, ignore=shutil.ignore_patterns("socket"))
    connection = sqlite3.connect(home / "causeway.sqlite", isolation_level=None)
    connection.create_function("sha256", 1, lambda text: digest_bytes(text.encode()), deterministic=True)
    connection.create_function("about", 3, _about, deterministic=True)
    for pragma in ("synchronous = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    for copies in COPIES:
        insert(connection, copies, most=most)
    for source, target, relation, count in LINKS:
        link(connection, source, target, relation, count=min(count, most))
    append_events(connection, home=home, count=events)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _about(document: str, version_id: str, digest: str) -> str:
    """A document of evidence about another version."""
    content = json.loads(document)
    content["subject"] = version_id
    content["measured_on"] = {**content["measured_on"], "version": digest}
    return canonical(content).decode()
