"""A version with held-out rows and an endpoint that serves it, as far as the gateway says."""

from pathlib import Path
from typing import Any

from core.features.values import ServedView
from core.foundation.actors import Actor
from core.portal import Portal
from core.registry.values import ModelVersion
from core.serving.values import Endpoint, Route
from tests.conftest import People
from tests.registry.onnx_files import calling, contract, holdout_table, register_tiny
from tests.training.sets import make_training_set

SYSTEM = Actor.system("test")


def version_with_rows(
    portal: Portal, people: People, folder: Path, *, views: tuple[ServedView, ...] = ()
) -> ModelVersion:
    tables = {name: holdout_table(rows=300, seed=seed) for seed, name in enumerate(("train", "validation", "test"))}
    wanted = contract().model_copy(update={"views": views}).model_dump(mode="json")
    set_id = make_training_set(portal, folder / "splits", tables=tables, contract=wanted)
    return register_tiny(portal, people.engineer, training_set_id=set_id)


def serving(portal: Portal, people: People, version: ModelVersion, environment: Any) -> Endpoint:
    """An endpoint that serves the version, as far as the gateway says."""
    endpoint = portal.endpoints.create_endpoint(
        people.sre, project="PROJ-1", name=f"delays-{environment}", environment=environment
    )
    route = Route(
        version_id=version.id, model=version.model, version=version.version, digest=version.digest, weight=100
    )
    with calling(portal, people.sre) as call:
        portal.endpoints.allow(call, endpoint.id, digest=version.digest, promotion_id="PR-1")
        portal.endpoints.route(call, endpoint.id, (route,), reason="Given", promotion_id="PR-1")
    portal.endpoints.confirm(
        SYSTEM, endpoint_id=endpoint.id, generation=1, actual={version.id: 100}, servers=(), cause=""
    )
    return portal.endpoints.get_endpoint(SYSTEM, endpoint_id=endpoint.id)
