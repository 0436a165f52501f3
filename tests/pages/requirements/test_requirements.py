"""Requirements in the browser."""

from app.requirements.criteria import label_of, offered
from core.portal import Portal
from core.requirements.values import Criterion
from core.tasks.metrics import OPERATIONAL
from core.tasks.task import all_metrics, all_tasks
from tests.conftest import People
from tests.pages.running import drawn, page, text_of
from tests.registry.onnx_files import register_tiny

CRITERIA = (Criterion.model_validate({"metric": "auc", "comparison": "at_least", "limit": 0.68}),)


def test_an_empty_list_says_what_to_do(portal: Portal, people: People) -> None:
    assert "No requirements yet" in text_of(page(portal, people.engineer, "requirements"))


def test_the_list_shows_conditions(portal: Portal, people: People) -> None:
    portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="Warn of late *arrivals*", criteria=CRITERIA
    )
    shown = text_of(page(portal, people.viewer, "requirements"))
    assert "Warn of late *arrivals*" in shown
    assert "AUC at least 0.68" in shown


def test_another_team_sees_nothing_of_it(portal: Portal, people: People) -> None:
    portal.requirements.create_requirement(people.engineer, project="PROJ-1", title="Secret goal", criteria=CRITERIA)
    assert "Secret goal" not in text_of(page(portal, people.outsider, "requirements"))


def test_a_requirement_is_written_in_the_browser(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.text_input(key="new_title").input("Warn passengers early")
    test.number_input(key="new_limit_0").set_value(0.7)
    test.button(key="new_save").click()
    drawn(test)
    requirement = portal.requirements.list_requirements(people.engineer).items[0]
    assert (requirement.title, requirement.criteria[0].limit) == ("Warn passengers early", 0.7)


def test_the_metrics_of_one_task_are_offered_with_their_direction_and_unit() -> None:
    for name, task in all_tasks().items():
        metrics = offered(name)
        assert set(metrics) == {metric.name for metric in (*task.metrics, *OPERATIONAL)}
        assert metrics[: len(task.leading)] == task.leading
    assert set(offered("")) == set(all_metrics())
    assert label_of("rmse", task="regression") == "RMSE · less is better"
    assert label_of("p99_ms", task="regression").endswith("(ms) · less is better · while it serves")
    assert label_of("auc", task="").startswith("AUC · more is better · ")
    assert "rmse" in offered("binary", given="rmse")


def test_conditions_are_narrowed_to_what_is_predicted(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.selectbox(key="new_task").set_value("regression")
    drawn(test)
    leading = all_tasks()["regression"].leading[0]
    assert test.selectbox(key="new_metric_0_regression").value == leading
    test.text_input(key="new_title").input("Prices")
    test.number_input(key="new_limit_0").set_value(20.0)
    test.button(key="new_save").click()
    drawn(test)
    (criterion,) = portal.requirements.list_requirements(people.engineer).items[0].criteria
    assert (criterion.metric, criterion.comparison) == (leading, "at_most")


def test_a_condition_without_a_limit_is_refused_at_the_form(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.text_input(key="new_title").input("Warn passengers early")
    test.button(key="new_save").click()
    assert "A condition has no limit yet" in text_of(drawn(test))


def test_two_conditions_on_one_metric_are_refused_in_words(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "edit-requirement")
    test.text_input(key="new_title").input("Warn passengers early")
    test.button(key="new_add").click()
    drawn(test)
    test.selectbox(key="new_metric_1").set_value("auc")
    for line in (0, 1):
        test.number_input(key=f"new_limit_{line}").set_value(0.7)
    test.button(key="new_save").click()
    assert "There are two conditions on auc" in text_of(drawn(test))


def test_nothing_measured_is_said_and_not_passed(portal: Portal, people: People) -> None:
    requirement = portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="Warn of late arrivals", criteria=CRITERIA
    )
    shown = text_of(page(portal, people.viewer, "requirement", id=requirement.id))
    assert "nothing measured yet" in shown
    assert "check_circle" not in shown


def test_each_version_has_its_own_column_and_lends_no_figure(portal: Portal, people: People) -> None:
    fields = (
        {"metric": "auc", "comparison": "at_least", "limit": 0.6},
        {"metric": "p99_ms", "comparison": "at_most", "limit": 50},
    )
    criteria = tuple(Criterion.model_validate(item) for item in fields)
    requirement = portal.requirements.create_requirement(
        people.engineer, project="PROJ-1", title="Warn of late arrivals", criteria=criteria
    )
    good, bad = (
        register_tiny(portal, people.engineer, weight=weight, requirement_id=requirement.id) for weight in (1.0, -1.0)
    )
    test = page(portal, people.viewer, "requirement", id=requirement.id)
    table = test.table[0].value
    heads = [column.partition("]")[0].strip("[") for column in table.columns]
    assert heads == ["Condition", "late-arrival v2", "late-arrival v1"]
    _conditions, second, first = (list(table[column]) for column in table.columns)
    assert f"check_circle:] {good.evaluations[0].metrics['auc'].value:.4f} " in first[0]
    assert f"cancel:] {bad.evaluations[0].metrics['auc'].value:.4f} " in second[0]
    assert first[1] == second[1] == ":gray[not measured]"
    assert "late-arrival v1 keeps 1 of 2 conditions." in text_of(test)
