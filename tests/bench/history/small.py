"""The small installation: the whole chain once, by the actions that people have, with one of everything that a page
or a list shows. The filled one multiplies its rows."""

from datetime import date
from pathlib import Path

from core.requirements.values import Comparison, Criterion
from core.sweeps.values import Dimension
from tests.compute.running import wait_for_job, wait_until
from tests.e2e.chain import PROJECT, SMALL, Chain
from tests.e2e.installation import installation

SQL = "SELECT carrier, count(*) AS flights FROM flights GROUP BY carrier"
SECONDS = 300.0
CRITERIA = (Criterion(metric="auc", comparison=Comparison.AT_LEAST, limit=0.68),)
SPACE = {"learning_rate": Dimension(type="float", low=1e-3, high=2e-2, log=True)}
DAYS = (date(2013, 11, 4), date(2013, 11, 5))


def build_small(home: Path) -> None:
    """Builds it with real processes, which have ended when this returns. Takes minutes."""
    with installation(home) as running:
        chain = Chain(running)
        _goal(chain)
        _features(chain)
        _sweep(chain)
        assert chain.production
        _staging(chain)
        _waiting(chain)


def _goal(chain: Chain) -> None:
    chain.portal.requirements.create_requirement(
        chain.people.engineer,
        project=PROJECT,
        title="Warn passengers of a late arrival",
        goal="Who knows early can rebook.",
        business_metric="Share of late passengers warned",
        criteria=CRITERIA,
    )


def _features(chain: Chain) -> None:
    """What hangs on a feature version and a dataset: the online store, its parity, and a query."""
    mei, version_id = chain.people.engineer, chain.feature_version
    materialization = chain.portal.materialization.materialize(mei, version_id=version_id)
    _done(chain, materialization.job_id)
    _done(chain, chain.portal.feature_parity.check_parity(mei, version_id=version_id).job_id)
    query = chain.portal.queries.start_query(mei, project=PROJECT, sql=SQL)
    state = lambda: chain.portal.queries.get_query(mei, query_id=query.id).state  # noqa: E731 - a name for one line
    wait_until(lambda: state() == "done", seconds=SECONDS, what=query.id)
    chain.portal.queries.save_query(mei, project=PROJECT, name="Flights by carrier", sql=SQL)


def _sweep(chain: Chain) -> None:
    mei = chain.people.engineer
    sweep = chain.portal.sweeps.start_sweep(
        mei,
        project=PROJECT,
        recipe="tabular",
        training_set_id=chain.training_set,
        space=SPACE,
        base_params=SMALL,
        trials=3,
        workers=1,
        confirm_seeds=1,
    )
    ended = lambda: chain.portal.sweeps.get_sweep(mei, sweep_id=sweep.id).ended_at  # noqa: E731 - a name for one line
    wait_until(ended, seconds=SECONDS, what=sweep.id)


def _staging(chain: Chain) -> None:
    """A replay and a load test on the staging endpoint."""
    mei, jonas, endpoint = chain.people.engineer, chain.people.sre, chain.staging
    replay = chain.portal.measurement.start_test_replay(mei, endpoint_id=endpoint, start=DAYS[0], end=DAYS[1])
    _done(chain, replay.job_id)
    test = chain.portal.loadtests.start_test(jonas, endpoint_id=endpoint, rate=200, seconds=4)
    _done(chain, chain.portal.loadtests.get_test(jonas, test_id=test.id).job_id)


def _waiting(chain: Chain) -> None:
    """A request in review, for the people whose Home is measured."""
    from tests.e2e.chain import AT_ONCE

    first, second = chain.versions
    chain.portal.requests.open_request(
        chain.people.engineer, version_id=second, endpoint_id=chain.production, plan=AT_ONCE, rollback_to=first
    )


def _done(chain: Chain, job_id: str) -> None:
    job = wait_for_job(chain.portal, job_id, seconds=SECONDS)
    if job.state != "succeeded":
        raise RuntimeError(f"{job.title}: {job.cause}")
