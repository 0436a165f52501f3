"""The editor of feature versions: what was typed stays, the preview tells what comes of it, and how far it goes."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from core.features.values import FeatureRule, FeatureVersion, FeatureView, VersionState
from tests.compute.running import run_job_here, wait_until
from tests.installed import installed, settings_in
from tests.lake.imports.in_process import imported
from tests.pages.conftest import PROJECT, SQL, Furnished, flights
from tests.pages.running import code_of, drawn, editors_of, page, pressed, text_of, write_code

EDITOR = "new-feature-version"
PANDAS = """
import pandas as pd

def features(flights):
    day = flights.due.dt.floor("D") + pd.Timedelta(days=1)
    made = flights.assign(day=day).groupby(["carrier", "day"], as_index=False)
    return made.agg(flights=("late", "size"), late_share=("late", "mean"))
""".strip()


class Editor:
    """A portal with flights, in which every test has a view of its own."""

    def __init__(self, furnished: Furnished) -> None:
        self.portal, self.mei, self.viewer = furnished.portal, furnished.people.engineer, furnished.people.viewer
        self.snapshot, self.views = furnished.snapshot, 0

    def view(self) -> FeatureView:
        self.views += 1
        name = f"of_test_{self.views}"
        return self.portal.feature_views.create_view(
            self.mei, project=PROJECT, name=name, entity="carrier", keys=("carrier",)
        )

    def open(self, view: FeatureView, **query: str) -> AppTest:
        return page(self.portal, self.mei, EDITOR, id=view.id, **query)

    def versions(self, view: FeatureView) -> tuple[FeatureVersion, ...]:
        return self.portal.feature_versions.list_versions(self.mei, view_id=view.id).items

    def draft(self, view: FeatureView) -> FeatureVersion:
        return self.portal.feature_drafts.create_version(
            self.mei, view_id=view.id, sql=SQL, sources={"flights": self.snapshot}, event_time="day", until="draft"
        )

    def published(self, view: FeatureView) -> FeatureVersion:
        draft = self.draft(view)
        self.portal.feature_drafts.build_version(self.mei, version_id=draft.id, until="published")
        version = self.portal.feature_versions.get_version(self.mei, version_id=draft.id)
        assert run_job_here(self.portal, version.job_id).state == "succeeded"
        return version


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    with installed(settings_in(tmp_path_factory.mktemp("editor") / "home")) as (portal, people):
        dataset = portal.datasets.create_dataset(people.engineer, project=PROJECT, name="flights")
        snapshot = imported(portal, people.engineer, dataset_id=dataset.id, filename="flights.csv", content=flights())
        none = dict.fromkeys(("requirement", "dataset", "import_id", "view", "version", "training_set"), "")
        yield Editor(Furnished(portal, people, snapshot=snapshot.id, **none))


def typed(test: AppTest, view: FeatureView, **fields: str) -> AppTest:
    """The editor with flights as its table and these texts in its fields."""
    test.multiselect(key=f"source_{view.id}-0_tables").select("flights")
    for name, text in fields.items():
        if name in ("sql", "python"):
            write_code(test, f"{name}_code_{view.id}-0", text)
        else:
            test.text_input(key=f"{name}_{view.id}-0").input(text)
    return drawn(test)


def tried(test: AppTest) -> str:
    """What can be read once the preview is there. On a busy machine it may take longer than it may, or find others in
    its way; then it is asked for again, as people would."""

    def is_there() -> bool:
        shown = text_of(drawn(test))
        is_late = "took longer than" in shown or "Other previews are running" in shown
        if is_late:
            test.button(key="preview").click()
        return not is_late and "Running on a sample" not in shown

    wait_until(is_there, what="the preview")
    return text_of(test)


def test_a_new_version_begins_with_the_newest_one(furnished: Furnished) -> None:
    test = page(furnished.portal, furnished.people.engineer, EDITOR, id=furnished.view)
    assert "date_trunc" in code_of(test, "SQL")
    assert test.text_input(key=f"event_time_{furnished.view}-0").value == "day"
    assert "Version 2 of carrier_delay" in text_of(test)
    assert "No preview yet" in text_of(test)


def test_what_was_typed_is_there_after_another_page(editor: Editor) -> None:
    view = editor.view()
    test = typed(editor.open(view), view, sql="SELECT 1", event_time="day", tags="daily")
    elsewhere(test, "features")
    assert "Version 1 of" not in text_of(test)
    elsewhere(test, EDITOR)
    assert code_of(test, "SQL") == "SELECT 1"
    assert test.text_input(key=f"tags_{view.id}-0").value == "daily"
    assert test.multiselect(key=f"source_{view.id}-0_tables").value == ["flights"]


def elsewhere(test: AppTest, url: str) -> None:
    test._page_hash = calc_hash(url)
    drawn(test)


def test_a_preview_tells_rows_types_nulls_checks_and_agreement(editor: Editor) -> None:
    view = editor.view()
    shown = tried(typed(editor.open(view), view, sql=SQL, python=PANDAS, event_time="day"))
    assert "2 features" in shown
    assert "SQL and pandas agree" in shown
    assert "the latest 240 source rows" in shown
    assert "`late_share`,double,number,0" in shown
    assert "carrier,day,flights,late_share" in shown
    assert editor.versions(view) == ()


def test_forms_that_differ_show_the_rows(editor: Editor) -> None:
    view = editor.view()
    other = PANDAS.replace('"mean"', '"max"')
    shown = tried(typed(editor.open(view), view, sql=SQL, python=other, event_time="day"))
    assert "1 of 2 checks not passed" in shown
    assert "Rows that broke: SQL and pandas agree" in shown


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"sql": "SELECT carrier,\n due AS day,\n nothing AS x\nFROM flights"}, "Line 3"),
        ({"python": "def features(flights):\n    rows = flights\n    return rows.nothing"}, "Line 3"),
    ],
    ids=["SQL", "pandas"],
)
def test_an_error_stands_at_its_field_with_its_line(editor: Editor, fields: dict[str, str], line: str) -> None:
    view = editor.view()
    test = typed(editor.open(view), view, event_time="day", **fields)
    shown = tried(test)
    at_field = next(caption.value for caption in test.caption if ":red[" in caption.value)
    assert "nothing" in at_field
    assert line in at_field, shown
    ((language, text),) = fields.items()
    shown = editors_of(test)["SQL" if language == "sql" else "Python"]
    assert shown["text"] == text
    assert [(error["line"], "nothing" in error["message"]) for error in shown["errors"]] == [(3, True)]
    write_code(test, f"{language}_code_{view.id}-0", f"{text} ")
    assert [data["errors"] for data in editors_of(drawn(test)).values()] == [[], []]


def test_a_wrong_version_is_refused_at_the_field(editor: Editor) -> None:
    view = editor.view()
    test = typed(editor.open(view), view, sql=SQL, event_time="no such column; DROP TABLE")
    test.button(key="build").click()
    assert "Event time takes letters" in text_of(drawn(test))
    assert any(":red[" in caption.value for caption in test.caption)
    assert editor.versions(view) == ()


def test_a_draft_is_kept_offered_and_changed(editor: Editor) -> None:
    view = editor.view()
    test = typed(editor.open(view), view, sql=SQL, event_time="day", tags="daily, late", description="First")
    test.button(key="draft").click()
    drawn(test)
    (draft,) = editor.versions(view)
    assert (draft.state, draft.tags, draft.sql) == (VersionState.DRAFT, ("daily", "late"), SQL)
    assert "Version 1 is a draft" in text_of(editor.open(view))
    again = editor.open(view, version=draft.id)
    assert code_of(again, "SQL") == SQL
    again.text_input(key=f"description_{draft.id}-0").input("Second")
    again.button(key="draft").click()
    drawn(again)
    assert [(item.id, item.description) for item in editor.versions(view)] == [(draft.id, "Second")]


def test_a_draft_is_kept_with_an_error_and_before_it_is_whole(editor: Editor) -> None:
    view = editor.view()
    test = editor.open(view)
    write_code(test, f"sql_code_{view.id}-0", "SELECT FROM")
    drawn(test).button(key="draft").click()
    drawn(test)
    (draft,) = editor.versions(view)
    assert (draft.state, draft.sql, draft.sources, draft.event_time) == (VersionState.DRAFT, "SELECT FROM", {}, "")


def edited(editor: Editor, draft: FeatureVersion, text: str) -> AppTest:
    """The editor of a draft in a tab of its own, with something typed and not saved."""
    test = page(editor.portal, editor.mei, EDITOR, id=draft.view_id, version=draft.id)
    test.text_input(key=f"description_{draft.id}-0").input(text)
    return drawn(test)


def test_what_another_tab_saved_is_told_and_saved_over_on_purpose(editor: Editor) -> None:
    draft = editor.draft(editor.view())
    first, second = edited(editor, draft, "First"), edited(editor, draft, "Second")
    first.button(key="draft").click()
    drawn(first)
    second.button(key="draft").click()
    shown = text_of(drawn(second))
    assert "Mei Lin saved this draft at" in shown
    assert "What you typed is still here" in shown
    field = second.text_input(key=f"description_{draft.id}-0")
    assert field.value == "Second"
    assert now(editor, draft).description == "First"
    second.button(key="meanwhile_see").click()
    shown = text_of(drawn(second))
    assert "-Description: First" in shown
    assert "+Description: Second" in shown
    pressed(second, "meanwhile_see", "meanwhile_over")
    drawn(second)
    assert now(editor, draft).description == "Second"
    assert "saved this draft" not in text_of(drawn(second))


def test_the_saved_one_is_gone_on_with_and_untouched_fields_follow_it(editor: Editor) -> None:
    draft = editor.draft(editor.view())
    touched, idle = (
        edited(editor, draft, "Mine"),
        page(editor.portal, editor.mei, EDITOR, id=draft.view_id, version=draft.id),
    )
    other = edited(editor, draft, "Theirs")
    other.button(key="draft").click()
    drawn(other)
    assert drawn(idle).text_input(key=f"description_{draft.id}-1").value == "Theirs"
    assert "saved this draft" in text_of(drawn(touched))
    touched.button(key="meanwhile_see").click()
    drawn(touched)
    pressed(touched, "meanwhile_see", "meanwhile_drop")
    assert drawn(touched).text_input(key=f"description_{draft.id}-1").value == "Theirs"


def test_what_was_typed_into_a_draft_that_was_discarded_becomes_another_version(editor: Editor) -> None:
    view = editor.view()
    draft = editor.draft(view)
    test = edited(editor, draft, "Kept")
    editor.portal.feature_versions.discard_version(editor.mei, version_id=draft.id, reason="By somebody else")
    shown = text_of(drawn(test))
    assert "Version 1 is no draft any more" in shown
    assert test.text_input(key=f"description_{draft.id}-0").value == "Kept"
    test.button(key="draft").click()
    drawn(test)
    (version,) = editor.versions(view)
    assert (version.version, version.description) == (2, "Kept")


def now(editor: Editor, draft: FeatureVersion) -> FeatureVersion:
    return editor.portal.feature_versions.get_version(editor.mei, version_id=draft.id)


def test_build_and_check_asks_for_a_staged_version(editor: Editor) -> None:
    view = editor.view()
    draft = editor.draft(view)
    test = editor.open(view, version=draft.id)
    test.button(key="build").click()
    drawn(test)
    (version,) = editor.versions(view)
    assert (version.id, version.state) == (draft.id, VersionState.BUILDING)
    assert run_job_here(editor.portal, version.job_id).state == "succeeded"
    assert editor.versions(view)[0].state is VersionState.STAGED


def test_publishing_tells_first_whom_it_touches(editor: Editor) -> None:
    view = editor.view()
    editor.published(view)
    test = editor.open(view)
    write_code(test, f"sql_code_{view.id}-0", SQL.replace("avg(late)", "max(late)"))
    test.button(key="publish").click()
    shown = text_of(drawn(test))
    assert "Nothing uses the view yet" in shown
    assert "moves from v1" in shown
    pressed(test, "publish", "publish_do")
    drawn(test)
    newest = editor.versions(view)[0]
    assert (newest.version, newest.state) == (2, VersionState.BUILDING)
    assert run_job_here(editor.portal, newest.job_id).state == "succeeded"
    assert editor.versions(view)[0].state is VersionState.PUBLISHED


def test_rules_are_kept_with_the_version(editor: Editor) -> None:
    view = editor.view()
    test = typed(editor.open(view), view, sql=SQL, event_time="day")
    rows = [
        {"Feature": "flights", "Nulls": "refuse", "At least": 1, "Unique": False},
        {"Feature": "late_share", "Nulls": "fill", "Fill with": "0", "At most": 1, "Nulls at most": 10},
        {"Feature": "nothing_promised", "Nulls": "keep"},
    ]
    test.session_state[f"rules_{view.id}-0-0"] = {"edited_rows": {}, "added_rows": rows, "deleted_rows": []}
    test.toggle(key=f"unique_rows_{view.id}-0").set_value(True)
    test.number_input(key=f"fresh_seconds_{view.id}-0").set_value(48)
    test.button(key="draft").click()
    drawn(test)
    tests = editor.versions(view)[0].tests
    assert tests.rules == (
        FeatureRule(feature="flights", nulls="refuse", minimum=1),
        FeatureRule(feature="late_share", nulls="fill", fill=0.0, maximum=1, most_null_share=0.1),
    )
    assert (tests.unique_rows, tests.fresh_seconds) == (True, 48 * 3600)


def test_a_query_brings_its_sql_and_takes_it_back(editor: Editor) -> None:
    view = editor.view()
    test = typed(editor.open(view), view, sql="SELECT 'typed before'")
    test.session_state["feature_draft_sql"] = "SELECT 'from the query page'"
    assert code_of(drawn(test), "SQL") == "SELECT 'from the query page'"
    test.button(key="take_back").click()
    assert code_of(drawn(test), "SQL") == "SELECT 'typed before'"


def test_another_version_is_what_a_new_one_begins_with(editor: Editor) -> None:
    view = editor.view()
    first = editor.published(view)
    test = editor.open(view, version=first.id)
    assert "Version 2 of" in text_of(test)
    test.text_input(key=f"event_time_{view.id}-0").input("other")
    drawn(test)
    test.menu_button(key="more").click("Start over")
    assert drawn(test).text_input(key=f"event_time_{view.id}-1").value == "day"


def test_a_version_of_another_view_is_not_found(editor: Editor) -> None:
    draft = editor.draft(editor.view())
    assert "has no version" in text_of(editor.open(editor.view(), version=draft.id))


def test_a_new_view_is_made_on_the_way(editor: Editor) -> None:
    test = page(editor.portal, editor.mei, EDITOR)
    for name, text in {"name": "made_here", "entity": "carrier", "keys": "carrier"}.items():
        test.text_input(key=f"editor_{name}").input(text)
    test.button(key="editor_create").click()
    assert "Version 1 of made_here" in text_of(drawn(test))
    test = page(editor.portal, editor.mei, EDITOR)
    test.text_input(key="editor_name").input("Not a name")
    test.button(key="editor_create").click()
    assert any(":red[" in caption.value for caption in drawn(test).caption)


def test_a_viewer_is_told_who_writes_features(editor: Editor) -> None:
    test = page(editor.portal, editor.viewer, EDITOR, id=editor.view().id)
    assert "Features are written by engineers" in text_of(test)
    assert not test.text_area
