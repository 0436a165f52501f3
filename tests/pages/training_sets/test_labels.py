"""Training sets whose label is not 0 and 1 in the browser: made from the form, read, and not offered for training."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.features.training_sets.values import EntityQuery, ShareSplits, TrainingSetState
from core.portal import Portal
from tests.compute.running import run_job_here
from tests.installed import People, installed, settings_in
from tests.lake.imports.in_process import imported
from tests.pages.conftest import ENTITY, PROJECT, SPLITS, flights
from tests.pages.running import drawn, page, pressed, text_of
from tests.training.sets import make_training_set


@dataclass(frozen=True)
class LabelSets:
    """A portal with two sets from which nobody can learn, one without a label and one whose label is a number, and one
    that is good. In another project there is only one without a label."""

    portal: Portal
    people: People
    bare: str
    numbers: str
    good: str


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelSets]:
    folder = tmp_path_factory.mktemp("labels")
    with installed(settings_in(folder / "home")) as (portal, people):
        yield make_sets(portal, people, folder)


def make_sets(portal: Portal, people: People, folder: Path) -> LabelSets:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="flights")
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="flights.csv", content=flights()).id
    gaps = "SELECT id, due, nullif(distance, 300) AS far, carrier FROM flights"
    numbers = ENTITY.model_copy(update={"sql": gaps, "label": "far", "label_kind": "any", "numbers": ()})
    bare = ENTITY.model_copy(update={"label": ""})
    ids = [joined(portal, people, entity, snapshot=snapshot) for entity in (bare, numbers)]
    good = make_training_set(portal, folder / "good")
    make_training_set(portal, folder / "elsewhere", project="PROJ-2", entity=bare.model_dump(mode="json"))
    return LabelSets(portal, people, *ids, good)


def joined(
    portal: Portal, people: People, entity: EntityQuery, *, snapshot: str, shares: ShareSplits | None = None
) -> str:
    training_set = portal.training_sets.create_training_set(
        people.engineer,
        project=PROJECT,
        name=f"with_{entity.label or 'nothing'}",
        entity=entity.model_copy(update={"sources": {"flights": snapshot}}),
        splits=() if shares else SPLITS,
        shares=shares,
    )
    job = run_job_here(portal, training_set.job_id)
    assert job.state == "succeeded", job.cause
    return training_set.id


def test_a_set_without_a_label_says_what_it_is_for(sets: LabelSets) -> None:
    test = page(sets.portal, sets.people.engineer, "training-set", id=sets.bare)
    shown = text_of(test)
    assert "train,2013-01-01,2013-01-07,144" in shown
    assert "The set is for scoring and analysis" in shown
    assert "No leakage found in sources and times." in shown
    assert "is checked for labels that have a task" in shown
    assert "Positive" not in shown
    buttons = {button.label: button for button in test.button}
    for name in ("Start training", "Start a sweep"):
        assert buttons[name].disabled
        assert "it has no label. Make one like it" in buttons[name].help


def test_a_label_that_is_a_number_is_told_with_its_gaps(sets: LabelSets) -> None:
    shown = text_of(page(sets.portal, sets.people.viewer, "training-set", id=sets.numbers))
    assert "`far`, a whole number" in shown
    training_set = sets.portal.training_sets.get_training_set(sets.people.viewer, training_set_id=sets.numbers)
    assert sum(split.unlabeled for split in training_set.splits) > 0
    assert f"train,2013-01-01,2013-01-07,144,{training_set.splits[0].unlabeled}" in shown


def test_the_list_tells_such_sets_apart(sets: LabelSets) -> None:
    shown = text_of(page(sets.portal, sets.people.viewer, "training-sets"))
    assert "no label" in shown
    assert "label far, a whole number" in shown


@pytest.mark.parametrize("url", ["start-training", "start-sweep"])
def test_nobody_is_offered_a_set_that_cannot_be_learned_from(sets: LabelSets, url: str) -> None:
    test = page(sets.portal, sets.people.engineer, url, training_set=sets.bare)
    (option,) = test.selectbox(key="training_set_choice").options
    assert sets.good in option
    shown = text_of(test)
    reason = "This training set cannot be learned from: it has no label. Make one like it with a label."
    assert f"warning:] **with_nothing** {sets.bare}: {reason}" in shown
    assert "its label far belongs to no task. Make one like it" in shown
    assert test.expander[0].label == "2 sets cannot be learned from"


@pytest.mark.parametrize("url", ["start-training", "start-sweep"])
def test_where_no_set_can_be_learned_from_the_page_says_why(sets: LabelSets, url: str) -> None:
    shown = text_of(page(sets.portal, sets.people.outsider, url))
    assert "There is no training set to learn from yet" in shown
    assert "it has no label. Make one like it with a label." in shown


def test_a_set_like_another_keeps_its_label_or_has_none(sets: LabelSets) -> None:
    engineer = sets.people.engineer
    for like, label, kind in ((sets.numbers, "far", "any"), (sets.bare, "", "binary")):
        test = page(sets.portal, engineer, "new-training-set", like=like, step="join")
        assert ("which no model learns" in text_of(test), "no label: for scoring" in text_of(test)) == (
            bool(label),
            not label,
        )
        test.text_input(key="set_name").input("again")
        drawn(test)
        test.button(key="join").click()
        test.run()
        training_set = sets.portal.training_sets.list_training_sets(engineer, search="again").items[0]
        assert (training_set.state, training_set.entity.label, training_set.entity.label_kind) == (
            TrainingSetState.BUILDING,
            label,
            kind,
        )


def test_inputs_that_predict_the_label_alone_are_accepted_on_the_page(sets: LabelSets) -> None:
    leak = {"column": "tail_number", "reason": "Alone it predicts the label.", "auc": 0.912}
    report = {"rows": 10, "views": [], "differences": []}
    folder = sets.portal.foundation.settings.home
    strong = make_training_set(sets.portal, folder / "far", state="needs_review", leaks=[leak], leak_report=report)
    test = page(sets.portal, sets.people.engineer, "training-set", id=strong)
    assert "Start training" not in [button.label for button in test.button]
    test.button(key="accept_inputs").click()
    drawn(test)
    assert "**tail_number**: an input that predicts the label so well" in text_of(test)
    test.text_input(key="accept_reason").input("Registered before departure.")
    pressed(test, "accept_inputs", "accept_do")
    shown = text_of(page(sets.portal, sets.people.engineer, "training-set", id=strong))
    assert "Accepted by Mei" in shown
    assert "Registered before departure." in shown


def test_a_set_of_classes_without_time_shows_their_shares(portal: Portal, people: People) -> None:
    dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="flights")
    snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="flights.csv", content=flights()).id
    changes = {"event_time": "", "label": "carrier", "task": "multi_class", "categories": (), "numbers": ("distance",)}
    shares = ShareSplits(shares={"train": 0.8, "test": 0.2}, by="stratified")
    entity = EntityQuery.model_validate(ENTITY.model_dump() | changes)
    set_id = joined(portal, people, entity, snapshot=snapshot, shares=shares)
    shown = text_of(page(portal, people.engineer, "training-set", id=set_id))
    assert ("From" in shown, "Positive" in shown) == (False, False)
    assert ("train,192" in shown, "Classes" in shown) == (True, True)
