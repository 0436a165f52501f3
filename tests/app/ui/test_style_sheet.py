"""The style sheet leans on nothing that Streamlit does not have; tests/e2e finds the hooks on real pages."""

import re
from pathlib import Path

import pytest
import streamlit

from app.shell import STATIC

CSS = (STATIC / "causeway.css").read_text(encoding="utf-8")
BUNDLES = sorted((Path(streamlit.__file__).parent / "static" / "static" / "js").glob("*.js"))
PREFIXES = ("account", "palette_place", "page_", "sec_", "card_", "list_", "row_", "cell_", "act_", "title_", "empty_")
PREFIXES += ("event_", "sql_", "kebab_", "facts_", "code_", "grid_", "promises_", "chip_", "selection_", "workspace")


@pytest.fixture(scope="module")
def shipped() -> str:
    return "\n".join(bundle.read_text(encoding="utf-8", errors="ignore") for bundle in BUNDLES)


@pytest.mark.parametrize("hook", sorted(set(re.findall(r'data-testid="(\w+)"', CSS))))
def test_streamlit_ships_every_test_id_of_the_style_sheet(hook: str, shipped: str) -> None:
    assert hook in shipped


def test_streamlit_ships_the_variant_of_segmented_controls(shipped: str) -> None:
    assert "data-variant" in shipped
    assert "segmented_control" in shipped


def test_no_generated_class_name_is_used() -> None:
    assert "st-emotion-cache" not in CSS
    assert all(key.startswith(PREFIXES) for key in re.findall(r"st-key-(\w+)", CSS))


@pytest.mark.parametrize("font", re.findall(r'url\("/?(app/static/fonts/[^"]+)', (STATIC / "sign_in.html").read_text()))
def test_fonts_are_our_own_files(font: str) -> None:
    assert (STATIC.parents[1] / font).stat().st_size > 10_000
