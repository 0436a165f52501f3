"""Endpoints in the browser: what serves, what served, deployment to staging and rollback."""

from datetime import date
from pathlib import Path

import pytest

from core.foundation.text import percent
from core.portal import Portal
from core.registry.values import ModelVersion, NewEvidence
from core.serving.input_gaps import InputGaps
from core.serving.tables import ReplayRow
from core.serving.values import PARITY, ParityCause, ParityReport, ParityRow, Server
from core.tasks.values import Verdict
from tests.conftest import People
from tests.features.online.stores import view
from tests.pages.releasing import serving, version_with_rows
from tests.pages.running import drawn, page, pressed, text_of
from tests.promotion.stage import PROJECT, SYSTEM, Stage
from tests.registry.onnx_files import calling
from tests.serving.counted_inputs import write_counts


@pytest.fixture
def stage(portal: Portal, people: People) -> Stage:
    return Stage(portal, people)


def test_an_endpoint_is_created_in_the_browser(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "endpoints")
    test.button(key="new_endpoint").click()
    drawn(test)
    test.text_input(key="endpoint_name").input("late-arrival")
    pressed(test, "new_endpoint", "endpoint_create")
    endpoint = portal.endpoints.list_endpoints(people.viewer).items[0]
    assert (endpoint.name, endpoint.environment, endpoint.slo.error_rate) == ("late-arrival", "staging", 0.001)


def test_a_wrong_name_is_refused_at_the_form(portal: Portal, people: People) -> None:
    test = page(portal, people.sre, "endpoints")
    test.button(key="new_endpoint").click()
    drawn(test)
    test.text_input(key="endpoint_identifier").input("../etc")
    assert "Identifier takes lower-case letters" in text_of(pressed(test, "new_endpoint", "endpoint_create"))
    assert portal.endpoints.list_endpoints(people.viewer).total == 0


def test_a_viewer_creates_none(portal: Portal, people: People) -> None:
    assert "New endpoint" not in [button.label for button in page(portal, people.viewer, "endpoints").button]


def test_an_endpoint_says_in_words_what_it_serves(stage: Stage) -> None:
    empty = text_of(page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id))
    assert "It serves nothing yet" in empty
    stage.released()
    shown = text_of(page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id))
    assert "answers every request" in shown
    assert "100" in shown


def test_an_endpoint_warns_of_features_that_are_not_online(portal: Portal, people: People, tmp_path: Path) -> None:
    version = version_with_rows(portal, people, tmp_path, views=(view(),))
    endpoint = serving(portal, people, version, "staging")
    test = page(portal, people.viewer, "endpoint", id=endpoint.id)
    (warning,) = test.warning
    assert warning.value.replace("\\", "") == "**v** is not materialized: its inputs will be missing."


def test_an_endpoint_shows_which_inputs_were_unknown_or_missing(stage: Stage) -> None:
    stage.released()
    quiet = text_of(page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id))
    assert "No row came in the last hour" in quiet
    recent, before = InputGaps(1000, {"carrier": 250}, {"weather": 10}), InputGaps(1000, {"carrier": 10})
    write_counts(stage.portal.foundation.settings.home, stage.endpoint_id, recent=recent, before=before)
    test = page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id)
    shown = test.table[0].value
    assert list(shown["Input"]) == ["`carrier`", "`weather`"]
    assert list(shown["What"]) == ["unknown to the model", "no row, or an expired one"]
    assert "trending_up" in shown["Last hour"][0]
    assert list(shown["Before"]) == [percent(0.01), percent(0.0)]
    assert "Unknown inputs" in text_of(test)


def test_a_switch_is_told_until_the_gateway_confirms(stage: Stage) -> None:
    stage.apply(stage.approved().id)
    shown = text_of(page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id))
    actual = stage.portal.endpoints.get_endpoint(stage.people.viewer, endpoint_id=stage.endpoint_id).actual
    assert "Switching to" in shown
    assert ("What served before" in shown, "Callers get a refusal until then" in shown) == (bool(actual), not actual)


def test_a_refusal_of_the_server_is_shown_with_its_cause(stage: Stage) -> None:
    request = stage.apply(stage.approved().id)
    refused = Server(
        version_id=request.version_id,
        state="refused",
        address="",
        cause="these bytes were never admitted",
        started_at=stage.endpoint.changed_at,
    )
    stage.portal.endpoints.confirm(
        SYSTEM, endpoint_id=stage.endpoint_id, generation=0, actual={}, servers=(refused,), cause="no admission"
    )
    test = page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id)
    shown = text_of(test)
    assert "cannot be served" in shown
    assert "these bytes were never admitted" in shown
    test.date_input(key="history_day").set_value(stage.endpoint.changed_at.date())
    assert "It served nothing on" in text_of(drawn(test))


def test_history_answers_what_served_on_a_day(stage: Stage) -> None:
    request = stage.released()
    test = page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id)
    test.date_input(key="history_day").set_value(stage.endpoint.changed_at.date())
    assert f"it served {request.version}" in text_of(drawn(test))
    test.date_input(key="history_day").set_value(date(2020, 1, 7))
    assert "It served nothing on Tuesday, 07 January 2020" in text_of(drawn(test))


def test_production_is_rolled_back_to_what_was_approved(stage: Stage) -> None:
    first = stage.released()
    stage.released()
    stage.settle()
    test = page(stage.portal, stage.people.sre, "endpoint", id=stage.endpoint_id)
    test.button(key="roll_back").click()
    shown = text_of(drawn(test))
    assert "late-arrival** (production) stops serving" in shown
    test.text_area(key="back_reason").input("Drill")
    pressed(test, "roll_back", "back_now")
    assert stage.serves() == {first.version_id: 100}


def test_a_roll_back_without_a_reason_is_refused(stage: Stage) -> None:
    stage.released()
    second = stage.released()
    test = page(stage.portal, stage.people.sre, "endpoint", id=stage.endpoint_id)
    test.button(key="roll_back").click()
    drawn(test)
    assert "Reason takes" in text_of(pressed(test, "roll_back", "back_now"))
    assert stage.serves() == {second.version_id: 100}


def test_an_sre_takes_everything_out_and_brings_it_back(stage: Stage) -> None:
    request = stage.released()
    test = page(stage.portal, stage.people.sre, "endpoint", id=stage.endpoint_id)
    test.button(key="serve_nothing").click()
    assert f"stops serving **{request.version}** at once" in text_of(drawn(test))
    test.text_area(key="nothing_reason").input("It answers *nonsense*")
    pressed(test, "serve_nothing", "nothing_now")
    stage.settle()
    test = page(stage.portal, stage.people.sre, "endpoint", id=stage.endpoint_id)
    shown = text_of(test)
    assert "**It serves nothing** since " in shown
    assert "by Jonas Weber because: It answers *nonsense*. Callers are told so." in shown
    assert "nothing" in text_of(page(stage.portal, stage.people.viewer, "endpoints"))
    test.button(key="bring_back").click()
    drawn(test)
    test.text_area(key="back_reason").input("It was the data")
    pressed(test, "bring_back", "back_now")
    assert stage.serves() == {request.version_id: 100}


def test_a_first_version_is_shown_opening(stage: Stage) -> None:
    request = stage.apply(stage.approved().id)
    stage.settle()
    shown = text_of(page(stage.portal, stage.people.sre, "endpoint", id=stage.endpoint_id))
    assert f"It opens: {request.version} 10\u202f%** of callers" in shown


def test_only_an_sre_takes_out_of_production(stage: Stage) -> None:
    stage.released()
    test = page(stage.portal, stage.people.engineer, "endpoint", id=stage.endpoint_id)
    assert "serve_nothing" not in {button.key for button in test.button}


def test_only_an_sre_rolls_back(stage: Stage) -> None:
    stage.released()
    stage.released()
    test = page(stage.portal, stage.people.engineer, "endpoint", id=stage.endpoint_id)
    assert "roll_back" not in {button.key for button in test.button}


def test_a_version_is_deployed_to_staging(stage: Stage) -> None:
    version = stage.version()
    endpoint = stage.portal.endpoints.create_endpoint(
        stage.people.sre, project=PROJECT, name="late-staging", environment="staging"
    )
    test = page(stage.portal, stage.people.engineer, "endpoint", id=endpoint.id)
    test.button(key="deploy").click()
    drawn(test)
    pressed(test, "deploy", "deploy_now")
    deployed = stage.portal.endpoints.get_endpoint(stage.people.viewer, endpoint_id=endpoint.id)
    assert [route.version_id for route in deployed.routes] == [version.id]


def test_a_row_is_tried_and_an_absent_gateway_is_told(portal: Portal, people: People, tmp_path: Path) -> None:
    endpoint = serving(portal, people, version_with_rows(portal, people, tmp_path), "staging")
    test = page(portal, people.engineer, "endpoint", id=endpoint.id, tab="Try it")
    test.button(key="trial_0_send").click()
    assert "The gateway does not answer" in text_of(drawn(test))


def test_a_viewer_sends_no_rows(portal: Portal, people: People, tmp_path: Path) -> None:
    endpoint = serving(portal, people, version_with_rows(portal, people, tmp_path), "staging")
    for tab in ("Try it", "Parity"):
        test = page(portal, people.viewer, "endpoint", id=endpoint.id, tab=tab)
        assert not {"trial_0_send", "check_parity"} & {button.key for button in test.button}


def test_parity_is_checked_from_the_page(portal: Portal, people: People, tmp_path: Path) -> None:
    endpoint = serving(portal, people, version_with_rows(portal, people, tmp_path), "staging")
    test = page(portal, people.engineer, "endpoint", id=endpoint.id, tab="Parity")
    test.button(key="check_parity").click()
    drawn(test)
    jobs = portal.compute.list_jobs(people.viewer, subject=endpoint.id).items
    assert [job.kind for job in jobs] == ["serving.parity"]


def test_mismatches_are_shown_by_cause_and_row(stage: Stage) -> None:
    version = stage.version()
    endpoint = stage.portal.endpoints.create_endpoint(
        stage.people.sre, project=PROJECT, name="late-staging", environment="staging"
    )
    stage.portal.endpoints.deploy_to_staging(stage.people.sre, endpoint_id=endpoint.id, version_id=version.id)
    with calling(stage.portal, SYSTEM) as call:
        stage.portal.registry.add_evidence(call, mismatching(version, endpoint.id))
    shown = text_of(page(stage.portal, stage.people.viewer, "endpoint", id=endpoint.id, tab="Parity"))
    assert "3 of 900 cells differ" in shown
    assert "Expired (TTL),2" in shown
    assert "F7,`late_share`,0.5,missing,Late row" in shown


def mismatching(version: ModelVersion, endpoint_id: str) -> NewEvidence:
    report = ParityReport(
        rows=100,
        cells=900,
        mismatches=3,
        rows_with_mismatch=3,
        largest_prediction_gap=0.1,
        by_input={"late_share": 3},
        causes=(ParityCause(cause="ttl", rows=2), ParityCause(cause="late row", rows=1)),
        worst=(ParityRow(row_id="F7", name="late_share", offline=0.5, served=None, cause="late row"),),
        version_digest=version.digest,
        holdout="h",
    )
    return NewEvidence(
        kind=PARITY,
        subject=version.id,
        project=version.project,
        verdict=Verdict.FAIL,
        summary="3 of 900 cells differ",
        measured_on={"endpoint": endpoint_id},
        content=report.model_dump(mode="json"),
        created_by="P-3",
    )


def test_what_was_measured_stands_beside_what_was_promised_and_is_red_where_it_is_missed(stage: Stage) -> None:
    version_id = stage.released().version_id
    figures = {version_id: {"log_loss": {"value": 9.0, "low": 8.0, "high": 10.0}}}
    with stage.portal.foundation.database.write() as session:
        session.add(
            ReplayRow(
                id="JOB-900",
                endpoint_id=stage.endpoint_id,
                project="PROJ-1",
                sent=100,
                failed=0,
                metrics={"p99_ms": 4.0},
                by_version={version_id: 100},
                figures=figures,
                created_at=stage.endpoint.changed_at,
            )
        )
    test = page(stage.portal, stage.people.viewer, "endpoint", id=stage.endpoint_id)
    shown = text_of(test)
    assert "does not keep its promise on late-arrival: log loss is 9" in shown
    (table,) = [table.value for table in test.table if "Measured" in table.value.columns]
    verdicts = dict(zip(table["What"], table["Verdict"], strict=True))
    assert {name: words.split()[-1] for name, words in verdicts.items()} == {
        "p99 latency": "kept]",
        "Error rate": "kept]",
        "Log loss": "missed]",
    }
    assert ":red[**9**]" in " ".join(table["Measured"])
    home = page(stage.portal, stage.people.engineer, "home")
    cards = {card.label: (card.value, card.delta) for card in home.metric}
    assert cards["Log loss"][0] == "9.0000"
    assert cards["Log loss"][1].endswith("promised")
    assert cards["AUC"][1] == ""
