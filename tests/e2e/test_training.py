"""Training in the browser: from the form to a model, stopped and resumed, and a sweep whose best is registered."""

import re

import pytest
from playwright.sync_api import expect

from tests.compute.running import wait_until
from tests.e2e.chain import Chain
from tests.e2e.visitor import Visitor

LEARNING = re.compile("% done.*validation log loss")
STOPPED = re.compile(r"stopped at step (\d+); the checkpoint is kept")


@pytest.fixture
def form(mei: Visitor, chain: Chain) -> Visitor:
    """The form of a new training, on the flights."""
    mei.go(f"/start-training?recipe=tabular&training_set={chain.training_set}")
    mei.page.get_by_text("more parameters").click()
    return mei


def test_a_wrong_value_is_told_at_its_field_and_nothing_is_lost(form: Visitor) -> None:
    form.fill("Title", "Small and quick")
    form.fill("Epochs", "-1")
    form.press("Start training")
    expect(form.page.locator("[class*=st-key-refusal_]")).to_be_visible()
    epochs = form.page.get_by_test_id("stColumn").filter(has=form.page.get_by_label("Epochs", exact=True)).last
    expect(epochs).to_contain_text("must be at least 0")
    expect(form.page.get_by_label("Title", exact=True)).to_have_value("Small and quick")
    form.fill("Epochs", "3")
    form.press("Start training")
    form.at("RUN")
    form.sees_in_the_end("Finished", re.compile("on the 886 rows of test, which training never saw"))
    expect(form.heading("Small and quick")).to_be_visible()
    form.stands()
    form.press("Register a version")
    form.choose("Model", "A new model")
    form.fill("Name", "quick-arrival")
    form.press("Register")
    form.at("MV")
    form.sees("quick-arrival v1")


def test_a_training_is_watched_stopped_and_resumed_where_it_was(form: Visitor, chain: Chain) -> None:
    form.fill("Title", "Long and slow")
    for label, value in {"Epochs": "1000", "Batch size": "64", "Early-stopping patience": "1000"}.items():
        form.fill(label, value)
    form.press("Start training")
    run = form.at("RUN")
    form.sees_in_the_end(LEARNING)
    form.press("Stop")
    form.sees_in_the_end("Its last checkpoint is kept")
    stopped = int(STOPPED.findall(chain.log_of(run))[0])
    form.press("Resume")
    wait_until(lambda: went_on(chain.log_of(run)), what="another step")
    assert steps_in(chain.log_of(run))[0] > stopped
    form.settled().press("Stop")
    form.sees(f"Stopping {run}")


def went_on(log: str) -> bool:
    """Whether this is the log of a new attempt that has trained already."""
    return bool(steps_in(log)) and not STOPPED.search(log)


def steps_in(log: str) -> list[int]:
    return [int(step) for step in re.findall(r"step (\d+), ", log)]


def test_a_sweep_of_three_trials_confirms_its_best_which_becomes_a_version(mei: Visitor, chain: Chain) -> None:
    mei.go(f"/start-sweep?recipe=tabular&training_set={chain.training_set}")
    mei.fill("Trials", "3")
    mei.fill("Fresh seeds", "1")
    mei.press("Start the sweep")
    mei.at("SW")
    mei.sees_in_the_end("Confirmed: log loss")
    mei.stands()
    mei.page.get_by_role("button", name=re.compile(r"^Register RUN-\d+$")).click()
    mei.choose("Model", "A new model")
    mei.fill("Name", "swept-arrival")
    mei.press("Register")
    mei.at("MV")
