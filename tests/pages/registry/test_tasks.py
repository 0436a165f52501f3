"""Versions of other tasks than yes and no on the pages: their own figures, pictures and words."""

from typing import Any

from core.portal import Portal
from core.registry.values import ModelVersion
from tests.conftest import People
from tests.pages.running import page, text_of
from tests.registry.onnx_files import register_tiny
from tests.registry.other_tasks import defects, prices


def test_a_version_of_classes_shows_which_are_taken_for_which(portal: Portal, people: People) -> None:
    version = defects(portal, people.engineer)
    test = page(portal, people.viewer, "version", id=version.id)
    shown = text_of(test)
    assert "**Accuracy 0." in shown
    assert "**Log loss 0." in shown
    assert [chart["layout"]["xaxis"]["title"]["text"] for chart in charts_of(test)] == ["predicted", "class"]
    (heat,) = charts_of(test)[0]["data"]
    counts = [int(str(text).partition("<br>")[0]) for row in heat["text"] for text in row]
    assert sum(counts) == 240
    assert charts_of(test)[0]["layout"]["yaxis"]["ticktext"] == ["crack", "ok", "scratch"]
    assert charts_of(test)[1]["data"][0]["x"] == ["crack", "ok", "scratch"]


def test_a_version_of_numbers_shows_predicted_against_actual_and_the_residuals(portal: Portal, people: People) -> None:
    version = prices(portal, people.engineer)
    test = page(portal, people.viewer, "version", id=version.id)
    assert text_of(test).index("**Mean absolute error 1") < text_of(test).index("**Median absolute error 1")
    titles = [[chart["layout"][axis]["title"]["text"] for axis in ("xaxis", "yaxis")] for chart in charts_of(test)]
    assert titles == [["actual", "predicted"], ["predicted", "actual minus predicted"]]
    assert [trace["mode"] for trace in charts_of(test)[0]["data"]] == ["markers", "lines"]


def test_all_its_figures_and_pictures_have_an_address(portal: Portal, people: People) -> None:
    version = prices(portal, people.engineer)
    test = page(portal, people.viewer, "version", id=version.id, tab="Metrics")
    (table,) = (table.value for table in test.table)
    assert table["Metric"].tolist()[:2] == ["Mean absolute error", "RMSE"]
    assert table["Metric"].tolist()[-2:] == ["Rows", "Label"]
    assert "Positive" not in text_of(test)


def test_versions_of_one_task_are_compared_in_its_words(portal: Portal, people: People) -> None:
    worse, better = prices(portal, people.engineer, noise=40.0), prices(portal, people.engineer, noise=10.0, seed=2)
    ids = f"{worse.id},{better.id}"
    test = page(portal, people.engineer, "compare", ids=ids, baseline=worse.id)
    shown = text_of(test)
    assert "better in mean absolute error than v1" in shown
    assert test.button(key="request").label == "Request promotion of v2"
    assert "Changed decisions" not in shown


def test_versions_of_classes_say_which_decisions_changed(portal: Portal, people: People) -> None:
    first, second = defects(portal, people.engineer), defects(portal, people.engineer, noise=1.5, seed=2)
    shown = text_of(page(portal, people.engineer, "compare", ids=f"{first.id},{second.id}"))
    assert "v2 decides" in shown
    assert "A row is flagged" not in shown


def test_its_evidence_stands_in_the_order_of_the_task_and_speaks_of_no_positives(
    portal: Portal, people: People
) -> None:
    first, second = prices(portal, people.engineer, noise=40.0), prices(portal, people.engineer, noise=10.0, seed=2)
    measured = portal.registry.measure_quality(people.engineer, version_id=second.id, baseline_id=first.id)
    test = page(portal, people.viewer, "evidence", id=measured.id)
    (table,) = (table.value for table in test.table if "Baseline" in table.value)
    names = [name.partition("\u00a0")[0].partition(" \u2193")[0] for name in table["Metric"]]
    assert names[:3] == ["Mean absolute error", "RMSE", "MAPE"]
    assert "240 rows of test" in text_of(test)
    assert "of them positive" not in text_of(test)


def test_a_list_of_several_tasks_names_the_figure_in_each_line(portal: Portal, people: People) -> None:
    versions = [
        defects(portal, people.engineer),
        prices(portal, people.engineer),
        register_tiny(portal, people.engineer),
    ]
    shown = text_of(page(portal, people.viewer, "models"))
    assert all(figure_name in shown for figure_name in ("Accuracy", "Mean absolute error", "AUC"))
    home = text_of(page(portal, people.engineer, "home"))
    assert all(figure_name in home for figure_name in ("Accuracy", "Mean absolute error", "AUC"))
    assert len({version.model_id for version in versions}) == 3


def test_an_error_that_fell_is_shown_as_a_fall(portal: Portal, people: People) -> None:
    prices(portal, people.engineer, noise=40.0), prices(portal, people.engineer, noise=10.0, seed=2)
    first = page(portal, people.engineer, "home").metric[0]
    assert (first.label, first.value, first.delta[:1]) == ("MAE", "8.1013", "-")


def test_the_versions_of_a_model_stand_in_the_figures_of_its_task(portal: Portal, people: People) -> None:
    version: ModelVersion = prices(portal, people.engineer)
    shown = text_of(page(portal, people.viewer, "model", id=version.model_id))
    assert all(name in shown for name in ("MAE", "RMSE", "Median error"))
    assert "AUC" not in shown


def charts_of(test: Any) -> list[dict[str, Any]]:
    """What Plotly is given, in the order of the page."""
    import json

    return [json.loads(chart.proto.spec) for chart in test.get("plotly_chart")]
