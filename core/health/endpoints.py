"""The endpoints that may be seen: what each of them serves now, and whether it can."""

from collections.abc import Collection
from functools import cached_property

from sqlmodel import select

from core.foundation.actions.call import Call
from core.foundation.text import _, percent
from core.health.values import Health
from core.serving.counter_file import SERVERS, Counted, counted_in
from core.serving.endpoint_inputs import endpoint_inputs
from core.serving.rows import closed_words, routes_of
from core.serving.tables import EndpointRow
from core.serving.values import Server


class Endpoints:
    """The endpoints that may be seen, and what each of them serves now."""

    def __init__(self, call: Call, *, is_needed: bool = True) -> None:
        self._session, self._now, self._home = call.session, call.now, call.foundation.settings.home
        visible = select(EndpointRow).where(*call.permitted.condition(EndpointRow.project))
        rows = call.session.exec(visible.order_by(EndpointRow.name)) if is_needed else ()
        self._rows = {row.id: row for row in rows}
        self._served = {row.id: [route.version_id for route in routes_of(row)] for row in self._rows.values()}

    @property
    def versions(self) -> set[str]:
        """All versions that serve somewhere."""
        return {version_id for served in self._served.values() for version_id in served}

    def served_by(self, endpoint_id: str) -> list[str]:
        return self._served.get(endpoint_id, [])

    def served_by_any(self, endpoint_ids: Collection[str]) -> set[str]:
        return {version_id for endpoint_id in endpoint_ids for version_id in self.served_by(endpoint_id)}

    def row(self, endpoint_id: str) -> EndpointRow | None:
        return self._rows.get(endpoint_id)

    def places(self, version_id: str) -> list[EndpointRow]:
        """Where a version serves, production first."""
        rows = [self._rows[key] for key, served in self._served.items() if version_id in served]
        return sorted(rows, key=lambda row: row.environment != "production")

    def serving_any(self, version_ids: Collection[str]) -> list[str]:
        """The endpoints that serve one of these versions or more."""
        return [endpoint_id for endpoint_id, served in self._served.items() if not set(version_ids).isdisjoint(served)]

    def serving(self, version_id: str) -> list[Health]:
        """How the endpoints are that send traffic to a version."""
        return [self.own(endpoint_id) for endpoint_id, served in self._served.items() if version_id in served]

    def own(self, endpoint_id: str) -> Health:
        """Whether it can serve what it should, whatever that rests on, and whether all was taken out of a production
        one; nothing else is judged while it serves nothing."""
        row = self._rows.get(endpoint_id)
        if row is None or not row.routes:
            return self._without_version(row, endpoint_id)
        servers = (Server.model_validate(server) for server in row.servers)
        refused = [server.cause for server in servers if server.state == "refused"]
        if not row.cause and not refused:
            return self._asked_beyond(row)
        reason = _("{name} cannot serve what it should: {cause}").format(
            name=row.entry.title,
            cause=next((cause for cause in (row.cause, *refused) if cause), _("no reason was given")),
        )
        return Health(object_id=endpoint_id, state="refused", reason=reason, cause_id=endpoint_id, since=row.changed_at)

    def _asked_beyond(self, row: EndpointRow) -> Health:
        """Whether much more of what it is asked than before is unknown to its models, or missing."""
        inputs = endpoint_inputs(self._counted, endpoint_id=row.id, now=self._now)
        gap = next((gap for gap in inputs.gaps if gap.has_jumped), None)
        if gap is None:
            return Health(object_id=row.id, state="healthy")
        reasons = {
            "unknown": _("{name} was unknown to the model in {share} of the rows of the last hour"),
            "missing": _("{name} had no features for {share} of the rows of the last hour"),
        }
        reason = reasons[gap.kind].format(name=gap.name, share=percent(gap.share))
        if gap.share_before is not None:
            reason = _("{reason}; before it was {share}").format(reason=reason, share=percent(gap.share_before))
        return Health(object_id=row.id, state="unknown_inputs", reason=reason, cause_id=row.id)

    @cached_property
    def _counted(self) -> list[Counted]:
        """What all model servers have counted: read once, and only where an endpoint serves."""
        return list(counted_in(self._home / SERVERS))

    def _without_version(self, row: EndpointRow | None, endpoint_id: str) -> Health:
        # What is to be taken out answers callers until the gateway has done so.
        if row is None or row.environment != "production" or not 0 < row.generation == row.confirmed:
            return Health(object_id=endpoint_id, state="")
        reason = closed_words(self._session, row)
        return Health(object_id=row.id, state="taken_out", reason=reason, cause_id=row.id, since=row.changed_at)
