"""No secret of a setting is read anywhere, whatever its shape: neither in the list of settings nor in a log."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr, ValidationError

from app.cli.commands import cli
from core.foundation.observability.redaction import redact, redact_address, redact_all
from core.foundation.settings import Settings

HOSTILE = {
    "a token of Spark": "sc://spark.example:15002/;token=hunter2;user_id=hunter2",
    "the same in capitals": "SC://spark.example:15002/;TOKEN=hunter2",
    "a password": "postgresql+psycopg://me:hunter2@db.example/flights",
    "a password without a user": "redis://:hunter2@cache.example:6379/0",
    "a user that is a token": "https://hunter2@s3.example",
    "a password with @ in it": "redis://:x@hunter2@cache.example",
    "a password with a slash in it": "redis://:hunter2/hunter2@cache.example",
    "a password that looks like a port and a path": "redis://me:1234/hunter2@cache.example",
    "a password that looks like a query": "redis://me:12?hunter2@cache.example",
    "a password with a line break": "redis://:x\nhunter2@cache.example",
    "a password with spaces": "redis://:x hunter2 x@cache.example",
    "a password with escapes": "redis://:%40hunter2%2F@cache.example",
    "a query parameter": "postgresql://db.example/flights?password=hunter2&sslmode=hunter2",
    "a query parameter with @ in it": "redis://cache.example/0?password=x@hunter2",
    "a parameter without a name": "redis://cache.example/0?hunter2",
    "a fragment": "https://s3.example/#hunter2",
    "a path of a webhook": "https://hooks.example/services/T000/hunter2",
    "no scheme": "me:hunter2@db.example",
    "words of libpq": "host=db.example user=me password='hunter2 hunter2'",
    "nothing but the secret": "hunter2",
    "several hosts": "postgresql://me:hunter2@db1.example:5432,db2.example:5432/flights",
    "a socket": "unix:///run/redis.sock?password=hunter2",
}
TEXTS = {
    "spark_address": "CAUSEWAY_SPARK_ADDRESS",
    "database_url": "CAUSEWAY_DATABASE_URL",
    "online_store": "CAUSEWAY_ONLINE_STORE",
    "s3_endpoint": "CAUSEWAY_S3_ENDPOINT",
    "s3_access_key": "CAUSEWAY_S3_ACCESS_KEY",
    "s3_secret_key": "CAUSEWAY_S3_SECRET_KEY",
    "script_index": "CAUSEWAY_SCRIPT_INDEX",
    "public_address": "CAUSEWAY_PUBLIC_ADDRESS",
}
PLAIN = {"host", "sign_in", "feature_engine", "git_hosts", "git_folder", "git_authorities", "recipes_off"}


@pytest.mark.parametrize("shape", HOSTILE)
def test_the_list_of_settings_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    monkeypatch.setenv("CAUSEWAY_HOME", str(tmp_path))
    for variable in TEXTS.values():
        monkeypatch.setenv(variable, HOSTILE[shape])
    for arguments in (["settings"], ["settings", "--json"]):
        answer = CliRunner().invoke(cli, arguments, env={"COLUMNS": "300"})
        assert answer.exit_code == 0
        assert "hunter2" not in answer.output


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_line_of_a_log_shows_no_secret_of_a_setting(tmp_path: Path, shape: str) -> None:
    settings = Settings(home=tmp_path, spark_address=HOSTILE[shape], s3_secret_key=SecretStr("swordfish"))
    line = {"event": f"cannot connect to {HOSTILE[shape]}: refused", "tries": [{"key": "swordfish", "number": 3}]}
    shown = json.dumps(redact_all(line, secrets=settings.secrets()))
    assert "hunter2" not in shown
    assert "swordfish" not in shown
    assert shown.endswith(' refused", "tries": [{"key": "***", "number": 3}]}')


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("", ""),
        ("postgresql+psycopg://me:hunter2@db.example:5432/flights", "postgresql+psycopg://***@db.example:5432/flights"),
        ("sc://spark.example:15002/;token=a;user_id=b", "sc://spark.example:15002/;token=***&user_id=***"),
        ("redis://cache.example:6379/0", "redis://cache.example:6379/0"),
        ("rediss://[::1]:6379/0?password=a@b", "rediss://***"),
        ("unix:///run/redis.sock?db=0", "unix:///run/redis.sock?db=***"),
        ("https://s3.example", "https://s3.example"),
        ("me:hunter2@db", "***"),
    ],
)
def test_what_is_no_secret_is_shown(address: str, shown: str) -> None:
    assert redact_address(address) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-1=", "Authorization: Bearer ***"),
        ("the token cwt_Ab-9_x was sent", "the token cwt_*** was sent"),
        ("""{"api_key": "x y", 'PASSWORD': 'z'}""", """{"api_key": ***, 'PASSWORD': ***}"""),
        ("host=db password=hunter2 port=5432", "host=db password=*** port=5432"),
        ("RUN-118 of MV-2 ended after 3.5 s", "RUN-118 of MV-2 ended after 3.5 s"),
    ],
)
def test_what_a_word_calls_a_secret_is_left_out(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_what_stands_under_the_name_of_a_secret_is_left_out() -> None:
    fields = {"api_key": "x", "user": {"Password": ["y"], "db.token": 7}, "tokens_left": 3, "secretary": "z"}
    assert redact_all(fields) == {
        "api_key": "***",
        "user": {"Password": "***", "db.token": "***"},
        "tokens_left": 3,
        "secretary": "z",
    }


def test_every_setting_in_free_text_is_known_to_be_plain_or_sensitive() -> None:
    texts = {name for name, field in Settings.model_fields.items() if field.annotation is str}
    assert texts == (TEXTS.keys() - {"s3_secret_key"}) | PLAIN


def test_settings_that_are_refused_say_no_secret(tmp_path: Path) -> None:
    with pytest.raises(ValidationError) as refusal:
        Settings(home=tmp_path, host="0.0.0.0", database_url="postgresql://me:hunter2@db", lease_seconds="hunter2")
    assert "hunter2" not in str(refusal.value)


def test_settings_that_are_printed_say_no_secret(tmp_path: Path) -> None:
    assert "hunter2" not in repr(Settings(home=tmp_path, spark_address="sc://x/;token=hunter2"))
