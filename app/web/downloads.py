"""The bytes of files that people take along: `GET /api/v1/files/...` sends what an action names or answers as a file of
its own, after the action that says whether one may and records it. What was sent is hashed by whoever gets it: the
digest comes in the header X-Digest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from app.exports import csv_of_rejects, csv_of_values
from app.web.addresses import FILES, FILES_PATH, FileAddress
from app.web.api import actor_of, refusal
from app.web.lanes import READS
from core.foundation.actors import Actor
from core.foundation.digests import digest_bytes
from core.foundation.errors import PortalError
from core.loadtests.values import SeriesPoint
from core.portal import Portal

DIGEST = "X-Digest"


@dataclass(frozen=True)
class Download:
    """A file: what it is called, and its bytes or the digest under which the store has them."""

    name: str
    content: bytes = b""
    digest: str = ""


Opener = Callable[[Portal, Actor, dict[str, Any]], Download]


def download_routes(portal: Callable[[], Portal]) -> list[Route]:
    """One route for each kind of file."""
    return [_route(portal, FILES[action], opener) for action, opener in OPENERS.items()]


def _split(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    file = portal.training_sets.download_split(actor, **params)
    return Download(f"{params['training_set_id']}-{file.name}.parquet", digest=file.digest)


def _rows(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    file = portal.datasets.download_file(actor, **params)
    return Download(f"{params['snapshot_id']}-{params['number']}.parquet", digest=file.digest)


def _rejected(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    return Download(f"{params['import_id']}-left-out.csv", content=csv_of_rejects(portal, actor, **params))


def _model(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    artifact = portal.registry.download_artifact(actor, **params)
    return Download(artifact.filename, content=artifact.content)


def _study(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    study = portal.sweeps.export_study(actor, **params)
    return Download(study.filename, content=study.content)


def _report(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    report = portal.loadtests.get_report(actor, **params)
    return Download(f"{params['test_id']}-report.json", content=report.model_dump_json(indent=2).encode())


def _series(portal: Portal, actor: Actor, params: dict[str, Any]) -> Download:
    points = portal.loadtests.series(actor, **params)
    return Download(f"{params['test_id']}-series.csv", content=csv_of_values(SeriesPoint, points))


OPENERS: Mapping[str, Opener] = {
    "features.download_split": _split,
    "lake.download_file": _rows,
    "imports.list_rejected_rows": _rejected,
    "registry.download_artifact": _model,
    "sweeps.export_study": _study,
    "loadtests.get_report": _report,
    "loadtests.series": _series,
}


def _route(portal: Callable[[], Portal], address: FileAddress, opener: Opener) -> Route:
    def response(request: Request) -> Response:
        try:
            actor = actor_of(portal().sessions, request.headers.get("authorization"))
            download = opener(portal(), actor, dict(request.path_params))
            path = portal().foundation.store.verified_path(download.digest) if download.digest else None
        except PortalError as error:
            return refusal(error)
        return _answer(download, path=path, media_type=address.media_type)

    async def send(request: Request) -> Response:
        return await READS.run(response, request)

    return Route(FILES_PATH + address.path.replace("{number}", "{number:int}"), send)


def _answer(download: Download, *, path: Path | None, media_type: str) -> Response:
    headers = {
        DIGEST: download.digest or digest_bytes(download.content),
        "Content-Disposition": disposition_of(download.name),
    }
    if path is not None:
        return FileResponse(path, media_type=media_type, headers=headers)
    return Response(download.content, headers=headers | {"Content-Type": media_type})


def disposition_of(name: str) -> str:
    """The header by which a browser keeps a file under its name (RFC 6266)."""
    plain = quote(name)
    return f'attachment; filename="{name}"' if plain == name else f"attachment; filename*=utf-8''{plain}"
