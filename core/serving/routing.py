"""The rules that routes must keep before they are wanted."""

from typing import NamedTuple, Protocol

from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, Invalid, NotAllowed, PortalError
from core.foundation.storage import Store
from core.foundation.text import _
from core.registry.values import ModelVersion
from core.serving.rows import admission_of
from core.serving.tables import EndpointRow
from core.serving.values import Route

WHOLE = 100


class Versions(Protocol):
    """What serving asks of the registry."""

    def version(self, call: Call, version_id: str) -> ModelVersion: ...


class ReadBytes(NamedTuple):
    """The bytes of a version, by the digest of their manifest, and what is wrong with them; empty where nothing is."""

    digest: str
    fault: str


def read_bytes(store: Store, digest: str) -> ReadBytes:
    """Reads every file of a version and holds it against its digest: slow work, for before the write lock."""
    try:
        for file in store.manifest(digest).files:
            store.verified_path(file.sha256)
    except PortalError as error:
        return ReadBytes(digest, error.message)
    return ReadBytes(digest, "")


def refuse_damaged(version: ModelVersion, known: ReadBytes) -> None:
    """Conflict for a version that no model server could load, before anybody is told that it serves."""
    if not known.fault and known.digest == version.digest:
        return
    raise Conflict(
        _("{title} ({id}) cannot serve: {why}").format(
            title=version.title, id=version.id, why=known.fault or _("its bytes were exchanged meanwhile")
        ),
        hint=_("Nothing was changed. Choose another version, or restore the file; `causeway store verify` names it."),
    )


def wanted_routes(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """The routes that get traffic; no route at all serves nothing. Invalid when a version is there twice, or when their
    weights are no whole: only a version that opens an endpoint by itself may leave callers out."""
    weighted = tuple(route for route in routes if route.weight)
    total = sum(route.weight for route in weighted)
    is_opening = len(weighted) == 1 and total < WHOLE
    if routes and total != WHOLE and not is_opening:
        raise Invalid(
            _("The weights sum to {total}").format(total=total),
            hint=_("They must sum to 100, or to less where one version opens the endpoint."),
            field="routes",
        )
    if len({route.version_id for route in weighted}) < len(weighted):
        raise Invalid(_("A version has two weights"), hint=_("Give it one."), field="routes")
    return weighted


def check_routes(call: Call, routes: tuple[Route, ...], *, project: str, registry: Versions) -> None:
    """Each route names a version of the endpoint's project, by its digest in the registry."""
    for route in routes:
        version = registry.version(call, route.version_id)
        if version.project != project:
            raise Invalid(_("{id} belongs to another project").format(id=version.id), field="routes")
        if (version.digest, version.model, version.version) != (route.digest, route.model, route.version):
            raise Invalid(_("The route does not say what {id} is").format(id=version.id), field="routes")
        if version.state != "active":
            raise Conflict(_("{id} is archived").format(id=version.id), hint=_("Choose an active version."))


def refuse_unadmitted(call: Call, row: EndpointRow, routes: tuple[Route, ...]) -> None:
    """NotAllowed when one of the digests was not admitted to this endpoint. Runs in the transaction that changes the
    routes, under the write lock, so nothing can change between the check and the switch."""
    for route in routes:
        if admission_of(call.session, endpoint_id=row.id, digest=route.digest) is None:
            raise NotAllowed(
                _("{id} was not admitted to {endpoint}").format(id=route.version_id, endpoint=row.name),
                hint=_("Bytes come into production by an approved request for promotion only."),
            )
