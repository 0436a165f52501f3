"""What an installation that has promoted nothing yet begins with: the way from somebody's own data to a model that
serves. A step is done once something came of it, whoever did it."""

from collections.abc import Iterator

import streamlit as st

from app.session import actor, may, portal, projects, unless_changed
from app.ui import frame, links
from core.compute.values import JobState
from core.foundation.text import _
from core.foundation.values import Value
from core.identity.permissions import Permission
from core.installation import PROJECT

DONE, OPEN = ":green[:material/check_circle:]", ":gray[:material/radio_button_unchecked:]"
DEMONSTRATIONS = "causeway demo --list"
READ = 50
# A comparison needs so many versions.
COMPARED = 2


class Step(Value):
    """A part of the way: what is done on the page `url` by those who have the permission."""

    title: str
    detail: str
    url: str
    permission: Permission
    is_done: bool


def first_steps() -> None:
    """Nothing once something was promoted, and for those who may do none of it."""
    steps = unless_changed("first_steps", lambda: tuple(_steps()))
    if not any(may(step.permission) for step in steps if step.permission is not Permission.READ):
        return
    done = sum(step.is_done for step in steps)
    frame.section(_("Bring your data"), hint=_("{n} of {total} steps done").format(n=done, total=len(steps)))
    with frame.rows("first_steps"):
        for step in steps:
            _step(step)
    # Demonstrations act as the people of the development identity.
    if portal().foundation.settings.sign_in == "development":
        st.caption(_("Or look at a demonstration first, each in a project of its own. What there is:"))
        st.code(DEMONSTRATIONS, language="shell", width="content")


def _step(step: Step) -> None:
    icon = DONE if step.is_done else OPEN
    with frame.row(f"first_{step.url}", title=step.title, detail=step.detail, icon=icon):
        if may(step.permission) and not step.is_done:
            links.follow(step.url, _("Open"))


def _steps() -> Iterator[Step]:
    """In the order of the chain; none where something was promoted."""
    who, here = actor(), portal()
    if here.requests.list_requests(who, limit=1).total:
        return
    if may(Permission.PEOPLE_WRITE):
        yield Step(
            title=_("Name your project"),
            detail=_("What your people call it: in the menu of the page of people."),
            url="people",
            permission=Permission.PEOPLE_WRITE,
            is_done=PROJECT not in projects().values(),
        )
    yield Step(
        title=_("Import a table"),
        detail=_("A CSV or Parquet file, or a table that is somewhere else."),
        url="datasets",
        permission=Permission.DATA_WRITE,
        is_done=any(dataset.latest for dataset in here.datasets.list_datasets(who, limit=READ).items),
    )
    yield Step(
        title=_("Define features (optional)"),
        detail=_("Where rows need what other tables know of them."),
        url="features",
        permission=Permission.DATA_WRITE,
        is_done=bool(here.feature_views.list_views(who, limit=1).total),
    )
    yield Step(
        title=_("Train a model"),
        detail=_("On a training set: rows with labels, in splits."),
        url="start-training",
        permission=Permission.JOBS_WRITE,
        is_done=bool(here.training.list_runs(who, state=JobState.SUCCEEDED, limit=1).total),
    )
    yield from _after_training()


def _after_training() -> Iterator[Step]:
    who, here = actor(), portal()
    yield Step(
        title=_("Compare two versions"),
        detail=_("What is better, by how much, and how sure that is."),
        url="compare",
        permission=Permission.READ,
        is_done=here.registry.list_versions(who, limit=1).total >= COMPARED,
    )
    endpoints = here.endpoints.list_endpoints(who, limit=READ).items
    yield Step(
        title=_("Deploy to an endpoint"),
        detail=_("A name that callers use; its page says how."),
        url="endpoints",
        permission=Permission.ENDPOINT_WRITE,
        is_done=any(endpoint.generation for endpoint in endpoints),
    )
    yield Step(
        title=_("Test its load"),
        detail=_("How many requests a second it can serve."),
        url="load-tests",
        permission=Permission.LOADTEST,
        is_done=bool(here.loadtests.list_tests(who, limit=1).total),
    )
    yield Step(
        title=_("Request its promotion"),
        detail=_("With the evidence that it is good enough for production."),
        url="promotions",
        permission=Permission.PROMOTE_REQUEST,
        is_done=False,
    )
