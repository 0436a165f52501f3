"""The names of parallel axes stand beside each other whatever their length."""

import json
from typing import Any

from app.ui.panels.parallel import axis
from tests import streamlit_client

LETTER = 6.2


def picture() -> None:
    from app.ui.panels.parallel import axis, parallel

    names = ["Calibration error", "Mean absolute percentage error of all", "p99 latency ms", "x" * 40, "<b>AUC"]
    parallel([axis(name, [1.0, 2.0]) for name in names], colors=[0, 1], key="axes", alt="Five axes")


def layout() -> dict[str, Any]:
    test = streamlit_client.function(picture).run()
    assert not test.exception
    (chart,) = test.get("plotly_chart")
    spec: dict[str, Any] = json.loads(chart.proto.spec)
    return dict(spec["layout"])


def test_names_of_axes_do_not_overlap_in_a_narrow_column() -> None:
    heads = [note for note in layout()["annotations"] if note.get("yanchor") == "bottom"]
    distance = 350 / 4.55  # Between two axes of a picture of 350 pixels, in which lie five and some room beside them.
    assert [note["text"] for note in heads][:3] == [
        "Calibration<br>error",
        "Mean<br>absolute<br>percentage\u2026",
        "p99 latency<br>ms",
    ]
    for note in heads:
        assert max(map(len, note["text"].replace("&lt;", "<").split("<br>"))) * LETTER <= distance
    assert heads[-1]["text"] == "&lt;b&gt;AUC"


def test_ticks_have_as_many_digits_as_tell_them_apart() -> None:
    assert [text for _place, text in axis("AUC", [0.48762, 0.48848]).ticks] == ["0.4876", "0.488", "0.4885"]
    assert [text for _place, text in axis("rate", [0.5, 1.5]).ticks] == ["0.5", "1", "1.5"]


def test_the_picture_has_room_for_all_lines_of_a_name() -> None:
    low, high = layout()["yaxis"]["range"]
    above = (high - 1) / (high - low) * (250 - 8)
    assert above >= 3 * 14 + 10
