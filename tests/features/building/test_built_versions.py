"""Versions built by real jobs: in pandas, in both forms, with rules that are kept and rules that are broken."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.features.values import FeatureRule, FeatureVersion, VersionState, VersionTests
from core.foundation.errors import Conflict
from core.foundation.parquet import read_parquet
from tests.compute.running import wait_for_job, worker_for
from tests.features.departures import VIEW_SQL
from tests.features.drafting import Drafts, open_drafts
from tests.features.logic.test_pandas_logic import MEAN

KEYED = MEAN.replace("flights.sort", 'flights.dropna(subset=["left_at", "carrier"]).sort')


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafts]:
    drafts = open_drafts(tmp_path_factory.mktemp("home"))
    with worker_for(drafts.portal, loops=()):
        yield drafts
    drafts.portal.foundation.database.close()


def build(drafts: Drafts, **changes: Any) -> FeatureVersion:
    version = drafts.create(**changes)
    wait_for_job(drafts.portal, version.job_id)
    return drafts.now(version)


def test_pandas_alone_makes_a_version_with_rows(working: Drafts) -> None:
    version = build(working, sql="", python=KEYED, ttl_seconds=1)
    assert (version.state, version.rows, version.cause) == (VersionState.PUBLISHED, 400, "")
    assert [(item.name, item.type) for item in version.features] == [("mean_delay", "DOUBLE")]
    assert version.newest_event is not None
    assert version.build_seconds > 0


def test_two_forms_that_agree_are_published_and_two_that_do_not_show_where(working: Drafts) -> None:
    agreed = build(working, python=KEYED, ttl_seconds=2)
    assert (agreed.state, {check.verdict for check in agreed.checks}) == (VersionState.PUBLISHED, {"pass"})
    inclusive = KEYED.replace('closed="left"', 'closed="both"')
    apart = build(working, python=inclusive, ttl_seconds=3)
    assert (apart.state, working.live) == (VersionState.STAGED, agreed.id)
    (failed,) = [check for check in apart.checks if check.verdict == "fail"]
    assert failed.name == "SQL and pandas agree"
    assert failed.columns == ("sample", "carrier", "left_at", "feature", "SQL", "pandas")
    assert failed.rows
    assert apart.cause == "Not published. SQL and pandas agree (fail)."
    with pytest.raises(Conflict, match="SQL and pandas agree"):
        working.portal.feature_versions.publish_version(
            working.people.engineer, version_id=apart.id, accept="It is well."
        )


def test_a_broken_rule_keeps_a_version_from_the_public(working: Drafts) -> None:
    rules = VersionTests(rules=(FeatureRule(feature="mean_delay", maximum=5),))
    version = build(working, tests=rules)
    assert version.state is VersionState.STAGED
    assert version.cause == "Not published. mean_delay is at most 5 (fail)."
    (failed,) = [check for check in version.checks if check.verdict == "fail"]
    assert failed.rows
    assert all(row[2] > 5 for row in failed.rows)


def test_what_fills_nulls_is_in_the_rows_that_training_and_serving_read(working: Drafts) -> None:
    rules = VersionTests(rules=(FeatureRule(feature="mean_delay", nulls="fill", fill=-1),))
    version = build(working, tests=rules)
    table = read_parquet(working.portal.foundation.store.verified_path(version.rows_digest))
    values = table.column("mean_delay").to_pylist()
    assert None not in values
    assert -1.0 in values


def test_an_error_of_the_author_ends_the_build_with_its_line(working: Drafts) -> None:
    version = build(working, sql="", python="def features(flights):\n    return flights['nope']\n")
    assert version.state is VersionState.FAILED
    assert version.cause == "Python: KeyError: 'nope'. Line 2: return flights['nope']."


def test_a_draft_is_built_when_it_is_asked_for(working: Drafts) -> None:
    draft = working.create(until="draft", ttl_seconds=9, sql=VIEW_SQL)
    built = working.portal.feature_drafts.build_version(working.people.engineer, version_id=draft.id, until="published")
    wait_for_job(working.portal, built.job_id)
    assert working.now(built).state is VersionState.PUBLISHED
