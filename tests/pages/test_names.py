"""Names in pages: the identifier follows what is typed until somebody writes another one; later the title alone
changes."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from core.portal import Portal
from tests.conftest import People
from tests.pages.running import drawn, page, pressed, text_of
from tests.upgrade.home import PEOPLE, upgraded

TITLE = "航班抵达"


def typed(test: AppTest, key: str, text: str) -> AppTest:
    """Types into a field of the dialog, which stays open."""
    test.button(key="new_model").click()
    test.text_input(key=key).input(text)
    return drawn(test)


def test_the_identifier_follows_the_name_until_somebody_writes_another(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "models")
    test.button(key="new_model").click()
    drawn(test)
    assert typed(test, "model_name", "Flüge, Mai").text_input(key="model_identifier").value == "fluge-mai"
    assert typed(test, "model_name", "Flüge, Juni").text_input(key="model_identifier").value == "fluge-juni"
    typed(test, "model_identifier", "june")
    assert typed(test, "model_name", "Flüge, Juli").text_input(key="model_identifier").value == "june"
    pressed(test, "new_model", "model_create")
    model = portal.registry.get_model(people.viewer, model_id="M-1")
    assert (model.title, model.name) == ("Flüge, Juli", "june")


def test_a_title_without_latin_letters_is_the_heading_and_the_identifier_a_fact(portal: Portal, people: People) -> None:
    test = page(portal, people.engineer, "models")
    test.button(key="new_model").click()
    drawn(test)
    assert typed(test, "model_name", TITLE).text_input(key="model_identifier").value == "model-1"
    created = pressed(test, "new_model", "model_create")
    assert created.title[0].value == TITLE
    assert "`model-1`" in text_of(created)
    assert f"{TITLE},model-1 · " in text_of(page(portal, people.viewer, "models"))


def test_an_identifier_that_is_taken_is_shown_with_its_number(portal: Portal, people: People) -> None:
    portal.registry.create_model(people.engineer, project="PROJ-1", title="Flüge")
    test = page(portal, people.engineer, "models")
    test.button(key="new_model").click()
    drawn(test)
    assert typed(test, "model_name", "Flüge").text_input(key="model_identifier").value == "fluge-2"
    pressed(test, "new_model", "model_create")
    assert portal.registry.get_model(people.viewer, model_id="M-2").name == "fluge-2"


def test_a_run_is_registered_under_a_title_with_its_identifier_shown(tmp_path: Path) -> None:
    with upgraded(tmp_path) as portal:
        test = page(portal, PEOPLE.engineer, "run", id="RUN-3")
        test.button(key="register").click()
        assert drawn(test).selectbox(key="register_model").options == ["late-arrival", "A new model"]
        test.button(key="register").click()
        test.selectbox(key="register_model").set_value("")
        drawn(test)
        test.button(key="register").click()
        test.text_input(key="register_name").input(TITLE)
        assert drawn(test).text_input(key="register_identifier").value == "model-2"
        test.text_input(key="register_identifier").input("late-arrival")
        assert "There is already a model called late-arrival" in text_of(pressed(test, "register", "register_now"))
        test.text_input(key="register_identifier").input("")
        pressed(test, "register", "register_now")
        version = portal.registry.get_version(PEOPLE.engineer, version_id="MV-3")
        assert (version.title, version.model) == (f"{TITLE} v1", "model-2")


def test_renaming_says_what_stays_and_shows_the_new_title(portal: Portal, people: People) -> None:
    portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="flights")
    test = page(portal, people.engineer, "dataset", id="DS-1")
    assert "`flights`" not in text_of(test)
    test.menu_button(key="more").click("Rename")
    assert "The identifier stays `flights`: queries and addresses keep working." in text_of(drawn(test))
    test.text_input(key="rename_title").input(TITLE)
    test.menu_button(key="more").click("Rename")
    test.button(key="rename_save").click()
    drawn(test)
    renamed = page(portal, people.viewer, "dataset", id="DS-1")
    assert renamed.title[0].value == TITLE
    assert "`flights`" in text_of(renamed)
    assert f"{TITLE},flights" in text_of(page(portal, people.viewer, "datasets"))
    assert "Rename" not in [option for menu in renamed.get("menu_button") for option in menu.options]


def test_renaming_to_nothing_is_refused_at_the_field(portal: Portal, people: People) -> None:
    portal.datasets.create_dataset(people.engineer, project="PROJ-1", name="flights")
    test = page(portal, people.engineer, "dataset", id="DS-1")
    test.menu_button(key="more").click("Rename")
    drawn(test)
    test.text_input(key="rename_title").input("  ")
    test.menu_button(key="more").click("Rename")
    test.button(key="rename_save").click()
    assert "Name must not be empty" in text_of(drawn(test))
    assert portal.datasets.get_dataset(people.viewer, dataset_id="DS-1").title == "flights"
