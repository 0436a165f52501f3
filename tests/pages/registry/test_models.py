"""Models, versions, comparisons and evidence in the browser."""

import pytest

from core.loadtests.values import LOAD_TEST, Plan, Profile
from core.portal import Portal
from core.registry.values import QUALITY, SAFETY
from core.serving.values import PARITY
from tests.conftest import People
from tests.pages.releasing import serving
from tests.pages.running import drawn, page, pressed, text_of
from tests.promotion.stage import Stage
from tests.promotion.values_to_judge import percentile


@pytest.fixture
def stage(portal: Portal, people: People) -> Stage:
    return Stage(portal, people)


def test_where_nothing_is_the_pages_say_what_to_do(portal: Portal, people: People) -> None:
    assert "No models yet" in text_of(page(portal, people.engineer, "models"))
    assert "It takes two versions" in text_of(page(portal, people.engineer, "compare"))
    model = portal.registry.create_model(people.engineer, project="PROJ-1", name="kiosk", description="At *gates*")
    assert "No version yet" in text_of(page(portal, people.engineer, "model", id=model.id))


def test_the_list_shows_what_serves(stage: Stage) -> None:
    version = stage.version()
    serving(stage.portal, stage.people, version, "production")
    shown = text_of(page(stage.portal, stage.people.viewer, "models"))
    assert "1 version in production" in shown
    assert "delays-production" in shown
    assert "No model matches" in text_of(page(stage.portal, stage.people.viewer, "models", q="nothing like it"))


def test_a_model_says_which_version_is_in_production_and_that_a_newer_one_waits(stage: Stage) -> None:
    first, second = stage.version(), stage.version(0.8)
    serving(stage.portal, stage.people, first, "production")
    shown = text_of(page(stage.portal, stage.people.viewer, "model", id=second.model_id))
    assert "v1 in production" in shown
    assert "The newest, v2, is not." in shown


def test_versions_that_are_chosen_can_be_compared(stage: Stage) -> None:
    first, second = stage.version(), stage.version(0.8)
    test = page(stage.portal, stage.people.viewer, "model", id=first.model_id)
    assert test.button(key="compare").disabled
    test.session_state["versions_chosen"] = (first.id, second.id)
    drawn(test)
    assert not test.button(key="compare").disabled


def test_a_version_shows_evidence_and_what_is_missing(stage: Stage) -> None:
    version = stage.version()
    test = page(stage.portal, stage.people.engineer, "version", id=version.id)
    shown = text_of(test)
    assert "which training never saw" in shown
    assert "0 of 6 passed" in shown
    assert "Not compared with its source" in shown
    assert "Deploy to staging first" in shown
    test.button(key="measure_quality").click()
    drawn(test)
    test.button(key="measure_safety").click()
    drawn(test)
    assert "2 of 6 passed" in text_of(drawn(test))
    kinds = {
        evidence.kind for evidence in stage.portal.evidence.list_evidence(stage.people.viewer, subject=version.id).items
    }
    assert kinds == {QUALITY, SAFETY}


def test_a_version_that_guesses_is_said_to_before_its_figures(stage: Stage) -> None:
    guess = text_of(page(stage.portal, stage.people.viewer, "version", id=stage.version(-1.0).id))
    assert ":orange[:material/warning:] **No better than chance** by AUC: **AUC 0." in guess
    better = text_of(page(stage.portal, stage.people.viewer, "version", id=stage.version().id))
    assert ":green[:material/check_circle:] **AUC" in better


def test_a_viewer_measures_edits_and_archives_nothing(stage: Stage) -> None:
    version = stage.version()
    keys = {button.key for button in page(stage.portal, stage.people.viewer, "version", id=version.id).button}
    assert not keys & {"measure_quality", "measure_safety", "edit_card", "request", "more"}


def test_a_card_is_edited_and_nothing_in_it_comes_alive(stage: Stage) -> None:
    version = stage.version()
    test = page(stage.portal, stage.people.engineer, "version", id=version.id, tab="Card")
    test.button(key="edit_card").click()
    drawn(test)
    test.text_area(key="card_text").input("# Big\n![x](https://elsewhere.example/x.png)")
    pressed(test, "edit_card", "card_save")
    markdown = [item.value for item in drawn(test).markdown]
    assert any(value.startswith("**Big**") and "\\![x]" in value for value in markdown)


def test_metrics_and_files_have_an_address(stage: Stage) -> None:
    version = stage.version()
    shown = text_of(page(stage.portal, stage.people.viewer, "version", id=version.id, tab="Metrics"))
    assert "Calibration error" in shown
    files = text_of(page(stage.portal, stage.people.viewer, "version", id=version.id, tab="Files"))
    assert version.model_digest in files


def test_a_comparison_answers_in_words_first(stage: Stage) -> None:
    good, bad = stage.version(), stage.version(-1.0)
    test = page(stage.portal, stage.people.viewer, "compare", ids=f"{good.id},{bad.id}", baseline=good.id)
    shown = text_of(test)
    assert "v2 loses 4 of 4 metrics." in shown
    assert len(test.table[0].value) == 4
    assert ":red[" in shown  # Surely worse.
    assert "the same rows for all" in shown
    assert "v2 decides" in shown
    assert (test.query_params["ids"], test.query_params["baseline"]) == (f"{good.id},{bad.id}", good.id)


def test_alike_versions_have_no_winner(stage: Stage) -> None:
    first, second = stage.version(), stage.version()
    shown = text_of(page(stage.portal, stage.people.viewer, "compare", ids=f"{first.id},{second.id}"))
    assert "cannot be told apart" in shown
    assert "trophy" not in shown


def test_latencies_under_different_loads_are_not_compared(stage: Stage) -> None:
    first, second = stage.version(), stage.version(0.9)
    stage.load_test(first)
    harder = Plan(profile=Profile.CAPACITY, rate=900, seconds=60, in_flight=100, rate_cap=1000)
    stage.load_test(second, plan=harder, percentiles=(percentile(500.0),))
    shown = text_of(page(stage.portal, stage.people.viewer, "compare", ids=f"{first.id},{second.id}"))
    assert "p99 latency was measured under different loads" in shown
    stage.load_test(second, percentiles=(percentile(500.0),))
    shown = text_of(page(stage.portal, stage.people.viewer, "compare", ids=f"{first.id},{second.id}"))
    assert "p99 latency" in shown
    assert "different loads" not in shown


def test_one_version_or_an_unknown_one_is_no_comparison(stage: Stage) -> None:
    first, _second = stage.version(), stage.version()
    assert "Choose two versions" in text_of(page(stage.portal, stage.people.viewer, "compare", ids=first.id))
    shown = text_of(page(stage.portal, stage.people.viewer, "compare", ids=f"{first.id},MV-99"))
    assert "There is no object called 'MV-99'" in shown


def test_another_team_compares_nothing_of_ours(stage: Stage) -> None:
    first, second = stage.version(), stage.version()
    shown = text_of(page(stage.portal, stage.people.outsider, "compare", ids=f"{first.id},{second.id}"))
    assert "There is no object called" in shown


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (QUALITY, "Gray are 95 % intervals"),
        (SAFETY, "No findings"),
        (PARITY, "Cells :gray[features"),
        (LOAD_TEST, "Response time over rate"),
    ],
)
def test_each_kind_of_evidence_is_drawn(stage: Stage, kind: str, words: str) -> None:
    version = stage.measured()
    evidence = stage.portal.evidence.list_evidence(stage.people.viewer, subject=version.id, kind=kind).items[0]
    shown = text_of(page(stage.portal, stage.people.viewer, "evidence", id=evidence.id))
    assert words in shown
    assert evidence.digest in shown


def test_quality_against_a_baseline_shows_what_is_sure(stage: Stage) -> None:
    good, bad = stage.version(), stage.version(-1.0)
    measured = stage.portal.registry.measure_quality(stage.people.engineer, version_id=bad.id, baseline_id=good.id)
    shown = text_of(page(stage.portal, stage.people.viewer, "evidence", id=measured.id))
    assert ":red[" in shown
    assert "v1, the baseline" in shown


def test_a_version_is_archived_after_a_word_of_warning(stage: Stage) -> None:
    version = stage.version()
    stage.portal.registry.archive_version(stage.people.engineer, version_id=version.id)
    test = page(stage.portal, stage.people.engineer, "version", id=version.id)
    assert ":gray[Archived]" in text_of(test)
    assert "request" not in [button.key for button in test.button]


def test_what_serves_production_is_not_offered_for_promotion(stage: Stage) -> None:
    released = stage.released()
    other = stage.version()
    engineer = stage.people.engineer
    serving = page(stage.portal, engineer, "version", id=released.version_id)
    assert not {"request", "open_request"} & {button.key for button in serving.button}
    assert page(stage.portal, engineer, "version", id=other.id).button(key="request").label == "Request promotion"


def test_a_model_is_named_in_the_browser(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "models")
    test.button(key="new_model").click()
    drawn(test)
    test.text_input(key="model_identifier").input("Not A Name")
    assert "Identifier takes lower-case letters" in text_of(pressed(test, "new_model", "model_create"))
    test.text_input(key="model_identifier").input("")
    test.text_input(key="model_name").input("late-arrival")
    pressed(test, "new_model", "model_create")
    assert portal.registry.list_models(people.viewer).items[0].name == "late-arrival"
