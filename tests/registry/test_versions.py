"""Models and their versions: what is registered, numbered, told, linked and put away."""

from dataclasses import dataclass

import pytest
from sqlmodel import Session

from core.foundation.errors import Conflict, Invalid, NotAllowed, NotFound
from core.foundation.ports import Pin
from core.portal import Portal
from core.registry.service import RegistryService
from core.registry.values import Artifact
from tests.conftest import People
from tests.registry.onnx_files import (
    calling,
    holdout_table,
    register_tiny,
    tiny_model,
)


@dataclass(frozen=True)
class Needed:
    """A domain above that needs some versions, for these reasons."""

    reasons: dict[str, str]

    def of(self, session: Session, object_id: str) -> tuple[Pin, ...]:
        return ()

    def reached(self, session: Session) -> frozenset[str]:
        return frozenset()

    def reason_to_keep(self, session: Session, version_id: str) -> str:
        return self.reasons.get(version_id, "")


def test_a_registered_version_says_what_it_is(portal_on: Portal, people: People) -> None:
    registered = register_tiny(portal_on, people.engineer, weight=0.5, code_commit="a" * 40)
    seen = portal_on.registry.get_version(people.viewer, version_id=registered.id)
    assert seen == registered
    assert (seen.model, seen.version, seen.state, seen.project) == ("late-arrival", 1, "active", "PROJ-1")
    assert [entry.datatype for entry in seen.signature.inputs] == ["BYTES", "BYTES", "FP64", "FP64"]
    assert seen.evaluations[0].holdout_name == "test"
    assert seen.card == "A model of a test."
    assert seen.created_by == people.engineer.person_id


def test_versions_are_numbered_for_each_model(portal: Portal, people: People) -> None:
    table = holdout_table(rows=200)
    numbers = [register_tiny(portal, people.engineer, weight=weight, table=table).version for weight in (0.1, 0.2)]
    other = register_tiny(portal, people.engineer, "other-model", weight=0.1, table=table)
    assert (numbers, other.version) == ([1, 2], 1)
    models = portal.registry.list_models(people.viewer)
    assert {(model.name, model.versions, model.latest and model.latest.version) for model in models.items} == {
        ("late-arrival", 2, 2),
        ("other-model", 1, 1),
    }


def test_the_same_bytes_again_are_the_same_version(portal: Portal, people: People) -> None:
    table = holdout_table(rows=200)
    first = register_tiny(portal, people.engineer, table=table)
    again = register_tiny(portal, people.other_engineer, table=table)
    assert again == first
    assert portal.registry.list_versions(people.viewer).total == 1


def test_lists_show_only_what_the_reader_may_see(portal: Portal, people: People) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    assert portal.registry.list_models(people.outsider).total == 0
    assert portal.registry.list_versions(people.outsider, model_id=registered.model_id).total == 0
    assert portal.registry.list_models(people.sre, query="LATE").total == 1
    assert portal.registry.list_models(people.sre, query="%").total == 0
    with pytest.raises(NotFound):
        portal.registry.get_version(people.outsider, version_id=registered.id)
    with pytest.raises(NotFound):
        portal.registry.get_version(people.engineer, version_id=registered.model_id)


NO_NAMES = (
    "<script>alert(1)</script>",
    'a"b',
    "a'b",
    "a\nb",
    "late-\N{AIRPLANE}",
    "a" * 300,
    "l\u0430te-arrival",
    "",
    "A",
    "a",
)


def test_a_name_that_is_no_plain_word_is_refused(portal: Portal, people: People) -> None:
    for name in NO_NAMES:
        with pytest.raises(Invalid) as refusal:
            portal.registry.create_model(people.engineer, project="PROJ-1", name=name)
        assert refusal.value.field == "name"
    assert portal.registry.list_models(people.engineer).total == 0


def test_a_name_that_reads_like_another_is_refused(portal: Portal, people: People) -> None:
    portal.registry.create_model(people.engineer, project="PROJ-1", name="late-arrival")
    for name in ("1ate-arriva1", "late-arriva1", "late-arrival"):
        with pytest.raises((Invalid, Conflict)):
            portal.registry.create_model(people.engineer, project="PROJ-1", name=name)
    with pytest.raises(Invalid) as refusal:
        register_tiny(portal, people.engineer, "late-arriva1", rows=200)
    assert refusal.value.field == "model"


def test_a_version_follows_from_its_model_and_what_made_it(portal: Portal, people: People) -> None:
    criteria = ({"metric": "auc", "comparison": "at_least", "limit": 0.6},)
    goal = portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="Warn of a late arrival", criteria=criteria
    )
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200), requirement_id=goal.id)
    edges = portal.identity.lineage(people.viewer, object_id=registered.id).edges
    assert {(edge.source, edge.relation) for edge in edges} == {
        (goal.id, "asks for"),
        (registered.model_id, "has version"),
    }


def test_a_version_of_a_run_that_does_not_exist_is_refused(portal: Portal, people: People) -> None:
    with pytest.raises(Invalid, match="RUN-77"):
        register_tiny(portal, people.engineer, table=holdout_table(rows=200), run_id="RUN-77")
    assert portal.registry.list_models(people.engineer).total == 0


def test_a_card_can_be_edited_and_its_digest_says_so(portal: Portal, people: People) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    edited = portal.registry.edit_card(people.engineer, version_id=registered.id, card="Not for freight.")
    assert edited.card == "Not for freight."
    assert edited.card_digest != registered.card_digest
    assert edited.digest == registered.digest
    with pytest.raises(NotAllowed):
        portal.registry.edit_card(people.viewer, version_id=registered.id, card="Mine")
    with pytest.raises(Invalid):
        portal.registry.edit_card(people.engineer, version_id=registered.id, card="x" * 20_001)


def test_a_version_that_is_needed_is_not_archived(portal: Portal, people: People) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    needed = Needed({registered.id: "it serves EP-1"})
    registry = RegistryService(portal.foundation, live_uses=needed, evidence_kinds={})
    with pytest.raises(Conflict, match="it serves EP-1"):
        registry.archive_version(people.engineer, version_id=registered.id)
    needed.reasons.clear()
    assert registry.archive_version(people.admin, version_id=registered.id).state == "archived"
    (thing,) = [
        thing for thing in portal.identity.search(people.viewer, query=registered.id) if thing.id == registered.id
    ]
    assert thing.state == "archived"


def test_a_download_is_the_registered_bytes_and_is_recorded(portal: Portal, people: People) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    artifact = portal.registry.download_artifact(people.approver, version_id=registered.id)
    assert artifact.content == tiny_model()
    assert artifact.filename == "late-arrival-v1.onnx"
    assert Artifact.model_validate_json(artifact.model_dump_json()) == artifact
    events = portal.audit.list_events(people.approver, action="registry.download_artifact").items
    assert [(event.subject, event.actor) for event in events] == [(registered.id, people.approver.person_id)]
    with pytest.raises(NotAllowed):
        portal.registry.download_artifact(people.viewer, version_id=registered.id)


def test_an_alias_points_to_a_version_that_exists(portal: Portal, people: People) -> None:
    registered = register_tiny(portal, people.engineer, table=holdout_table(rows=200))
    with calling(portal, people.engineer) as call:
        portal.registry.set_alias(call, model_id=registered.model_id, version=1, alias="champion")
        with pytest.raises(Invalid, match="has no version 2"):
            portal.registry.set_alias(call, model_id=registered.model_id, version=2, alias="champion")
