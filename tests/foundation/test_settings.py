"""Unsafe settings are refused before anything starts."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from core.foundation.errors import Invalid
from core.foundation.settings import Settings, load_settings

PRODUCTION = {"environment": "production", "sign_in": "tokens", "public_address": "https://causeway.example"}
UNSAFE = {
    "development identities off loopback": {"host": "0.0.0.0"},
    "development identities in production": PRODUCTION | {"sign_in": "development"},
    "fail-points in production": PRODUCTION | {"allow_failpoints": True},
    "plain HTTP in production": PRODUCTION | {"public_address": "http://causeway.example"},
    "a port that cannot be": {"portal_port": 70_000},
    "an unknown setting": {"colour": "blue"},
}


@pytest.mark.parametrize("why", UNSAFE)
def test_an_unsafe_setting_is_refused(tmp_path: Path, why: str) -> None:
    with pytest.raises(ValidationError):
        Settings(home=tmp_path, **UNSAFE[why])


def test_production_with_safe_settings_starts(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, **PRODUCTION).address == "https://causeway.example"


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_a_misspelled_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSEWAY_PORTAL_PROT", "8600")
    with pytest.raises(Invalid, match="CAUSEWAY_PORTAL_PROT"):
        load_settings()


def test_a_wrong_value_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSEWAY_PORTAL_PORT", "many")
    with pytest.raises(Invalid, match="portal_port"):
        load_settings()


@pytest.mark.parametrize("content", [b'host = "x', b"\xff\xfe"])
def test_a_file_that_does_not_parse_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    (tmp_path / "settings.toml").write_bytes(content)
    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))
    with pytest.raises(Invalid, match=r"settings\.toml cannot be read"):
        load_settings()


def test_the_file_in_the_home_folder_is_read_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text("portal_port = 9001\nsession_hours = 3\n")
    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))
    monkeypatch.setenv("CAUSEWAY_PORTAL_PORT", "9002")
    settings = load_settings()
    assert (settings.home, settings.portal_port, settings.session_hours) == (tmp_path, 9002, 3)
