"""What each kind of object is judged by, how it rolls up, who may know it, and what it costs."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from core.features.tables import FeatureVersionRow, FeatureViewRow, MaterializationRow
from core.foundation.actors import Actor
from core.foundation.objects import LinkRow, ObjectRow
from core.foundation.text import percent
from core.lake.tables import DatasetRow, SnapshotRow
from core.portal import Portal
from core.registry.tables import ModelRow, VersionRow
from core.registry.values import at_chance
from core.requirements.values import Criterion
from core.serving.input_gaps import InputGaps
from core.serving.tables import EndpointRow
from core.tasks.values import Interval
from tests.health.installation import (
    CANDIDATE,
    CHAIN,
    DATASET,
    FEATURES,
    GOAL,
    MODEL,
    PRODUCTION,
    SERVING,
    SNAPSHOT,
    STAGING,
    TRAINING_SET,
    VIEW,
    change,
    everything,
    healths,
    measure_drift,
    statements,
    states,
)
from tests.lake.imports.in_process import imported
from tests.serving.counted_inputs import write_counts
from tests.upgrade.home import PEOPLE

FEATURES_AND_ABOVE = (VIEW, FEATURES, MODEL, SERVING, STAGING, PRODUCTION)


def test_what_is_well_is_healthy_and_what_was_not_judged_has_no_mark(whole: Portal) -> None:
    judged = states(whole, *CHAIN, CANDIDATE, GOAL, "RUN-1", "EV-1")
    assert {object_id for object_id, state in judged.items() if state == "healthy"} == {
        DATASET,
        *FEATURES_AND_ABOVE,
    }
    assert set(judged.values()) == {"healthy", ""}


def test_quarantine_reaches_all_that_came_of_a_snapshot_and_ends_with_it(whole_on: Portal) -> None:
    whole_on.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    judged = healths(whole_on, *CHAIN)
    assert {health.state for health in judged.values()} == {"quarantined"}
    assert {health.cause_id for health in judged.values()} == {SNAPSHOT}
    assert set(judged) == set(CHAIN)
    assert judged[PRODUCTION].reason == "flights v1 is in quarantine: Rows were sent twice."
    assert judged[PRODUCTION].since is not None
    whole_on.retention.release(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="They were removed.")
    assert "quarantined" not in states(whole_on, *CHAIN).values()


def test_a_dataset_is_as_its_newest_snapshot_and_as_those_that_something_live_rests_on(whole_on: Portal) -> None:
    newer = imported(whole_on, PEOPLE.engineer, dataset_id=DATASET, content=b"id,x\n1,2\n").id
    whole_on.retention.quarantine(PEOPLE.engineer, snapshot_id=newer, reason="Too few rows.")
    assert healths(whole_on, DATASET)[DATASET].cause_id == newer
    whole_on.retention.release(PEOPLE.engineer, snapshot_id=newer, reason="All is well.")
    whole_on.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    assert healths(whole_on, DATASET)[DATASET].cause_id == SNAPSHOT


def test_a_dataset_without_rows_has_no_health(whole: Portal) -> None:
    empty = whole.datasets.create_dataset(PEOPLE.engineer, project="PROJ-1", name="empty").id
    assert states(whole, empty) == {empty: ""}


def test_drift_is_measured_once_and_rolls_up_to_what_serves(whole_on: Portal) -> None:
    assert states(whole_on, *FEATURES_AND_ABOVE) == dict.fromkeys(FEATURES_AND_ABOVE, "healthy")
    measure_drift(whole_on)
    judged = healths(whole_on, *CHAIN)
    assert {judged[object_id].state for object_id in FEATURES_AND_ABOVE} == {"drifted"}
    assert {judged[object_id].cause_id for object_id in FEATURES_AND_ABOVE} == {FEATURES}
    assert judged[VIEW].reason == ("delay of carrier_delay v1 has drifted by 0.17 since the training window of TS-1")
    assert TRAINING_SET not in judged
    assert whole_on.feature_statistics.unmeasured_drift(Actor.system("test")) == ()


def test_an_endpoint_that_is_asked_what_its_model_does_not_know_says_so_until_that_ends(whole: Portal) -> None:
    home, before = whole.foundation.settings.home, InputGaps(1000, {"carrier": 10})
    write_counts(home, PRODUCTION, recent=InputGaps(500, {"carrier": 100}), before=before)
    judged = healths(whole, PRODUCTION, STAGING)
    assert (judged[PRODUCTION].state, judged[PRODUCTION].cause_id) == ("unknown_inputs", PRODUCTION)
    shares = (percent(0.2), percent(0.01))
    reason = "carrier was unknown to the model in {} of the rows of the last hour; before it was {}".format(*shares)
    assert judged[PRODUCTION].reason == reason
    assert judged[STAGING].state == "healthy"
    write_counts(home, PRODUCTION, recent=InputGaps(500, {"carrier": 5}), before=before)
    assert states(whole, PRODUCTION) == {PRODUCTION: "healthy"}


def test_rows_older_than_their_time_to_live_are_stale_until_newer_ones_are_online(whole_on: Portal) -> None:
    change(whole_on, FeatureVersionRow, FEATURES, ttl_seconds=3600)
    judged = healths(whole_on, *CHAIN)
    assert {judged[object_id].state for object_id in FEATURES_AND_ABOVE} == {"stale"}
    assert judged[STAGING].cause_id == FEATURES
    assert judged[STAGING].reason.startswith("carrier_delay v1 is stale: Its newest row is older than its ttl")
    change(whole_on, MaterializationRow, "MAT-1", watermark=whole_on.foundation.clock.now() - timedelta(minutes=1))
    assert states(whole_on, *FEATURES_AND_ABOVE) == dict.fromkeys(FEATURES_AND_ABOVE, "healthy")


def test_a_missed_goal_is_the_versions_own_and_reaches_the_endpoints_that_serve_it(whole: Portal) -> None:
    ask_for(whole, auc=0.999)
    judged = healths(whole, *CHAIN)
    missed = {object_id for object_id, health in judged.items() if health.state == "goal_missed"}
    assert missed == {MODEL, SERVING, STAGING, PRODUCTION}
    assert {judged[object_id].cause_id for object_id in missed} == {SERVING}
    assert "AUC is" in judged[SERVING].reason
    assert "at least 0.999" in judged[SERVING].reason
    assert judged[VIEW].state == "healthy"


def ask_for(portal: Portal, *, auc: float) -> None:
    criterion = Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": auc})
    portal.requirements.edit_requirement(
        PEOPLE.engineer, requirement_id=GOAL, title="Warn", goal="", business_metric="", criteria=(criterion,)
    )
    for version_id in (SERVING, CANDIDATE):
        change(portal, VersionRow, version_id, requirement_id=GOAL)


def test_a_version_that_meets_its_goal_is_healthy_before_it_serves(whole: Portal) -> None:
    assert states(whole, CANDIDATE) == {CANDIDATE: ""}
    ask_for(whole, auc=0.01)
    assert states(whole, CANDIDATE) == {CANDIDATE: "healthy"}


def test_a_model_no_better_than_chance_needs_a_look_and_so_does_what_serves_it(whole: Portal) -> None:
    guess = {"value": 0.499, "low": 0.45, "high": 0.54}
    version = whole.registry.get_version(PEOPLE.viewer, version_id=SERVING)
    known = [evaluation.model_dump() for evaluation in version.evaluations]
    evaluations = [item | {"metrics": item["metrics"] | {"auc": guess}} for item in known]
    change(whole, VersionRow, SERVING, evaluations=evaluations)
    judged = healths(whole, SERVING, MODEL, STAGING)
    assert {health.state for health in judged.values()} == {"at_chance"}
    assert judged[MODEL].reason == "late-arrival v1 is no better than chance: AUC is 0.499 (0.45 to 0.54)"
    ask_for(whole, auc=0.999)
    assert states(whole, SERVING) == {SERVING: "goal_missed"}


@pytest.mark.parametrize(("low", "metric"), [(0.5, "auc"), (0.2, "auc"), (0.51, "")])
def test_what_its_interval_lifts_above_chance_has_learned_something(low: float, metric: str) -> None:
    metrics = {"auc": Interval(value=0.6, low=low, high=0.7), "log_loss": Interval(value=0.1, low=0, high=0.2)}
    assert at_chance(metrics) == metric


def test_what_cannot_be_served_is_the_worst(whole: Portal) -> None:
    ask_for(whole, auc=0.999)
    measure_drift(whole)
    change(whole, EndpointRow, PRODUCTION, cause="The digest is not admitted.")
    judged = healths(whole, SERVING, MODEL, PRODUCTION)
    assert {health.state for health in judged.values()} == {"refused"}
    assert {health.cause_id for health in judged.values()} == {PRODUCTION}
    assert states(whole, STAGING) == {STAGING: "goal_missed"}
    assert judged[MODEL].reason == "late-arrival cannot serve what it should: The digest is not admitted."


def test_an_endpoint_that_serves_nothing_and_an_archived_version_have_no_health(whole: Portal) -> None:
    measure_drift(whole)
    idle = whole.endpoints.create_endpoint(PEOPLE.sre, project="PROJ-1", name="idle", environment="staging").id
    change(whole, VersionRow, CANDIDATE, state="archived")
    assert states(whole, idle, CANDIDATE) == {idle: "", CANDIDATE: ""}


def test_the_worst_counts_where_several_things_are_wrong(whole: Portal) -> None:
    measure_drift(whole)
    change(whole, FeatureVersionRow, FEATURES, ttl_seconds=3600)
    assert states(whole, VIEW, PRODUCTION) == {VIEW: "drifted", PRODUCTION: "drifted"}
    whole.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    assert states(whole, VIEW, PRODUCTION) == {VIEW: "quarantined", PRODUCTION: "quarantined"}


def test_a_version_that_was_given_up_is_not_judged(whole: Portal) -> None:
    change(whole, FeatureVersionRow, FEATURES, ttl_seconds=3600, state="retired")
    assert states(whole, FEATURES) == {FEATURES: ""}


def test_nothing_is_told_of_another_project(whole: Portal) -> None:
    whole.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    assert whole.health.of_objects(PEOPLE.outsider, object_ids=everything(whole)) == ()
    assert whole.health.own_problems(PEOPLE.outsider) == ()


def test_what_lies_in_another_project_does_not_show_in_what_rests_on_it(whole_on: Portal) -> None:
    """Where data was shared between projects, a reader of one of them is told nothing of the other."""
    theirs = whole_on.datasets.create_dataset(PEOPLE.outsider, project="PROJ-2", name="theirs").id
    snapshot = imported(whole_on, PEOPLE.outsider, dataset_id=theirs, content=b"id,x\n1,2\n").id
    with whole_on.foundation.database.write() as session:
        now = whole_on.foundation.clock.now()
        session.add(LinkRow(source=snapshot, target=FEATURES, relation="feeds", created_at=now))
    whole_on.retention.quarantine(PEOPLE.outsider, snapshot_id=snapshot, reason="A secret of theirs.")
    assert states(whole_on, VIEW, PRODUCTION) == {VIEW: "healthy", PRODUCTION: "healthy"}
    assert states(whole_on, VIEW, PRODUCTION, actor=PEOPLE.admin) == {VIEW: "quarantined", PRODUCTION: "quarantined"}


def test_reasons_call_things_by_their_titles(whole: Portal) -> None:
    change(whole, ObjectRow, DATASET, title="Flüge 航班")
    change(whole, ObjectRow, VIEW, title="Delay by carrier")
    measure_drift(whole)
    assert healths(whole, VIEW)[VIEW].reason.startswith("delay of Delay by carrier v1 has drifted")
    whole.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    assert healths(whole, VIEW)[VIEW].reason == "Flüge 航班 v1 is in quarantine: Rows were sent twice."
    change(whole, ObjectRow, PRODUCTION, title="Late arrival")
    change(whole, EndpointRow, PRODUCTION, cause="No memory.")
    assert healths(whole, PRODUCTION)[PRODUCTION].reason == "Late arrival cannot serve what it should: No memory."


COPIES = 12


def test_a_list_costs_the_same_questions_however_long_it_is(whole_on: Portal) -> None:
    measure_drift(whole_on)
    whole_on.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    copies = [object_id for number in range(COPIES) for object_id in copy_of_the_chain(whole_on, number)]
    for first in (DATASET, VIEW, FEATURES, SERVING, MODEL, PRODUCTION):
        kind = first.partition("-")[0]
        alike = [object_id for object_id in copies if object_id.startswith(f"{kind}-9")]
        assert len(alike) == COPIES
        with statements(whole_on) as for_one:
            assert states(whole_on, first) == {first: "quarantined"}
        with statements(whole_on) as for_all:
            assert set(states(whole_on, first, *alike).values()) == {"quarantined"}
        assert len(for_all) == len(for_one), first


def copy_of_the_chain(portal: Portal, number: int) -> Iterator[str]:
    """Another one of each, which rests on the same snapshot; a dataset has a snapshot of its own in quarantine."""
    new = {old: f"{old.partition('-')[0]}-9{number:03d}" for old in CHAIN if old != STAGING}
    with portal.foundation.database.write() as session:
        for old in new:
            row = session.get_one(ObjectRow, old)
            session.add(ObjectRow(**row.model_dump() | {"id": new[old]}))
        session.flush()
        for table, old, fields in (
            (DatasetRow, DATASET, {"name": f"copy_{number}"}),
            (SnapshotRow, SNAPSHOT, {"dataset_id": new[DATASET]}),
            (FeatureViewRow, VIEW, {"name": f"copy_{number}"}),
            (FeatureVersionRow, FEATURES, {"view_id": new[VIEW]}),
            (ModelRow, MODEL, {"name": f"copy-{number}"}),
            (VersionRow, SERVING, {"model_id": new[MODEL], "feature_versions": [new[FEATURES]]}),
        ):
            copied(session, table, old, new[old], fields)
        routes = [{**route, "version_id": new[SERVING]} for route in session.get_one(EndpointRow, PRODUCTION).routes]
        copied(session, EndpointRow, PRODUCTION, new[PRODUCTION], {"name": f"copy-{number}", "routes": routes})
        then = session.exec(select(LinkRow)).first()
        assert then is not None
        for source, target in ((new[SNAPSHOT], new[FEATURES]), (new[FEATURES], new[SERVING])):
            session.add(LinkRow(source=source, target=target, relation="feeds", created_at=then.created_at))
    yield from new.values()


def copied(session: Any, table: Any, old: str, new: str, fields: dict[str, Any]) -> None:
    row = session.get_one(table, old)
    session.add(table(**row.model_dump() | {"id": new} | fields))
    session.flush()
