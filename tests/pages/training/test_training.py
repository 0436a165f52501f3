"""Runs and sweeps in the browser: started from forms, seen while they run and when they are over."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from streamlit.testing.v1 import AppTest

from core.compute.values import JobState
from core.portal import Portal
from core.sweeps.trials import assign_new
from core.sweeps.values import Sweep
from core.training.tables import RunRow
from core.training.values import Run
from tests.compute.running import run_job_here
from tests.installed import People, installed, settings_in
from tests.pages.running import catalogs_of, drawn, page, pressed, text_of
from tests.registry.onnx_files import calling
from tests.sweeps import running as sweeping
from tests.sweeps.test_trials import ingest
from tests.training.sets import make_training_set, start


@dataclass(frozen=True)
class TrainedPortal:
    """A portal in which one training has finished and one waits."""

    portal: Portal
    people: People
    training_set: str
    done: Run
    waiting: Run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainedPortal]:
    folder = tmp_path_factory.mktemp("lab")
    with installed(settings_in(folder / "home")) as (portal, people):
        training_set = make_training_set(portal, folder / "splits")
        done = start(portal, people, training_set, title="Small *and* quick")
        assert run_job_here(portal, done.job_id).state is JobState.SUCCEEDED
        waiting = start(portal, people, training_set, title="Waits")
        yield TrainedPortal(
            portal, people, training_set, portal.training.get_run(people.viewer, run_id=done.id), waiting
        )


def test_where_nothing_is_the_pages_say_what_to_do(portal: Portal, people: People) -> None:
    assert "No runs yet" in text_of(page(portal, people.engineer, "runs"))
    assert "No sweeps yet" in text_of(page(portal, people.engineer, "sweeps"))
    for url in ("start-training", "start-sweep"):
        assert "There is no training set to learn from yet" in text_of(page(portal, people.engineer, url))
        assert "Ask an administrator for that role" in text_of(page(portal, people.viewer, url))


def form_of(trained: TrainedPortal, url: str) -> AppTest:
    """A form, with the set and the recipe chosen."""
    return page(trained.portal, trained.people.engineer, url, training_set=trained.training_set, recipe="tabular")


def test_the_list_names_the_best_and_shows_states(trained: TrainedPortal) -> None:
    shown = text_of(page(trained.portal, trained.people.viewer, "runs"))
    assert "[Small *and* quick](run?id=RUN-1) leads on the validation rows of Flights by month:" in shown
    assert "Best" in shown
    assert "Queued" in shown


def test_the_list_is_filtered_by_its_address(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.viewer, "runs", training_set=trained.training_set)
    test.query_params["state"] = "succeeded"
    assert "1 of 1 shown" in text_of(drawn(test))
    test.query_params["state"] = "failed"
    assert "No run matches" in text_of(drawn(test))
    assert "No run matches" in text_of(page(trained.portal, trained.people.viewer, "runs", training_set="TS-99"))


def lines_of(test: AppTest) -> list[str]:
    """What stands in the table of runs, from above: the names of runs and of groups of them."""
    rows = catalogs_of(test)["runs"]["rows"] if "runs" in catalogs_of(test) else []
    return [row["cells"][2]["text"] for row in rows]


def test_runs_that_are_ticked_can_be_compared_tagged_and_drawn_alone(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.engineer, "runs")
    ids = (trained.waiting.id, trained.done.id)
    test.session_state["runs_chosen"] = ids
    shown = text_of(drawn(test))
    assert "2 selected" in shown
    assert "Their parameters are the same" in shown
    assert test.button(key="compare").disabled  # They are no versions yet.
    test.button(key="only_these").click()
    drawn(test)
    assert set("".join(test.query_params["eyes"]).split(",")) == set(ids)
    test.text_input(key="tag_name").input("candidate")
    test.button(key="add_tag").click()
    drawn(test)
    marks = [trained.portal.run_workspace.run_marks(trained.people.viewer, run_id=run_id).tags for run_id in ids]
    assert marks == [("candidate",), ("candidate",)]


def test_the_address_says_what_is_seen(trained: TrainedPortal) -> None:
    rate = "params.learning_rate"
    for filters, count in ((f"{rate}>0.001", True), (f"{rate}>0.5", False), (f"{rate}=0.01~params.epochs<3", True)):
        test = page(trained.portal, trained.people.viewer, "runs", filter=filters)
        assert ("Small *and* quick" in lines_of(test)) == count
    test = page(trained.portal, trained.people.viewer, "runs", filter=f"{rate}=0.01", columns=f"{rate},took")
    assert "Learning rate = 0.01" in text_of(test)
    assert [column["title"] for column in catalogs_of(test)["runs"]["columns"]][4:] == ["Learning rate", "Took"]
    test.button(key="chip_0").click()
    assert "filter" not in drawn(test).query_params


def test_groups_are_folded_and_sorted_lists_say_by_what(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.viewer, "runs", group="recipe", sort="-params.epochs")
    assert (lines_of(test)[0], catalogs_of(test)["runs"]["sorted"]) == (
        "tabular",
        {"name": "params.epochs", "down": True},
    )
    folded = page(trained.portal, trained.people.viewer, "runs", group="recipe", closed="recipe:tabular")
    assert lines_of(folded) == ["tabular"]


def test_curves_of_the_runs_with_an_open_eye_are_drawn(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.viewer, "runs", eyes=f",{trained.done.id}", panels="train_loss")
    (row,) = (row for row in catalogs_of(test)["runs"]["rows"] if row["id"] == trained.done.id)
    assert row["cells"][0]["is_on"]
    assert "No run is drawn" in text_of(page(trained.portal, trained.people.viewer, "runs", eyes="none"))


def test_a_view_is_kept_under_a_name(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.viewer, "runs", group="recipe", filter="params.epochs>1")
    test.text_input(key="view_name").input("Mine")
    test.button(key="keep_view").click()
    drawn(test)
    (view,) = trained.portal.run_workspace.list_run_views(trained.people.viewer).items
    assert view.address == "group=recipe&filter=params.epochs%3E1"
    test.button(key="delete_view_Mine").click()
    drawn(test)
    assert trained.portal.run_workspace.list_run_views(trained.people.viewer).total == 0


def test_a_finished_run_answers_in_words_first(trained: TrainedPortal) -> None:
    shown = text_of(page(trained.portal, trained.people.viewer, "run", id=trained.done.id))
    assert "which training never saw" in shown
    assert "`16` :gray[default 128]" in shown
    assert "Register a version" not in shown  # A viewer registers nothing.


def tab(trained: TrainedPortal, name: str, **query: str) -> AppTest:
    return page(trained.portal, trained.people.engineer, "run", id=trained.done.id, tab=name, **query)


def test_a_run_stands_against_others_on_the_same_rows(trained: TrainedPortal) -> None:
    shown = text_of(tab(trained, "Overview"))
    assert "Against others" in shown
    assert "Baseline" in shown or "It is the best run on these rows itself" in shown
    rival = start(trained.portal, trained.people, trained.training_set, title="A rival")
    test = page(trained.portal, trained.people.viewer, "run", id=rival.id)
    assert "Waiting for capacity" in text_of(test)
    assert trained.done.id not in text_of(test)  # It has no figures to hold against the best.


def test_a_log_is_searched_and_narrowed(trained: TrainedPortal) -> None:
    test = tab(trained, "Logs")
    shown = "\n".join(str(part.proto.body) for part in test.get("html"))
    assert "step" in shown
    test.text_input(key="log_search").input("nothing says this")
    assert "No line matches." in text_of(drawn(test))


def test_what_a_run_used_and_made_is_shown(trained: TrainedPortal) -> None:
    assert "model.onnx" in text_of(tab(trained, "Files"))
    assert "device" in text_of(tab(trained, "System"))
    assert not tab(trained, "Charts").exception


def test_a_star_and_a_note_are_written_on_the_run(trained: TrainedPortal) -> None:
    test = tab(trained, "Overview")
    test.button(key="star").click()
    drawn(test)
    test.text_area(key="note_text").input("Worth *another* try")
    test.text_input(key="note_tags").input("gold, later")
    test.button(key="save_note").click()
    shown = text_of(drawn(test))
    assert "Worth *another* try" in shown
    assert "#gold" in shown
    marks = trained.portal.run_workspace.run_marks(trained.people.engineer, run_id=trained.done.id)
    assert (marks.tags, marks.starred) == (("gold", "later"), True)


def test_the_seed_that_nobody_chose_is_no_change_of_the_defaults(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.viewer, "run", id=trained.done.id)
    defaults = next(part for part in test.expander if part.label.endswith("defaults"))
    assert "Seed" in defaults.table[0].value[""].tolist()


def test_a_run_that_waits_says_so_and_can_be_stopped_by_its_owner(trained: TrainedPortal) -> None:
    run = start(trained.portal, trained.people, trained.training_set, title="To be stopped")
    assert "stop" not in [
        button.key for button in page(trained.portal, trained.people.other_engineer, "run", id=run.id).button
    ]
    test = page(trained.portal, trained.people.engineer, "run", id=run.id)
    assert "Waiting for capacity" in text_of(test)
    test.button(key="stop").click()
    assert "Stopping" in text_of(drawn(test))
    assert run_job_here(trained.portal, run.job_id).state is JobState.CANCELLED
    shown = text_of(drawn(test))
    assert "It was stopped" in shown
    assert "Resume" in shown
    test.button(key="resume").click()
    drawn(test)
    assert trained.portal.training.get_run(trained.people.viewer, run_id=run.id).state is JobState.QUEUED


def test_a_wrong_parameter_is_refused_at_its_field(trained: TrainedPortal) -> None:
    before = trained.portal.training.list_runs(trained.people.viewer).total
    test = form_of(trained, "start-training")
    test.number_input(key="params_tabular_epochs").set_value(-1)
    test.button(key="start_now").click()
    shown = text_of(drawn(test))
    assert "Parameters: epochs must be at least 0" in shown
    assert any(caption.value.startswith(":red[") for caption in test.caption)
    assert trained.portal.training.list_runs(trained.people.viewer).total == before


def test_a_training_is_started_with_what_was_entered(trained: TrainedPortal) -> None:
    test = form_of(trained, "start-training")
    test.number_input(key="params_tabular_epochs").set_value(7)
    test.number_input(key="seed").set_value(11)
    test.text_input(key="title").input("From the form")
    test.button(key="start_now").click()
    test.run()
    run = trained.portal.training.list_runs(trained.people.viewer).items[0]
    assert (run.title, run.params["epochs"], run.seed) == ("From the form", 7, 11)


def test_code_that_nothing_is_fetched_from_is_refused_at_its_field(trained: TrainedPortal) -> None:
    test = page(
        trained.portal, trained.people.engineer, "start-training", training_set=trained.training_set, recipe="script"
    )
    assert "Your own code, from a commit" in text_of(test)
    test.text_input(key="params_script_repository").set_value("https://evil.example/a/b")
    test.text_input(key="params_script_commit").set_value("main")
    test.button(key="start_now").click()
    drawn(test)
    assert "Nothing is fetched from 'https://evil.example/a/b'" in text_of(test)


def test_a_run_of_code_says_which_code_it_was(trained: TrainedPortal) -> None:
    known = {"repository": "https://github.com/me/mine", "commit": "a" * 40, "source": "b" * 64, "packages": "3"}
    with trained.portal.foundation.database.write() as session:
        row = session.get_one(RunRow, trained.waiting.id)
        before, row.environment = row.environment, known
        session.add(row)
    shown = text_of(page(trained.portal, trained.people.viewer, "run", id=trained.waiting.id))
    with trained.portal.foundation.database.write() as session:
        row = session.get_one(RunRow, trained.waiting.id)
        row.environment = before
        session.add(row)
    assert "[github.com/me/mine](https://github.com/me/mine)" in shown
    assert "`aaaaaaaaaaaa`" in shown


def test_a_model_without_a_proper_name_is_not_registered(trained: TrainedPortal) -> None:
    test = page(trained.portal, trained.people.engineer, "run", id=trained.done.id)
    test.button(key="register").click()
    drawn(test)
    assert "Name is missing" in text_of(pressed(test, "register", "register_now"))
    assert trained.portal.registry.list_versions(trained.people.viewer).total == 0


@pytest.fixture
def sweep(trained: TrainedPortal) -> Sweep:
    """A sweep of three trials: one complete, one pruned, one failed."""
    started = sweeping.start(trained.portal, trained.people, trained.training_set, trials=3, workers=1)
    job = started.job_ids[0]
    ends = ({"kind": "complete", "value": 0.5}, {"kind": "pruned", "value": 0.6}, {"kind": "failed", "cause": "NaN"})
    for number, end in enumerate(ends):
        params = {"learning_rate": 0.01 * (number + 1), "hidden_width": 8}
        assert assign_new(trained.portal.foundation, started.id, number=number, params=params, job_id=job)
        ingest(trained.portal, job, {"number": number, **end})
    return trained.portal.sweeps.get_sweep(trained.people.viewer, sweep_id=started.id)


def test_a_sweep_says_how_far_it_is_and_which_trial_leads(trained: TrainedPortal, sweep: Sweep) -> None:
    shown = text_of(page(trained.portal, trained.people.viewer, "sweep", id=sweep.id))
    assert "best so far trial 0 with log loss 0.5" in shown
    assert "1 stopped early" in shown
    assert "3 trials are few for 2 parameters" in shown
    assert "Pruned" in shown


def test_a_sweep_is_stopped_by_its_owner(trained: TrainedPortal, sweep: Sweep) -> None:
    assert "stop" not in [
        button.key for button in page(trained.portal, trained.people.viewer, "sweep", id=sweep.id).button
    ]
    test = page(trained.portal, trained.people.engineer, "sweep", id=sweep.id)
    test.button(key="stop").click()
    drawn(test)
    assert "It was stopped." in text_of(drawn(test))
    assert "No sweep matches" not in text_of(page(trained.portal, trained.people.viewer, "sweeps", state="cancelled"))


def test_the_best_value_is_called_flattering_once_it_was_confirmed(trained: TrainedPortal, sweep: Sweep) -> None:
    from core.sweeps.tables import SweepRow

    confirmed = {
        "run_ids": [trained.done.id],
        "value": {"value": 0.52, "low": 0.5, "high": 0.54},
        "untouched": {"log_loss": {"value": 0.53, "low": 0.5, "high": 0.56}},
    }
    with calling(trained.portal, sweeping.SYSTEM) as call:
        row = call.session.get_one(SweepRow, sweep.id)
        row.confirmation, row.state = confirmed, "finished"
        call.session.add(row)
    shown = text_of(page(trained.portal, trained.people.engineer, "sweep", id=sweep.id))
    assert "Confirmed: log loss 0.5200 (0.5000 to 0.5400)" in shown
    assert "is biased upward" in shown
    assert f"Register {trained.done.id}" in shown
    assert "log loss 0.5200" in text_of(page(trained.portal, trained.people.viewer, "sweeps"))


def test_a_wrong_range_is_refused_at_its_line(trained: TrainedPortal) -> None:
    test = form_of(trained, "start-sweep")
    test.number_input(key="space_tabular_dropout_low").set_value(0.9)
    test.button(key="start_now").click()
    shown = text_of(drawn(test))
    assert "space.dropout.low: low is above high" in shown
    assert any(caption.value.startswith(":red[") and "low is above high" in caption.value for caption in test.caption)


def test_few_trials_are_warned_of_before_any_is_run(trained: TrainedPortal) -> None:
    test = form_of(trained, "start-sweep")
    test.number_input(key="trials").set_value(3)
    assert "3 trials are few for 4 parameters" in text_of(drawn(test))


def test_a_sweep_is_started_with_choices_and_fixed_parameters(trained: TrainedPortal) -> None:
    test = form_of(trained, "start-sweep")
    test.multiselect(key="space_tabular").set_value(["schedule"])
    drawn(test)
    test.number_input(key="fixed_tabular_epochs").set_value(1)
    test.button(key="start_now").click()
    test.run()
    sweep = trained.portal.sweeps.list_sweeps(trained.people.viewer).items[0]
    assert sweep.space["schedule"].choices == ("one_cycle", "cosine", "constant")
    assert sweep.base_params == {"epochs": 1}
