"""MLflow, the record of runs, parameters, metrics and artifacts that outlives the portal. This is the only module that
imports it; nothing is ever loaded through it, and nothing the portal decides is read from it.

Every delivery may come twice, after a crash between MLflow's commit and ours. So a run and a version are found again by
the portal's id in their tags, points of a metric carry the instant of their measurement, and all else overwrites."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from core.foundation.errors import Invalid, PortalError, Unavailable, without_folders
from core.foundation.settings import Settings
from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.artifact import MODEL
from core.registry.tracking.model_folder import write_model_folder
from core.registry.tracking.outbox import ALIAS, RUN, VERSION
from core.registry.values import RunRecord

ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    # One connection for each call: its database may be replaced under it, and a worker owes it nothing at its end.
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
    "GIT_PYTHON_REFRESH": "quiet",
}
SCHEMA = "mlflow"
MARK = "mlflow.prepared"
# Files lie here below the home: by project, those of runs and those of versions.
FILES, VERSIONS = "mlflow", "versions"
RUN_TAG, VERSION_TAG = "causeway.run", "causeway.version"
STATUS = {"running": "RUNNING", "finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}
# What MLflow will answer however often it is asked. Everything else may pass.
REFUSALS = frozenset({"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "INVALID_STATE"})
LONGEST_VALUE = 5_000
METRICS_AT_ONCE, OTHERS_AT_ONCE = 800, 90


def silence() -> None:
    """Telemetry off, pickles off, in this process and in those it starts. Must come before MLflow is imported."""
    os.environ.update(ENVIRONMENT)


def address(settings: Settings) -> str:
    """MLflow's own SQLite file, or its own schema where the portal is on PostgreSQL: two users of Alembic cannot share
    one."""
    if not settings.database_url:
        return f"sqlite:///{_file(settings)}"
    url = make_url(settings.database_url).update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    return url.render_as_string(hide_password=False)


def prepare(settings: Settings) -> None:
    """Creates or upgrades MLflow's tables, unless this version of it has done so already. Done by the migration, before
    anything opens them: two who create them at the same time break them."""
    silence()
    url = make_url(address(settings))
    if _is_prepared(settings):
        _place_files(settings)
        return
    if settings.database_url:
        _execute(make_url(settings.database_url), f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    with warnings.catch_warnings():
        # MLflow's migrations use parts of SQLAlchemy that are on their way out; whoever migrates cannot help it.
        warnings.simplefilter("ignore")
        from mlflow.db import upgrade

        upgrade.callback(url.render_as_string(hide_password=False))
    if not settings.database_url:
        _execute(url, "PRAGMA journal_mode=WAL")
    (settings.home / MARK).write_text(_mark(settings), "utf-8")


def _place_files(settings: Settings) -> None:
    """Where the files of experiments lie: in the home. MLflow's first experiment would keep its own in the folder that
    it happens to be started in."""
    place = f"'{(settings.home / FILES).resolve().as_uri()}/' || name"
    update = f"UPDATE experiments SET artifact_location = {place} WHERE artifact_location <> {place}"
    _execute(make_url(address(settings)), update)


class MlflowStore:
    """Tells MLflow of runs, versions and aliases. Slow: an import of seconds, then milliseconds a message."""

    def __init__(self, settings: Settings, *, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._client: Any = None
        self._experiments: dict[str, str] = {}

    def deliver(self, kind: str, *, message: dict[str, Any]) -> str:
        """One message of the outbox; the answer is MLflow's id of a run, else empty. Invalid when MLflow will never
        take it, Unavailable when it does not answer now."""
        with _translated():
            if kind == RUN:
                return self._deliver_run(RunRecord.model_validate(message))
            if kind == VERSION:
                self._deliver_version(message)
            elif kind == ALIAS:
                self._deliver_alias(message)
            return ""

    def open(self) -> None:
        """Raises Unavailable unless MLflow's tables are there and answer. Opened without this question, MLflow would
        create tables of its own, or try for minutes."""
        silence()
        ready(self._settings)
        if self._client is None:
            from mlflow.tracking import MlflowClient

            url = address(self._settings)
            self._client = MlflowClient(tracking_uri=url, registry_uri=url)
            # It makes its first experiment when it is opened first.
            self._client.search_experiments(max_results=1)
            _place_files(self._settings)

    def _deliver_run(self, record: RunRecord) -> str:
        from mlflow.entities import Param, RunTag

        experiment = self._experiment(record.project)
        run = self._run_id(record.run_id, experiment) or self._create_run(record, experiment)
        params = [Param(key, _shortened(value)) for key, value in record.params.items()]
        tags = [RunTag(key, _shortened(value)) for key, value in record.tags.items()]
        for start in range(0, max(len(params), len(tags)), OTHERS_AT_ONCE):
            part = slice(start, start + OTHERS_AT_ONCE)
            self._client.log_batch(run, params=params[part], tags=tags[part])
        self._log_metrics(run, record)
        for name, digest in record.artifacts.items():
            self._log_artifact(run, name=name, digest=digest)
        ended = None if record.ended_at is None else _milliseconds(record.ended_at)
        if ended is None:
            self._client.update_run(run, status=STATUS[record.state])
        else:
            self._client.set_terminated(run, status=STATUS[record.state], end_time=ended)
        return run

    def _log_metrics(self, run: str, record: RunRecord) -> None:
        from mlflow.entities import Metric

        points = [Metric(point.name, point.value, _milliseconds(point.at), point.step) for point in record.metrics]
        for start in range(0, len(points), METRICS_AT_ONCE):
            self._client.log_batch(run, metrics=points[start : start + METRICS_AT_ONCE])

    def _log_artifact(self, run: str, *, name: str, digest: str) -> None:
        """A copy for those who look into MLflow; the model as `runs:/<id>/model`, which MLflow's client loads. A file
        that is damaged in the store is noted, and holds nothing up."""
        plain = Path(name).name
        artifacts = Path(unquote(urlsplit(self._client.get_run(run).info.artifact_uri).path))
        try:
            data = self._store.read(digest)
            if plain == MODEL:
                write_model_folder(artifacts / "model", content=data, metadata={"causeway.model_digest": digest})
            else:
                artifacts.mkdir(parents=True, exist_ok=True)
                (artifacts / plain).write_bytes(data)
        except PortalError as error:
            self._client.set_tag(run, f"causeway.missing.{plain}", error.message)
            return
        self._client.set_tag(run, f"causeway.digest.{plain}", digest)

    def _deliver_version(self, message: dict[str, Any]) -> None:
        name = _model_name(message)
        folder = version_folder(self._settings, project=message["project"], version_id=message["id"])
        tagged = ("digest", "model_digest", "training_set_id")
        tags = {VERSION_TAG: message["id"], "causeway.number": str(message["version"])}
        tags |= {f"causeway.{key}": message[key] for key in tagged if message[key]}
        try:
            write_model_folder(folder, content=self._store.read(message["model_digest"]), metadata=tags)
        except PortalError as error:
            tags |= {f"causeway.missing.{MODEL}": error.message}
        if self._number_of(message) is not None:
            return
        self._create_model(name)
        run = self._run_id(message["run_id"], self._experiment(message["project"])) if message["run_id"] else None
        self._client.create_model_version(name, source=folder.as_uri(), run_id=run, tags=tags, await_creation_for=0)

    def _deliver_alias(self, message: dict[str, Any]) -> None:
        number = self._number_of(message)
        if number is None:
            raise Invalid(_("MLflow knows no version {id}").format(id=message["id"]))
        name, alias = _model_name(message), message["alias"]
        # What an earlier portal queued says of no alias that it is gone.
        if message.get("points", True):
            self._client.set_registered_model_alias(name, alias, number)
        elif str(self._client.get_registered_model(name).aliases.get(alias)) == number:
            self._client.delete_registered_model_alias(name, alias)

    def _create_model(self, name: str) -> None:
        if not self._client.search_registered_models(f"name = '{name}'", max_results=1):
            self._client.create_registered_model(name)

    def _number_of(self, message: dict[str, Any]) -> str | None:
        question = f"name = '{_model_name(message)}' and tags.`{VERSION_TAG}` = '{message['id']}'"
        versions = self._client.search_model_versions(question, max_results=1)
        return str(versions[0].version) if versions else None

    def _experiment(self, project: str) -> str:
        if project not in self._experiments:
            experiment = self._client.get_experiment_by_name(project)
            folder = (self._settings.home / FILES / project).resolve().as_uri()
            experiment_id = (
                experiment.experiment_id
                if experiment
                else self._client.create_experiment(project, artifact_location=folder)
            )
            self._experiments[project] = experiment_id
        return self._experiments[project]

    def _run_id(self, run_id: str, experiment: str) -> str | None:
        question = f"tags.`{RUN_TAG}` = '{run_id}'"
        runs: Sequence[Any] = self._client.search_runs([experiment], filter_string=question, max_results=1)
        return str(runs[0].info.run_id) if runs else None

    def _create_run(self, record: RunRecord, experiment: str) -> str:
        started = _milliseconds(record.started_at)
        tags = {RUN_TAG: record.run_id}
        if record.parent and (parent := self._run_id(record.parent, experiment)):
            tags["mlflow.parentRunId"] = parent
        run = self._client.create_run(experiment, start_time=started, tags=tags, run_name=record.name)
        return str(run.info.run_id)


def version_folder(settings: Settings, *, project: str, version_id: str) -> Path:
    """Where the folder of a version lies that MLflow's client loads."""
    return (settings.home / FILES / project / VERSIONS / version_id).resolve()


@contextmanager
def _translated() -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code in REFUSALS:
            raise Invalid(_("MLflow refuses it: {why}").format(why=without_folders(str(error))[:500])) from error
        raise Unavailable(_("MLflow does not answer"), hint=_("It will be retried later.")) from error
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(_("MLflow does not answer"), hint=_("It will be retried later.")) from error


def _is_prepared(settings: Settings) -> bool:
    """Importing MLflow to ask it takes seconds, so what the last preparation found is written down."""
    mark = settings.home / MARK
    try:
        return mark.exists() and mark.read_text("utf-8") == _mark(settings)
    except Unavailable:
        return False


def _mark(settings: Settings) -> str:
    return f"mlflow {version('mlflow')}, tables {_revision(settings)}"


def ready(settings: Settings) -> None:
    """Raises Unavailable unless MLflow's tables are there and answer."""
    _revision(settings)


def _revision(settings: Settings) -> str:
    """The state of MLflow's tables. Unavailable when they are not there or do not answer."""
    if not settings.database_url and not _file(settings).exists():
        raise Unavailable(_("MLflow has no tables yet"), hint=_("Run `causeway migrate`."))
    return _execute(make_url(address(settings)), "SELECT version_num FROM alembic_version")


def _execute(url: URL, statement: str) -> str:
    """The first value that a statement gives, if any."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return str(result.scalar()) if result.returns_rows else ""
    except SQLAlchemyError as error:
        raise Unavailable(_("MLflow's database does not answer"), hint=_("Run `causeway migrate`.")) from error
    finally:
        engine.dispose()


def _file(settings: Settings) -> Path:
    return settings.home / "mlflow.sqlite"


def _model_name(message: dict[str, Any]) -> str:
    """MLflow has one name space; ours has one in each project."""
    return f"{message['project']}.{message['model']}"


def _shortened(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
