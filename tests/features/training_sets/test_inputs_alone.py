"""An input that predicts the label alone waits for a person who answers for it, from the limit that a policy sets."""

import pytest

from core.features.training_sets.values import TrainingSet, TrainingSetState
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, NotAllowed
from core.identity.permissions import Role
from core.portal import Portal
from core.promotion.values import GateRule
from core.training.inputs import inputs_evidence
from core.training.splits import trainable
from tests.compute.running import run_job_here
from tests.conftest import People
from tests.features.departures import ENTITY_SQL, SPLITS, entity, flights
from tests.lake.imports.in_process import imported
from tests.lake.readers.test_dispatch import parquet
from tests.promotion.values_to_judge import version

# The label follows from the distance, which everybody knows in advance.
BY_DISTANCE = ENTITY_SQL.replace("CAST(delay > 10 AS INTEGER)", "CAST(distance > 1500 AS INTEGER)")


@pytest.fixture
def snapshot(portal: Portal, people: People) -> str:
    dataset = portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="flights")
    content = parquet(flights())
    return imported(portal, people.engineer, dataset_id=dataset.id, filename="flights.parquet", content=content).id


def joined(portal: Portal, people: People, snapshot: str) -> TrainingSet:
    query = entity(BY_DISTANCE, sources={"flights": snapshot})
    begun = portal.training_sets.create_training_set(
        people.engineer, project="PROJ-1", name="far", entity=query, splits=SPLITS
    )
    run_job_here(portal, begun.job_id)
    return portal.training_sets.get_training_set(people.viewer, training_set_id=begun.id)


def test_it_is_accepted_with_a_reason_that_goes_with_the_version(portal: Portal, people: People, snapshot: str) -> None:
    sets, strong = portal.training_sets, joined(portal, people, snapshot)
    assert (strong.state, [leak.column for leak in strong.leaks]) == (TrainingSetState.NEEDS_REVIEW, ["distance"])
    assert strong.cause.startswith("distance: Alone it predicts the label with an AUC of")
    assert (len(strong.splits), len(strong.digest)) == (2, 64)
    with pytest.raises(Conflict, match="needs a review"):
        trainable(strong, now=strong.created_at)
    with pytest.raises(NotAllowed):
        sets.accept_inputs(people.viewer, training_set_id=strong.id, reason="It is so.")
    accepted = sets.accept_inputs(people.engineer, training_set_id=strong.id, reason="Known in advance.")
    assert (accepted.state, accepted.cause, accepted.digest) == (TrainingSetState.READY, "", strong.digest)
    evidence = inputs_evidence(accepted, version())
    assert evidence is not None
    assert evidence.content["inputs"] == {"distance": strong.leaks[0].auc}
    assert (evidence.content["accepted_by"], evidence.content["reason"]) == (
        people.engineer.person_id,
        "Known in advance.",
    )
    with pytest.raises(Conflict, match="ready"):
        sets.accept_inputs(people.engineer, training_set_id=strong.id, reason="It is so.")


def test_a_policy_in_force_says_from_where_it_has_to_be_reviewed(portal: Portal, people: People, snapshot: str) -> None:
    system = Actor.system("test")
    (policy,) = portal.policies.ensure_policies(system)
    other = portal.identity.create_person(people.admin, handle="second", name="Second Admin").id
    portal.identity.grant_role(system, person_id=other, role=Role.ADMIN)
    rule = GateRule(gate="inputs", params={"auc": 1.0}, on_inconclusive="judgement")
    portal.policies.propose_policy(
        people.admin,
        policy_id=policy.id,
        gates=(*policy.gates, rule),
        approvals=policy.approvals,
        valid_days=7,
        reason="An easy problem",
    )
    second = Actor(person_id=other, kind="person", via="session")
    portal.policies.confirm_policy(second, policy_id=policy.id, revision=2)
    assert joined(portal, people, snapshot).state is TrainingSetState.READY
