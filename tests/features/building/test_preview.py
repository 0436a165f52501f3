"""Logic tried out while it is being written: in the sandbox, on a sample, in seconds."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.features.building.preview import SAMPLE_ROWS, preview_rows
from core.features.job_specs import BuildJobSpec
from core.features.values import FeatureRule, LogicPreview, VersionTests
from core.foundation.errors import Invalid, NotAllowed, NotFound
from tests.features.departures import LIMITS, flights, source
from tests.features.drafting import Drafts, open_drafts
from tests.features.logic.test_pandas_logic import MEAN


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drafts]:
    opened = open_drafts(tmp_path_factory.mktemp("home"))
    yield opened
    opened.portal.foundation.database.close()


def preview(drafts: Drafts, **changes: Any) -> LogicPreview:
    return drafts.portal.feature_drafts.preview_logic(
        drafts.people.engineer, view_id=drafts.view, **drafts.definition(**changes)
    )


def test_a_preview_shows_the_newest_rows_the_features_and_the_checks(drafts: Drafts) -> None:
    began = time.monotonic()
    rules = VersionTests(rules=(FeatureRule(feature="mean_delay", maximum=5),), unique_rows=True)
    logic_preview = preview(drafts, tests=rules)
    assert time.monotonic() - began < 10
    assert [(item.name, item.type, item.kind) for item in logic_preview.features] == [
        ("mean_delay", "DOUBLE", "number")
    ]
    assert 0 < logic_preview.features[0].null_share < 0.05
    assert (logic_preview.preview.columns, len(logic_preview.preview.rows), logic_preview.sample_rows) == (
        ("carrier", "left_at", "mean_delay"),
        50,
        400,
    )
    moments = [row[1] for row in logic_preview.preview.rows]
    assert moments == sorted(moments, reverse=True)
    verdicts = {check.name: check.verdict for check in logic_preview.checks}
    assert verdicts["mean_delay is at most 5"] == "fail"
    assert 0 < logic_preview.seconds < 10
    assert drafts.portal.feature_versions.list_versions(drafts.people.viewer, view_id=drafts.view).total == 0


def test_both_forms_are_held_against_each_other(drafts: Drafts) -> None:
    (check,) = [check for check in preview(drafts, python=MEAN).checks if check.name == "SQL and pandas agree"]
    # A window of pandas refuses rows without a time; one of SQL has no objection to them.
    assert check.verdict == "fail"
    assert {row[0] for row in check.rows} == {"with nulls"}
    agreed = preview(drafts, python=MEAN.replace("flights.sort", 'flights.dropna(subset=["left_at", "carrier"]).sort'))
    assert [check.verdict for check in agreed.checks if check.name == "SQL and pandas agree"] == ["pass"]


def test_pandas_alone_is_previewed_too(drafts: Drafts) -> None:
    logic_preview = preview(drafts, sql="", python=MEAN)
    assert [item.name for item in logic_preview.features] == ["mean_delay"]


MISTAKES = {
    "SQL": ({"sql": "SELECT carrier,\n       nope\nFROM flights"}, "column nope not found", "Line 2"),
    "Python": (
        {"sql": "", "python": "def features(flights):\n    return flights['nope']\n"},
        "KeyError: 'nope'",
        "Line 2: return flights['nope']",
    ),
    "syntax": ({"sql": "", "python": "def features(flights):\n    return (\n"}, "Python: ", "Line 2"),
    "nothing": ({"sql": ""}, "neither SQL nor Python", ""),
    "a rule": (
        {"tests": VersionTests(rules=(FeatureRule(feature="nope", minimum=0),))},
        "no such feature",
        "",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_told_with_its_line(drafts: Drafts, case: str) -> None:
    changes, words, hint = MISTAKES[case]
    with pytest.raises(Invalid) as refusal:
        preview(drafts, **changes)
    assert words in refusal.value.message
    assert hint in refusal.value.hint
    assert refusal.value.line == (2 if hint else 0)
    assert refusal.value.field


def test_logic_that_never_ends_is_stopped_in_time_and_others_go_on(drafts: Drafts) -> None:
    began = time.monotonic()
    with pytest.raises(Invalid, match="took too long"):
        preview(drafts, sql="", python="def features(flights):\n    while True:\n        pass\n")
    assert time.monotonic() - began < 12
    assert preview(drafts).preview.rows


def test_a_preview_is_for_those_who_may_write_the_version(drafts: Drafts) -> None:
    for person in (drafts.people.viewer, drafts.people.approver):
        with pytest.raises(NotAllowed):
            drafts.portal.feature_drafts.preview_logic(person, view_id=drafts.view, **drafts.definition())
    with pytest.raises(NotFound):
        drafts.portal.feature_drafts.preview_logic(drafts.people.outsider, view_id=drafts.view, **drafts.definition())


def test_a_sample_keeps_a_few_keys_whole(tmp_path: Path) -> None:
    """Of a table longer than the sample the latest rows of the most frequent keys are taken, none of them left out."""
    table = flights(30_000)
    given, path = source(tmp_path, table, marks={})
    job_spec = BuildJobSpec(
        view="carrier_delay",
        sql="SELECT carrier, left_at, count(*) OVER (PARTITION BY carrier) AS n, distance FROM flights",
        sources=(given,),
        keys=("carrier",),
        event_time="left_at",
        created_time="",
        ttl_seconds=0,
        delay_seconds=0,
        categories=(),
        numbers=("n", "distance"),
    )
    logic_preview = preview_rows(job_spec, inputs={"flights": path}, limits=LIMITS)
    assert logic_preview.sample_rows == SAMPLE_ROWS
    newest = max(row["left_at"] for row in table.to_pylist())
    assert logic_preview.preview.rows[0][1] == newest.isoformat().replace("+00:00", "Z")
