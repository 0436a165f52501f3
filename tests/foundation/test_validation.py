"""What pydantic refuses reaches people in their own words."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

import pytest
from pydantic import AwareDatetime, BaseModel

from core.foundation.actions.spec import ActionSpec
from core.foundation.errors import Invalid
from core.foundation.validation import SHAPES, label_of
from core.identity.permissions import Permission
from core.portal import Portal
from core.training.recipe import check_params, recipe_called

CASES: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("lake.create_dataset", {"project": "P", "name": "Late arrivals"}, "Identifier takes lower-case letters", "name"),
    ("lake.create_dataset", {"name": "late"}, "Project is missing", "project"),
    ("lake.create_dataset", {"project": "P", "name": "late", "color": 1}, "There is no field Color here", "color"),
    ("serving.start_replay", {"endpoint_id": "EP-1", "start": "soon", "end": "2013-12-30"},
     "Start takes a date", "start"),
    ("serving.create_endpoint", {"name": "x"}, "Project is missing", "project"),
    ("features.drift", {"version_id": "F-1", "training_set_id": "TS-1", "until": "2013-12-30T00:00:00"},
     "Until needs a time zone, such as the Z", "until"),
    ("training.list_runs", {"limit": 0}, "Limit must be at least 1; 0 was given", "limit"),
    ("training.list_runs", {"limit": "many"}, "Limit takes a whole number; \u201cmany\u201d was given", "limit"),
    ("identity.mint_token", {"name": "ci", "scopes": ["fly"]}, "Scopes 1 must be one of", "scopes.0"),
    ("promotion.open_request", {"version_id": "MV-1", "endpoint_id": "EP-1", "plan": {"steps": [{"weight": 10}]}},
     "Plan: steps 1: hold seconds is missing", "plan.steps.0.hold_seconds"),
    ("lake.create_dataset", {"project": "P", "title": ""}, "Name must not be empty", "title"),
    ("lake.create_dataset", {"project": "P", "title": "x" * 121}, "Name takes at most 120 characters;", "title"),
    ("identity.mint_token", {"name": "c", "scopes": "x"}, "Scopes takes a list; \u201cx\u201d was given", "scopes"),
    ("identity.search", {"query": b"\xff"}, "Query cannot be read; something else was given", "query"),
)  # fmt: skip


def spec_of(portal: Portal, name: str) -> ActionSpec:
    return portal.catalog()[name][1]


@pytest.mark.parametrize(("action", "arguments", "message", "field"), CASES)
def test_a_refusal_names_the_field_as_pages_do(
    portal: Portal, action: str, arguments: dict[str, Any], message: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        spec_of(portal, action).validate(arguments)
    assert refused.value.message.startswith(message)
    assert refused.value.field == field


STEP = {"weight": 10, "hold_seconds": 1}
HINTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("lake.create_dataset", {"project": "P", "color": 1}, "There are: project, name, title, description."),
    ("serving.create_endpoint", {"project": "P", "environment": "staging", "slo": {"p99": 1}},
     "There are: p99_ms, error_rate."),
    ("promotion.open_request", {"version_id": "V", "endpoint_id": "E", "plan": {"steps": [{**STEP, "share": 1}]}},
     "There are: weight, hold_seconds."),
    ("promotion.open_request", {"version_id": "V", "endpoint_id": "E", "plan": "at once"},
     'Write {"steps": [{"weight": NUMBER, "hold_seconds": NUMBER}, ...]}'),
    ("identity.search", {"query": b"\xff"}, "Write TEXT"),
)  # fmt: skip


@pytest.mark.parametrize(("action", "arguments", "hint"), HINTS)
def test_a_refusal_says_what_may_stand_at_that_very_place(
    portal: Portal, action: str, arguments: dict[str, Any], hint: str
) -> None:
    with pytest.raises(Invalid) as refused:
        spec_of(portal, action).validate(arguments)
    assert refused.value.hint == hint


def test_a_parameter_of_a_recipe_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid) as refused:
        check_params(recipe_called("tabular"), params={"epoch": 3})
    assert refused.value.message == "There is no field Parameters: epoch here"
    assert "epochs" in refused.value.hint


def test_text_in_the_wrong_form_is_refused_with_an_example(portal: Portal) -> None:
    with pytest.raises(Invalid) as refused:
        spec_of(portal, "lake.create_dataset").validate({"project": "P", "name": "9 lives"})
    assert refused.value.message == (
        "Identifier takes lower-case letters, digits and underscores, beginning with a letter; "
        "\u201c9 lives\u201d was given"
    )
    assert refused.value.hint == "For example: customer_orders"


def test_every_pattern_of_the_catalog_has_words_and_an_example_that_fits(portal: Portal) -> None:
    schemas = [spec.parameters.model_json_schema() for _service, spec in portal.catalog().values()]
    patterns = {
        json.loads(f'"{pattern}"') for pattern in re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(schemas))
    }
    assert patterns <= set(SHAPES)
    assert [pattern for pattern, shape in SHAPES.items() if not re.search(pattern, shape.example)] == []


def test_a_place_within_lists_is_counted_from_one() -> None:
    assert label_of(("splits", 1, "start")) == "Splits 2: start"
    assert label_of(("endpoint_id",)) == "Endpoint"


ENDS = {
    "integer": ("maximum",),
    "string": ("maxLength", "pattern", "enum", "const", "format"),
    "array": ("maxItems",),
}


def unbounded(schema: Any, place: str) -> Iterator[str]:
    """The numbers, texts and lists of a schema that go on for ever."""
    if isinstance(schema, dict):
        ends = ENDS.get(schema.get("type", ""))
        if ends and not any(name in schema for name in ends):
            yield place
        for part in (*schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties")):
            yield from unbounded(part, place)


def test_every_number_text_and_list_of_an_action_has_an_end(portal: Portal) -> None:
    for _service, spec in portal.catalog().values():
        if not spec.is_internal:
            properties = spec.parameters.model_json_schema().get("properties", {})
            assert [place for name, schema in properties.items() for place in unbounded(schema, name)] == [], spec.name


def takes_naive_times(annotation: Any) -> bool:
    """Whether a time without a zone, which no instant can be compared with, is a value of the type or within one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(takes_naive_times(field.annotation) for field in annotation.model_fields.values())
    return annotation is datetime or any(map(takes_naive_times, get_args(annotation)))


def test_no_action_takes_a_time_without_a_zone(portal: Portal) -> None:
    names = [name for name, (_service, spec) in portal.catalog().items() if takes_naive_times(spec.parameters)]
    public = [name for name in names if spec_of(portal, name).permission is not Permission.SYSTEM]
    assert public == []
    assert takes_naive_times(tuple[datetime | None, ...])
    assert not takes_naive_times(AwareDatetime | None)
