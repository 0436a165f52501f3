"""A walk along the chain: the people who act, what earlier steps have made, and how one waits for what takes long."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from core.compute.folders import read_json
from core.compute.own_files import set_aside
from core.compute.values import Job, JobState
from core.foundation.actors import Actor
from core.foundation.errors import Conflict, NotFound, Unavailable
from core.foundation.text import _
from core.identity.values import Person
from core.installation import FIRST_PEOPLE
from core.portal import Portal

T = TypeVar("T")
POLL_SECONDS = 0.2


def read_created(record: Path) -> dict[str, str]:
    """What earlier steps created. A record that does not parse is kept under another name, and the walk begins anew."""
    created = read_json(record)
    if created is None and record.exists():
        set_aside(record)
    return created or {}


class Walk:
    """The people who act, what earlier steps created (an object's id by a step's word), and the console."""

    def __init__(self, portal: Portal, *, demonstration: "Demonstration", console: Console, record: Path) -> None:
        self.portal = portal
        self.demonstration = demonstration
        self.console = console
        self.record = record
        self.created: dict[str, str] = read_created(record)
        self.people = {person.handle: person for person in portal.sessions.people()}

    def actor(self, handle: str) -> Actor:
        """Someone of the installation. NotFound when nobody has the handle."""
        return Actor(person_id=self._person(handle).id, kind="person", via="session")

    @property
    def project(self) -> str:
        """Its own project; the first one where the demonstration takes it and nothing is in it yet."""
        if "project" not in self.created and self._may_take_the_first():
            return self.keep("project", self._first_project)
        project = self.once("project", self._create_project)
        self.once("members", lambda: self._admit(project))
        return project

    def keep(self, word: str, object_id: str) -> str:
        """Remembers what a step made, on disk, so that a walk that was interrupted does not make it twice."""
        self.created[word] = object_id
        temporary = self.record.with_suffix(".part")
        temporary.write_text(json.dumps(self.created, indent=1))
        temporary.replace(self.record)
        return object_id

    def once(self, word: str, make: Callable[[], str]) -> str:
        """The id that `make` returned, now or in an earlier walk."""
        return self.created.get(word) or self.keep(word, make())

    def say(self, text: str, object_id: str = "") -> None:
        """One line about what was made, with the address of its page."""
        from app.ui.links import url_of

        address = f"{self.portal.foundation.settings.address}/{url_of(object_id)}?id={object_id}" if object_id else ""
        self.console.print(f"     {text}  [dim]{address}[/dim]", highlight=False, soft_wrap=True)

    def wait_for(
        self,
        what: str,
        *,
        ask: Callable[[], T],
        done: Callable[[T], bool],
        share: Callable[[T], float | None],
        seconds: float = 300,
    ) -> T:
        """Asks until it is done, with a bar that shows how far it is. Unavailable when it takes too long."""
        deadline = time.monotonic() + seconds
        columns = (TextColumn("     {task.description}"), BarColumn(bar_width=24), TimeRemainingColumn(compact=True))
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(what, total=1.0)
            while not done(state := ask()):
                self._draw(progress, task, share(state))
                if time.monotonic() > deadline:
                    raise Unavailable(
                        _("{what} took too long").format(what=what),
                        hint=_("Run `causeway demo {name}` again.").format(name=self.demonstration.name),
                    )
                time.sleep(POLL_SECONDS)
        return state

    def wait_for_job(self, actor: Actor, job_id: str) -> Job:
        """Waits for a job of ours. Conflict with its cause when it failed."""
        job = self.wait_for(
            self.portal.compute.get_job(actor, job_id=job_id).title,
            ask=lambda: self.portal.compute.get_job(actor, job_id=job_id),
            done=lambda job: job.state.is_over,
            share=lambda job: job.progress,
        )
        if job.state is not JobState.SUCCEEDED:
            raise Conflict(_("{title} has {state}: {cause}").format(title=job.title, state=job.state, cause=job.cause))
        return job

    @property
    def _first_project(self) -> str:
        """That of the engineer."""
        return self._person("mei").grants[0].project

    def _may_take_the_first(self) -> bool:
        if not self.demonstration.takes_first_project:
            return False
        datasets = self.portal.datasets.list_datasets(self.actor("mei"), project=self._first_project, limit=1)
        return bool(self.created) or not datasets.total

    def _create_project(self) -> str:
        return self.portal.identity.create_project(self.actor("ada"), name=_(self.demonstration.title)).id

    def _admit(self, project: str) -> str:
        """The people of the first project, with the roles that they have in it. Returns the project."""
        for first in FIRST_PEOPLE:
            if first.in_project:
                person_id = self._person(first.handle).id
                self.portal.identity.grant_role(
                    self.actor("ada"), person_id=person_id, role=first.role, project=project
                )
        return project

    @staticmethod
    def _draw(progress: Progress, task: TaskID, share: float | None) -> None:
        progress.update(task, completed=share or 0.0)

    def _person(self, handle: str) -> Person:
        if handle not in self.people:
            raise NotFound(
                _("There is nobody called {handle} here").format(handle=handle),
                hint=_("The demonstration needs the people of a new installation with CAUSEWAY_SIGN_IN=development."),
            )
        return self.people[handle]


@dataclass(frozen=True)
class Step:
    """A step of the walk and the line it prints."""

    title: str
    take: Callable[[Walk], None]


@dataclass(frozen=True)
class Demonstration:
    """A walk that people may take. `title` names its project, `shows` says in a line what there is to see, `seconds` is
    about how long it takes, measured on two busy cores. What `takes_first_project` is made in the project that an
    installation begins with, while that is empty."""

    name: str
    title: str
    shows: str
    seconds: int
    steps: tuple[Step, ...]
    takes_first_project: bool = False
