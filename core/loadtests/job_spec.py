"""The payload of a load test's job: the plan, the target as serving names it, and which rows make the payload."""

from core.compute.service import ComputeService
from core.foundation.actions.call import Call
from core.foundation.errors import Conflict, Invalid
from core.foundation.text import _
from core.loadtests.values import Slo, Target
from core.serving.rows import find_endpoint
from core.serving.values import Endpoint, Route

PREDICT = "/predict"
USUAL_SPLIT = "test"


def target_of(endpoint: Endpoint, *, environment: str) -> Target:
    """The endpoint as a target, without a ticket. Invalid when it is of the other environment, Conflict when it serves
    nothing, several versions, or is about to change."""
    if endpoint.environment != environment:
        raise Invalid(
            _("{name} is a {environment} endpoint").format(name=endpoint.name, environment=endpoint.environment),
            hint=_("A test of production is requested by `start_production_test`, and confirmed by a second person."),
            field="endpoint_id",
        )
    route = _only_route(endpoint)
    return Target(
        endpoint_id=endpoint.id,
        endpoint=endpoint.name,
        environment=endpoint.environment,
        url=endpoint.url + PREDICT,
        version_id=route.version_id,
        digest=route.digest,
        slo=Slo(**endpoint.slo.model_dump()),
    )


def refuse_other_measurement(call: Call, endpoint_id: str, *, compute: ComputeService) -> None:
    """Conflict while a parity check, a replay or another load test has the endpoint to itself."""
    job_id = find_endpoint(call.session, endpoint_id).measuring
    if job_id and not compute.job(call, job_id).state.is_over:
        raise Conflict(_("{job} is measuring on this endpoint").format(job=job_id), hint=_("Wait until it has ended."))


def take_endpoint(call: Call, endpoint_id: str, *, job_id: str) -> None:
    """While the job lasts no other measurement starts on the endpoint."""
    row = find_endpoint(call.session, endpoint_id)
    row.measuring = job_id
    call.session.add(row)


def _only_route(endpoint: Endpoint) -> Route:
    if len(endpoint.routes) != 1 or not endpoint.settled:
        raise Conflict(
            _("{name} does not serve exactly one version now").format(name=endpoint.name),
            hint=_("Deploy a version, or wait until the change under way is over: a test measures one version."),
        )
    return endpoint.routes[0]
