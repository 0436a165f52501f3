"""What MLflow's own client reads over REST, answered about some projects alone. MLflow's server has no notion of who
may see what, so none runs: its store is asked here, and every answer is kept to the experiments and models of the
projects. Nothing in an answer names a place on this machine: files lie at `mlflow-artifacts:/<project>/...`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from core.foundation.actions.call import Hidden
from core.foundation.errors import NotFound
from core.foundation.settings import Settings
from core.foundation.text import _
from core.registry.tracking.files import Entry, Files
from core.registry.tracking.mlflow_store import VERSION_TAG, VERSIONS, address, ready, silence
from core.registry.tracking.protocol import (
    MODELS,
    RUNS,
    document_of,
    message_called,
    place_of,
    plain,
    request_of,
    token_of,
    translated,
    view_of,
)

SCHEME = "mlflow-artifacts:/"
MOST = 1_000


@dataclass(frozen=True)
class Read:
    """A reading call: the message that MLflow's protocol has for it, in which of its modules, the methods it comes by,
    and what fills the answer."""

    message: str
    module: str
    methods: frozenset[str]
    fill: Callable[["Scope", Any, Any], None]


@dataclass(frozen=True)
class Projects:
    """Those whose experiments and models the caller may see, and those that there are beside them."""

    visible: frozenset[str]
    hidden: frozenset[str]


class Scope:
    """MLflow's stores as far as some projects reach."""

    def __init__(self, runs: Any, models: Any, *, files: Files, projects: Projects) -> None:
        self.runs, self.models, self.files = runs, models, files
        self._hidden = projects.hidden
        # In the order in which MLflow lists models of several.
        self.projects = sorted(projects.visible, key=lambda project: f"{project}.")

    def project_of(self, experiment_id: str) -> str:
        """Which project an experiment is of. NotFound where it is of none that one may see."""
        name = str(self.runs.get_experiment(experiment_id).name)
        return self.checked(name)

    def run(self, run_id: str) -> tuple[Any, str]:
        """A run and its project."""
        run = self.runs.get_run(run_id)
        return run, self.project_of(run.info.experiment_id)

    def checked(self, project: str) -> str:
        if project in self.projects:
            return project
        kind = Hidden if project in self._hidden else NotFound
        raise kind(_("MLflow has nothing of that name or id"))

    def checked_model(self, name: str) -> str:
        """The name of a model that one may see."""
        self.checked(name.partition(".")[0])
        return name

    def through(self, request: Any, fetch: Callable[..., Any], *, belongs: str) -> tuple[list[Any], str]:
        """A page of what a search gives in one project after the other, and the token of the next. The condition on the
        project stands first, and a search knows no "or": what a caller adds can only take away."""
        most, (begin, inner) = min(request.max_results or MOST, MOST), place_of(request.page_token)
        rows: list[Any] = []
        for project in (project for project in self.projects if f"{project}." >= begin):
            inner = inner if f"{project}." == begin else None
            condition = belongs.format(project=project)
            both = f"{condition} AND {request.filter}" if request.filter.strip() else condition
            wanted = {"max_results": most - len(rows), "order_by": list(request.order_by), "page_token": inner}
            page = fetch(filter_string=both, **wanted)
            rows += [row for row in page if row.name.partition(".")[0] == project]
            if page.token:
                return rows, token_of(project, plain(page.token))
            if len(rows) == most:
                return rows, token_of(f"{project}/", "")
        return rows, ""


class MlflowReader:
    """Answers reading calls. Slow at first: MLflow takes seconds to import."""

    def __init__(self, settings: Settings, *, files: Files) -> None:
        self._settings, self._files = settings, files
        self._lock = Lock()
        self._stores: tuple[Any, Any] | None = None

    def answer(self, place: str, *, arguments: Mapping[str, Any], projects: Projects) -> dict[str, Any]:
        """The answer in MLflow's own JSON. NotFound for what is not there or not in these projects, Invalid for what
        MLflow refuses, Unavailable while it does not answer."""
        read = READS[place]
        runs, models = self._open()
        with translated():
            message = message_called(read.message, module=read.module)
            request, response = request_of(message, arguments), message.Response()
            read.fill(Scope(runs, models, files=self._files, projects=projects), request, response)
            return document_of(response)

    def _open(self) -> tuple[Any, Any]:
        silence()
        ready(self._settings)
        with self._lock:
            if self._stores is None:
                from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as ModelStore
                from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as RunStore

                url = address(self._settings)
                self._stores = RunStore(url, self._files.root.as_uri()), ModelStore(url)
            return self._stores


def _get_experiment(scope: Scope, request: Any, response: Any) -> None:
    scope.project_of(request.experiment_id)
    response.experiment.CopyFrom(_experiment(scope.runs.get_experiment(request.experiment_id)))


def _get_experiment_by_name(scope: Scope, request: Any, response: Any) -> None:
    experiment = scope.runs.get_experiment_by_name(scope.checked(request.experiment_name))
    if experiment is None:
        raise NotFound(_("MLflow has nothing of that name or id"))
    response.experiment.CopyFrom(_experiment(experiment))


def _search_experiments(scope: Scope, request: Any, response: Any) -> None:
    def fetch(**wanted: Any) -> Any:
        return scope.runs.search_experiments(view_type=view_of(request.view_type), **wanted)

    rows, response.next_page_token = scope.through(request, fetch, belongs="name = '{project}'")
    response.experiments.extend(_experiment(row) for row in rows)


def _get_run(scope: Scope, request: Any, response: Any) -> None:
    run, project = scope.run(request.run_id or request.run_uuid)
    response.run.CopyFrom(_run(run, project))


def _search_runs(scope: Scope, request: Any, response: Any) -> None:
    """What is not visible is as if it did not exist: it is left out, and the rest is searched."""
    visible = (scope.runs.get_experiment_by_name(project) for project in scope.projects)
    wanted = set(request.experiment_ids)
    projects = {row.experiment_id: row.name for row in visible if row is not None and row.experiment_id in wanted}
    if not projects:
        return
    page = scope.runs.search_runs(
        experiment_ids=list(projects),
        filter_string=request.filter,
        run_view_type=view_of(request.run_view_type),
        max_results=min(request.max_results, MOST),
        order_by=list(request.order_by),
        page_token=request.page_token or None,
    )
    response.runs.extend(_run(run, projects[run.info.experiment_id]) for run in page)
    response.next_page_token = plain(page.token)


def _get_metric_history(scope: Scope, request: Any, response: Any) -> None:
    run, _project = scope.run(request.run_id or request.run_uuid)
    most = max(1, request.max_results) if request.HasField("max_results") else None
    page = scope.runs.get_metric_history(run.info.run_id, request.metric_key, most, request.page_token or None)
    response.metrics.extend(point.to_proto() for point in page)
    response.next_page_token = plain(page.token)


def _list_artifacts(scope: Scope, request: Any, response: Any) -> None:
    """Of a run, with their paths from its folder on."""
    run, project = scope.run(request.run_id or request.run_uuid)
    folder = f"{project}/{run.info.run_id}/artifacts"
    response.root_uri = f"{SCHEME}{folder}"
    below = request.path.strip("/")
    entries = scope.files.entries(f"{folder}/{below}" if below else folder)
    _add_files(response, entries, prefix=f"{below}/" if below else "")


def _list_files(scope: Scope, request: Any, response: Any) -> None:
    """Of a folder, by their names alone."""
    scope.checked(request.path.strip("/").partition("/")[0])
    _add_files(response, scope.files.entries(request.path.strip("/")), prefix="")


def _get_model(scope: Scope, request: Any, response: Any) -> None:
    model = scope.models.get_registered_model(scope.checked_model(request.name))
    response.registered_model.CopyFrom(_model(model))


def _search_models(scope: Scope, request: Any, response: Any) -> None:
    rows, token = scope.through(request, scope.models.search_registered_models, belongs="name LIKE '{project}.%'")
    response.registered_models.extend(_model(row) for row in rows)
    response.next_page_token = token


def _get_latest_versions(scope: Scope, request: Any, response: Any) -> None:
    rows = scope.models.get_latest_versions(scope.checked_model(request.name), list(request.stages) or None)
    response.model_versions.extend(_version(row) for row in rows)


def _get_version(scope: Scope, request: Any, response: Any) -> None:
    version = scope.models.get_model_version(scope.checked_model(request.name), request.version)
    response.model_version.CopyFrom(_version(version))


def _get_version_by_alias(scope: Scope, request: Any, response: Any) -> None:
    version = scope.models.get_model_version_by_alias(scope.checked_model(request.name), request.alias)
    response.model_version.CopyFrom(_version(version))


def _get_download_uri(scope: Scope, request: Any, response: Any) -> None:
    version = scope.models.get_model_version(scope.checked_model(request.name), request.version)
    response.artifact_uri = _version(version).source


def _search_versions(scope: Scope, request: Any, response: Any) -> None:
    rows, token = scope.through(request, scope.models.search_model_versions, belongs="name LIKE '{project}.%'")
    response.model_versions.extend(_version(row) for row in rows)
    response.next_page_token = token


def _search_logged_models(_scope: Scope, _request: Any, _response: Any) -> None:
    """None are logged: a run's model lies among its files, and a version's with the version."""


GET, POST, EITHER = frozenset({"GET"}), frozenset({"POST"}), frozenset({"GET", "POST"})
FILES_PLACE = "mlflow-artifacts/artifacts"
READS: Mapping[str, Read] = {
    "mlflow/experiments/get": Read("GetExperiment", RUNS, GET, _get_experiment),
    "mlflow/experiments/get-by-name": Read("GetExperimentByName", RUNS, GET, _get_experiment_by_name),
    "mlflow/experiments/search": Read("SearchExperiments", RUNS, EITHER, _search_experiments),
    "mlflow/runs/get": Read("GetRun", RUNS, GET, _get_run),
    "mlflow/runs/search": Read("SearchRuns", RUNS, POST, _search_runs),
    "mlflow/metrics/get-history": Read("GetMetricHistory", RUNS, GET, _get_metric_history),
    "mlflow/artifacts/list": Read("ListArtifacts", RUNS, GET, _list_artifacts),
    "mlflow/logged-models/search": Read("SearchLoggedModels", RUNS, POST, _search_logged_models),
    "mlflow/registered-models/get": Read("GetRegisteredModel", MODELS, GET, _get_model),
    "mlflow/registered-models/search": Read("SearchRegisteredModels", MODELS, GET, _search_models),
    "mlflow/registered-models/get-latest-versions": Read("GetLatestVersions", MODELS, EITHER, _get_latest_versions),
    "mlflow/registered-models/alias": Read("GetModelVersionByAlias", MODELS, GET, _get_version_by_alias),
    "mlflow/model-versions/get": Read("GetModelVersion", MODELS, GET, _get_version),
    "mlflow/model-versions/get-download-uri": Read("GetModelVersionDownloadUri", MODELS, GET, _get_download_uri),
    "mlflow/model-versions/search": Read("SearchModelVersions", MODELS, GET, _search_versions),
    FILES_PLACE: Read("ListArtifacts", RUNS, GET, _list_files),
}


def _experiment(entity: Any) -> Any:
    proto = entity.to_proto()
    proto.artifact_location = f"{SCHEME}{entity.name}"
    return proto


def _run(entity: Any, project: str) -> Any:
    proto = entity.to_proto()
    proto.info.artifact_uri = f"{SCHEME}{project}/{entity.info.run_id}/artifacts"
    return proto


def _model(entity: Any) -> Any:
    proto = entity.to_proto()
    del proto.latest_versions[:]
    proto.latest_versions.extend(_version(version) for version in entity.latest_versions)
    return proto


def _version(entity: Any) -> Any:
    proto = entity.to_proto()
    project = entity.name.partition(".")[0]
    proto.source = f"{SCHEME}{project}/{VERSIONS}/{entity.tags.get(VERSION_TAG, '')}"
    return proto


def _add_files(response: Any, entries: Sequence[Entry], *, prefix: str) -> None:
    for entry in entries:
        file = response.files.add(path=f"{prefix}{entry.name}", is_dir=entry.is_folder)
        if not entry.is_folder:
            file.file_size = entry.bytes
