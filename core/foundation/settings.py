"""Settings, from the environment (`CAUSEWAY_...`) and `settings.toml` in the home folder; unsafe ones are refused."""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from core.foundation.errors import Invalid
from core.foundation.observability.logs import LogFormat, LogLevel, configure_logs
from core.foundation.observability.redaction import HIDDEN, redact, redact_address
from core.foundation.text import _

PREFIX = "CAUSEWAY_"
SETTINGS_FILE = "settings.toml"
# A shorter one would take ordinary letters out of every line of a log.
SHORTEST_SECRET = 4
# Read by others: the command line's address and token, the fail-points of a test, the folder of a job.
OTHER_VARIABLES = {"ADDRESS", "TOKEN", "FAILPOINTS", "LAUNCH_TOKEN"}


@dataclass(frozen=True)
class Sensitive:
    """Marks a text that is a secret, or an address that may carry one."""


# Kept as text, for the libraries that connect with it; shown only as far as it is an address without a secret.
SensitiveText = Annotated[str, Field(repr=False), Sensitive()]


def default_home() -> Path:
    return Path(os.environ.get(PREFIX + "HOME", "~/.causeway")).expanduser()


class LogSettings(BaseSettings):
    """What a process has to know to write its log. Model servers are given these and no other setting."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    log_format: LogFormat = Field(
        default="console", description="The form of every process's log: `console` for people, `json` for a collector."
    )
    log_level: LogLevel = Field(
        default="info", description="How much the log says; `debug` adds a line for each action that only reads."
    )
    access_log: bool = Field(
        default=False, description="A line for each request to the portal, the gateway and the model servers."
    )

    def log_environment(self) -> dict[str, str]:
        """The same settings as variables, for a process that is started with nothing else."""
        values = {"LOG_FORMAT": self.log_format, "LOG_LEVEL": self.log_level, "ACCESS_LOG": str(self.access_log)}
        return {PREFIX + name: value for name, value in values.items()}

    def start_logs(self, process: str, **fields: object) -> None:
        """From now on this process logs as the settings say."""
        configure_logs(process=process, form=self.log_format, level=self.log_level, secrets=self.secrets(), **fields)

    def secrets(self) -> tuple[tuple[str, str], ...]:
        """Every value that must not be read anywhere, with what stands in its place."""
        return ()


class Settings(LogSettings):
    """Every setting, its default and what it is for."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    home: Path = Field(default_factory=default_home, description="The folder that holds everything Causeway writes.")
    environment: Literal["development", "production"] = Field(
        default="development", description="`production` refuses development identities, fail-points and plain HTTP."
    )
    database_url: SensitiveText = Field(
        default="", description="`postgresql+psycopg://...`; empty means SQLite in the home folder."
    )
    host: str = Field(default="127.0.0.1", description="The address that portal and gateway listen on.")
    portal_port: int = Field(default=8600, ge=0, le=65535, description="The portal's port.")
    gateway_port: int = Field(default=8601, ge=0, le=65535, description="The gateway's port.")
    gateway_admin_port: int = Field(default=8602, ge=0, le=65535, description="Envoy's own port, on loopback only.")
    worker_port: int = Field(
        default=0, ge=0, le=65535, description="Where a worker says how it is, on loopback; 0: its file in `workers`."
    )
    public_address: SensitiveText = Field(
        default="", description="The address people use; `https://...` in production. Empty: host and port."
    )
    sign_in: str = Field(
        default="development",
        description="The identity provider of browsers. `development`: choose who to be, on loopback only. `tokens`: "
        "service tokens only.",
    )
    session_hours: int = Field(default=8, ge=1, le=72, description="How long a session lives.")
    feature_engine: str = Field(
        default="local",
        pattern=r"^[a-z][a-z0-9_]{0,30}$",
        description="What builds feature versions and joins training sets: `local`, or `spark` for what outgrows one "
        "machine.",
    )
    spark_address: SensitiveText = Field(
        default="",
        description="Spark Connect, `sc://...`, for `spark`; it reads and writes CAUSEWAY_HOME under the same path. "
        "Empty means a local session in the job.",
    )
    cpus: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1, description="Cores that jobs may use here.")
    memory_mb: int = Field(default=16_384, ge=512, description="Memory in MB that jobs may use here.")
    lease_seconds: float = Field(default=30.0, ge=0.5, le=600, description="How long a worker owns a job unrenewed.")
    job_log_bytes: int = Field(default=5_000_000, ge=10_000, description="Bytes kept of a job's log.")
    least_free_mb: int = Field(
        default=500, ge=0, description="With less of the disk free, in MB, portal and worker are not ready."
    )
    sweep_days: int = Field(
        default=7,
        ge=0,
        le=365,
        description="How often files that nothing names leave the store, in days; 0: only when an SRE says so.",
    )
    online_store: SensitiveText = Field(
        default="",
        description="`redis://host:6379/0`, `rediss://...` or `unix:///path/to/socket`; empty means a file of SQLite.",
    )
    user_code: Literal["caged", "uncaged"] = Field(
        default="caged",
        description="`uncaged` runs people's SQL and pandas unprotected, where the machine has no sandbox.",
    )
    model_file_memory_mb: int = Field(
        default=2_048, ge=256, description="Memory in MB that looking into a model file from outside may take."
    )
    model_file_seconds: float = Field(
        default=60.0, ge=1, le=3_600, description="How long looking into a model file from outside may take."
    )
    model_server_memory_mb: int = Field(
        default=4_096, ge=256, description="Memory in MB that one model server may use; a model that needs more fails."
    )
    model_server_start_seconds: float = Field(
        default=60.0, ge=1, le=3_600, description="How long a model server may take until its model has answered once."
    )
    model_server_answer_seconds: float = Field(
        default=10.0, ge=0.5, le=600, description="A model server that answers nothing for so long is replaced."
    )
    s3_endpoint: SensitiveText = Field(default="", description="Where S3 answers, `https://...`; empty means Amazon's.")
    s3_access_key: SensitiveText = Field(
        default="", description="The access key for imports from S3; empty: no secret."
    )
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="Its secret.")
    git_hosts: str = Field(
        default="github.com, gitlab.com",
        max_length=2_000,
        description="The hosts, with their port where it is another one, from which git may fetch code by https.",
    )
    git_credentials: SecretStr = Field(
        default=SecretStr(""),
        description="What git signs in with, `host=user:token` for each host, with spaces between them. Only the "
        "worker has it.",
    )
    git_authorities: str = Field(
        default="",
        description="A file of certificates (PEM): the authorities by which git believes hosts, in place of the "
        "system's. For hosts of a company's own.",
    )
    git_folder: str = Field(
        default="", description="A folder of this machine whose repositories may be fetched too, `file:///...`."
    )
    recipes_off: str = Field(
        default="", description="The recipes that nobody may train with here, with commas: `script` runs people's code."
    )
    script_index: SensitiveText = Field(
        default="https://pypi.org/simple",
        description="Where the requirements of scripts come from: the index that their uv.lock names, or a folder of "
        "wheels.",
    )
    script_environment_mb: int = Field(
        default=4_096, ge=16, description="MB that the requirements of one script may take; ten times as much in all."
    )
    script_install_seconds: float = Field(
        default=600.0, ge=1, le=7_200, description="How long it may take to install the requirements of a script."
    )
    script_files_mb: int = Field(default=4_096, ge=16, description="MB of files that one script may write.")
    allow_failpoints: bool = Field(default=False, description="Tests only: lets a fail-point kill a process.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, default_home() / SETTINGS_FILE)
        return init_settings, env_settings, file

    @model_validator(mode="after")
    def refuse_unsafe(self) -> Self:
        if self.sign_in == "development" and not is_loopback(self.host):
            raise ValueError(_("development identities listen on loopback only: set CAUSEWAY_HOST=127.0.0.1"))
        if self.environment == "production":
            self._refuse_in_production()
        return self

    def _refuse_in_production(self) -> None:
        if self.sign_in == "development":
            raise ValueError(_("development identities are refused in production: set CAUSEWAY_SIGN_IN=tokens"))
        if self.allow_failpoints:
            raise ValueError(_("fail-points are refused in production: unset CAUSEWAY_ALLOW_FAILPOINTS"))
        if not self.public_address.startswith("https://"):
            raise ValueError(_("production needs CAUSEWAY_PUBLIC_ADDRESS to begin with https://"))

    def shown(self, name: str) -> str:
        """A setting's value as people may see it."""
        value, field = getattr(self, name), type(self).model_fields[name]
        if isinstance(value, SecretStr):
            return HIDDEN if value.get_secret_value() else ""
        if any(isinstance(mark, Sensitive) for mark in field.metadata):
            return redact_address(value)
        return redact(str(value))

    def secrets(self) -> tuple[tuple[str, str], ...]:
        names = type(self).model_fields
        values = {name: getattr(self, name) for name in names}
        texts = {name: v.get_secret_value() if isinstance(v, SecretStr) else str(v) for name, v in values.items()}
        pairs = ((text, self.shown(name)) for name, text in texts.items() if len(text) >= SHORTEST_SECRET)
        return tuple((text, shown) for text, shown in pairs if text != shown)

    @property
    def database_file(self) -> Path:
        return self.home / "causeway.sqlite"

    @property
    def has_database(self) -> bool:
        """Whether there may be tables already: somewhere else, or in a file of this home."""
        return bool(self.database_url) or self.database_file.exists()

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the portal's database."""
        return self.database_url or f"sqlite:///{self.database_file}"

    @property
    def address(self) -> str:
        """Where people find the portal."""
        return self.public_address or f"http://{self.host}:{self.portal_port}"

    @property
    def gateway_address(self) -> str:
        """Where callers find the gateway from this machine."""
        return f"http://{self.host}:{self.gateway_port}"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings() -> Settings:
    """The settings of this process. Invalid when one is unknown, of the wrong type or unsafe."""
    known = {name.upper() for name in Settings.model_fields} | OTHER_VARIABLES
    unknown = [key for key in os.environ if key.startswith(PREFIX) and key.removeprefix(PREFIX) not in known]
    if unknown:
        raise Invalid(
            _("Unknown setting {name}").format(name=sorted(unknown)[0]), hint=_("`causeway settings` lists them all.")
        )
    try:
        return Settings()
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            _("{file} cannot be read: {why}").format(file=SETTINGS_FILE, why=error), hint=_("Mend it in a text editor.")
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Invalid(
            _("Setting {field}: {why}").format(field=field or "combination", why=first["msg"]), field=field
        ) from error
