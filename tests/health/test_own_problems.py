"""What is wrong with somebody's own things, each cause once."""

from core.features.tables import FeatureVersionRow
from core.foundation.actors import Actor
from core.foundation.ids import Kind
from core.foundation.objects import ObjectRow
from core.health.service import MOST_OWN
from core.portal import Portal
from core.serving.tables import EndpointRow
from tests.health.installation import (
    DATASET,
    FEATURES,
    MODEL,
    PRODUCTION,
    SNAPSHOT,
    VIEW,
    change,
    measure_drift,
    statements,
)
from tests.registry.onnx_files import calling
from tests.upgrade.home import PEOPLE


def problems(portal: Portal, actor: Actor = PEOPLE.engineer) -> list[tuple[str, str]]:
    return [(problem.health.object_id, problem.health.state) for problem in portal.health.own_problems(actor)]


def test_a_cause_is_told_once_at_what_is_nearest_to_it(whole_on: Portal) -> None:
    assert problems(whole_on) == []
    measure_drift(whole_on)
    assert problems(whole_on) == [(VIEW, "drifted")]
    whole_on.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    assert problems(whole_on) == [(DATASET, "quarantined")]


def test_it_is_told_to_the_owner_and_to_nobody_else(whole: Portal) -> None:
    measure_drift(whole)
    assert problems(whole, PEOPLE.other_engineer) == []
    # The endpoints are Jonas's: they serve what drifted.
    assert problems(whole, PEOPLE.sre) == [("EP-1", "drifted")]
    change(whole, ObjectRow, VIEW, owner=PEOPLE.other_engineer.person_id)
    assert problems(whole, PEOPLE.other_engineer) == [(VIEW, "drifted")]
    assert problems(whole) == [(MODEL, "drifted")]


def test_what_was_put_away_is_no_problem(whole: Portal) -> None:
    change(whole, EndpointRow, PRODUCTION, cause="The digest is not admitted.")
    change(whole, ObjectRow, PRODUCTION, put_away="deleted")
    assert problems(whole, PEOPLE.sre) == []


def test_stale_features_wait_for_data_and_not_for_somebody(whole: Portal) -> None:
    change(whole, FeatureVersionRow, FEATURES, ttl_seconds=3600)
    assert problems(whole) == []


def test_an_endpoint_that_cannot_serve_is_its_owners_problem(whole: Portal) -> None:
    change(whole, EndpointRow, PRODUCTION, cause="The digest is not admitted.")
    assert problems(whole, PEOPLE.sre) == [(PRODUCTION, "refused")]


def test_only_the_newest_things_are_looked_at_and_many_cost_the_same_questions_as_few(whole_on: Portal) -> None:
    whole_on.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    with statements(whole_on) as for_few:
        assert problems(whole_on) == [(DATASET, "quarantined")]
    for number in range(MOST_OWN):
        whole_on.datasets.create_dataset(PEOPLE.engineer, project="PROJ-1", name=f"flights_{number}")
    with statements(whole_on) as for_many:
        assert problems(whole_on) == []
    assert len(for_many) <= len(for_few)


def test_what_may_not_be_seen_hides_no_problem(whole: Portal) -> None:
    whole.retention.quarantine(PEOPLE.engineer, snapshot_id=SNAPSHOT, reason="Rows were sent twice.")
    with calling(whole, Actor.system("test")) as call:
        for number in range(MOST_OWN):
            call.create(
                Kind.DATASET,
                project="PROJ-2",
                title=f"Unseen {number}",
                state="active",
                owner=PEOPLE.engineer.person_id,
            )
    assert problems(whole) == [(DATASET, "quarantined")]
