"""The history of an endpoint. A period is written when something is wanted, and begins when the gateway has confirmed
that callers are answered by it: what never was has a beginning that is its end."""

from datetime import timedelta

from sqlmodel import col, select

from core.foundation.actions.call import Call
from core.serving.rows import routes_of
from core.serving.tables import EndpointRow, ServedRow
from core.serving.values import Served

# Shorter than any period that a gateway reports.
SHORTEST = timedelta(milliseconds=1)


def want_period(call: Call, row: EndpointRow, *, reason: str, promotion_id: str) -> None:
    """What the endpoint is wanted to serve from now on; what it served before goes on meanwhile."""
    call.session.add(
        ServedRow(
            endpoint_id=row.id,
            generation=row.generation,
            routes=row.routes,
            reason=reason,
            promotion_id=promotion_id,
            changed_by=call.actor.person_id,
            from_time=call.now,
            to_time=call.now,
        )
    )
    call.session.flush()


def begin_period(call: Call, endpoint_id: str, generation: int) -> None:
    """The gateway has reached this generation: it serves from now on, and nothing else does."""
    period = call.session.get(ServedRow, (endpoint_id, generation))
    if period is None or period.to_time != period.from_time:
        return
    others = select(ServedRow).where(ServedRow.endpoint_id == endpoint_id, col(ServedRow.to_time).is_(None))
    for other in call.session.exec(others).all():
        other.to_time = max(call.now, other.from_time + SHORTEST)
        call.session.add(other)
    period.from_time, period.to_time = call.now, None
    call.session.add(period)
    for route in routes_of(period):
        call.link(route.version_id, endpoint_id, "served by")


def served_of(row: ServedRow, *, newest: int) -> Served:
    never = "wanted" if row.generation == newest else "never"
    state = never if row.to_time == row.from_time else "served"
    return Served.model_validate({**row.model_dump(exclude={"routes"}), "routes": routes_of(row), "state": state})
