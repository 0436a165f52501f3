"""The kind of the demo job: it keeps what it was handed, in a table that the fixtures make."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlmodel import Field, SQLModel, col, select

from core.compute.job_store import SPEC
from core.compute.kinds import PlainKind
from core.compute.tables import JobRow
from core.compute.values import Job, JobSpec, Resources
from core.foundation.actions.call import Call
from core.foundation.actors import Actor
from core.foundation.columns import json_field
from core.foundation.errors import Invalid
from core.portal import Portal
from tests.compute.running import SYSTEM


class IngestedRow(SQLModel, table=True):
    """What the kind took in, in the order it did."""

    __tablename__ = "test_taken"

    id: int | None = Field(default=None, primary_key=True)
    job_id: str
    what: str
    content: dict[str, Any] = json_field()


class DemoKind(PlainKind):
    name = "test.demo"
    module = "tests.compute.demo_job"

    def at_launch(self, job: Job, payload: dict[str, Any]) -> dict[str, Any]:
        return {"ticket": "secret-ticket"}

    def ingest_events(self, call: Call, job: Job, events: Sequence[dict[str, Any]]) -> None:
        for event in events:
            call.session.add(IngestedRow(job_id=job.id, what=event["kind"], content=event))
        call.session.flush()

    def read_outputs(self, job: Job, outputs: Path) -> dict[str, str]:
        texts = {file.name: file.read_text() for file in outputs.iterdir()}
        if "refuse.txt" in texts:
            raise Invalid("the outputs are wrong", hint="write others")
        return texts

    def ingest_outputs(self, call: Call, job: Job, read: dict[str, str]) -> None:
        call.session.add(IngestedRow(job_id=job.id, what="outputs", content=read))

    def ended(self, call: Call, job: Job) -> None:
        call.session.add(IngestedRow(job_id=job.id, what="ended", content={"state": job.state, "cause": job.cause}))


KINDS = (DemoKind(),)


def submit(portal: Portal, *, way: str, actor: Actor = SYSTEM, **fields: Any) -> str:
    """Queues a demo job in the first project, and returns its id."""
    kind = fields.pop("kind", "test.demo")
    spec_fields = {
        name: fields.pop(name) for name in ("max_attempts", "inputs", "resources", "priority") if name in fields
    }
    spec_fields.setdefault("resources", Resources(memory_mb=256))
    payload = {"way": way, **fields}
    job_spec = JobSpec(kind=kind, project="PROJ-1", title=way, subject="", payload=payload, **spec_fields)
    with writing(portal, actor) as call:
        return portal.compute.submit(call, job_spec).id


def submit_many(portal: Portal, number: int) -> list[str]:
    """Queues that many jobs at once."""
    what = {"kind": "test.demo", "project": "PROJ-1", "title": "greet", "subject": "", "payload": {"way": "greet"}}
    job_spec = JobSpec(**what, resources=Resources(memory_mb=256))
    with writing(portal) as call:
        return [portal.compute.submit(call, job_spec).id for _number in range(number)]


def queue_again(portal: Portal, job_id: str) -> None:
    with writing(portal) as call:
        portal.compute.resubmit(call, job_id)


def ingested(portal: Portal, job_id: str, what: str = "") -> list[dict[str, Any]]:
    """What the kind was handed about a job, in order."""
    with portal.foundation.database.read() as session:
        rows = session.exec(select(IngestedRow).where(col(IngestedRow.job_id) == job_id).order_by(col(IngestedRow.id)))
        return [row.content for row in rows if not what or row.what == what]


def row_of(portal: Portal, job_id: str) -> JobRow:
    with portal.foundation.database.read() as session:
        return session.get_one(JobRow, job_id)


@contextmanager
def writing(portal: Portal, actor: Actor = SYSTEM) -> Iterator[Call]:
    """A call of a domain above, which uses the parts."""
    spec = replace(SPEC, permission="read")
    with portal.foundation.database.write() as session:
        yield Call(portal.foundation, session, actor, spec)
