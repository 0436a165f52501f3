"""The identifier that follows from a title, whatever language that is in, and which titles there may be."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from core.features.values import ViewName
from core.foundation.ids import Kind
from core.foundation.naming.titles import FORMS, Title, identifier_of
from core.lake.values import DatasetName
from core.registry.values import ModelName
from core.serving.values import EndpointName

NAMES = {
    Kind.DATASET: DatasetName,
    Kind.FEATURE_VIEW: ViewName,
    Kind.TRAINING_SET: ViewName,
    Kind.MODEL: ModelName,
    Kind.ENDPOINT: EndpointName,
}
KINDS = st.sampled_from(list(FORMS))


@given(st.text(max_size=200), KINDS)
def test_an_identifier_is_a_name_of_its_kind_or_nothing(title: str, kind: Kind) -> None:
    identifier = identifier_of(title, kind)
    assert identifier == "" or TypeAdapter(NAMES[kind]).validate_python(identifier) == identifier


@given(st.text(max_size=200), KINDS)
def test_an_identifier_is_the_identifier_of_itself(title: str, kind: Kind) -> None:
    identifier = identifier_of(title, kind)
    assert identifier_of(identifier, kind) == identifier


@given(st.text(alphabet="抵达延误机场ليلقطارрейс🛫🛬 .,-", max_size=40), KINDS)
def test_nothing_follows_from_a_title_without_a_latin_letter(title: str, kind: Kind) -> None:
    assert identifier_of(title, kind) == ""


@given(st.from_regex(re.compile(r"[a-z][a-z0-9]{1,8}(_[a-z0-9]{1,8}){0,3}", re.ASCII), fullmatch=True))
def test_what_is_an_identifier_stays_as_it_is(name: str) -> None:
    assert identifier_of(name, Kind.DATASET) == name


@pytest.mark.parametrize(
    ("title", "identifier"),
    [
        ("Late arrivals", "late_arrivals"),
        ("  Late — arrivals!  ", "late_arrivals"),
        ("Flüge für Mai, Straße", "fluge_fur_mai_strasse"),
        ("Vol d\u2019été", "vol_d_ete"),
        ("Łódź → Tromsø", "lodz_tromso"),
        ("ＦＵＬＬ　ｗｉｄｔｈ ２", "full_width_2"),
        ("航班 arrivals 2013", "arrivals_2013"),
        ("2013 年", "dataset_2013"),
        ("航班 A", "dataset_a"),
        ("🛫 departures 🛬", "departures"),
        ("DROP TABLE x; --", "drop_table_x"),
        ("w" * 90, "w" * 60),
        ("a" * 59 + " b", "a" * 59),
        ("الرحلات", ""),
        ("🛫🛬", ""),
    ],
)
def test_identifiers_of_titles(title: str, identifier: str) -> None:
    assert identifier_of(title, Kind.DATASET) == identifier


def test_models_and_endpoints_are_written_with_hyphens() -> None:
    assert identifier_of("Churn risk (EU)", Kind.MODEL) == "churn-risk-eu"
    assert identifier_of("2 minutes late", Kind.ENDPOINT) == "endpoint-2-minutes-late"


@pytest.mark.parametrize("title", ["航班抵达", "Flüge, Mai", "  trimmed  ", "🛫", "w" * 120])
def test_a_title_is_one_line_in_any_language(title: str) -> None:
    assert TypeAdapter(Title).validate_python(title) == title.strip()


@pytest.mark.parametrize("title", ["", "   ", "two\nlines", "bell\x07", "w" * 121, "turned \u202e around", "\u2028"])
def test_what_is_no_title(title: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Title).validate_python(title)
