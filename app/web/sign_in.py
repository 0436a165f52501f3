"""Sign-in and sign-out: small pages of our own, outside Streamlit, so that nobody reaches its server before we know
them. A port (here: development identities) says who someone is; the session is ours."""

import html
from collections.abc import Callable
from pathlib import Path
from string import Template
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from app.navigation import is_ours
from app.session import COOKIE, role_title
from app.web.guard import cookie_of, is_same_origin
from app.web.lanes import READS, WRITES
from core.foundation.actors import Actor
from core.foundation.errors import PortalError
from core.foundation.text import _
from core.identity.values import Person
from core.portal import Portal

PAGE = Template((Path(__file__).resolve().parents[1] / "static" / "sign_in.html").read_text(encoding="utf-8"))
FORM_LIMIT = 10_000


def sign_in_routes(portal: Callable[[], Portal]) -> list[Route]:
    """The routes `/sign-in` and `/sign-out`. `portal` is asked on each call."""

    async def show(request: Request) -> Response:
        target = safe_target(request.query_params.get("next", ""))
        return HTMLResponse(await READS.run(sign_in_page, portal(), target=target))

    async def enter(request: Request) -> Response:
        if not is_same_origin(request.headers):
            return PlainTextResponse("Refused: this form was not sent from the portal.", status_code=403)
        form = await read_form(request)
        target = safe_target(form.get("next", ""))
        try:
            secret = await WRITES.run(_begin, portal(), form.get("person", ""), cookie_of(request.headers))
        except PortalError as error:
            page = await READS.run(sign_in_page, portal(), target=target, error=error.message)
            return HTMLResponse(page, status_code=error.status)
        return _with_cookie(RedirectResponse(target, status_code=303), portal(), secret)

    async def leave(request: Request) -> Response:
        if not is_same_origin(request.headers):
            return PlainTextResponse("Refused: this form was not sent from the portal.", status_code=403)
        await WRITES.run(portal().sessions.sign_out, cookie_of(request.headers))
        answer = RedirectResponse("/sign-in", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return [
        Route("/sign-in", show, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        Route("/sign-out", leave, methods=["POST"]),
    ]


def safe_target(target: str) -> str:
    """Where sign-in leads: one of our pages with its query, else the home page."""
    return target if is_ours(target) else "/"


async def read_form(request: Request) -> dict[str, str]:
    """A small URL-encoded form; what is longer is read no further."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > FORM_LIMIT:
            return {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _begin(portal: Portal, person_id: str, old_secret: str) -> str:
    secret = portal.sessions.sign_in_as(person_id)
    if old_secret:
        portal.sessions.sign_out(old_secret)
    return secret


def _with_cookie(answer: Response, portal: Portal, secret: str) -> Response:
    settings = portal.foundation.settings
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=settings.session_hours * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.address.startswith("https://"),
    )
    return answer


def sign_in_page(portal: Portal, *, target: str, error: str = "") -> str:
    """The page's HTML. Names are escaped; there is no script on it."""
    people = portal.sessions.people()
    projects = _project_names(portal)
    choices = "".join(_choice(person, projects) for person in people)
    hint = _("Choose who to be. Development identities work on this machine only.")
    if not people:
        hint = _("Nobody can sign in here: this portal takes service tokens only, or has no people yet.")
    return PAGE.substitute(
        title=_("Sign in · Causeway"),
        heading=_("Sign in"),
        hint=html.escape(hint),
        error=f'<p class="error" role="alert">{html.escape(error)}</p>' if error else "",
        target=html.escape(target, quote=True),
        choices=choices,
        mark=html.escape(_("Development identity")),
        foot=html.escape(_("From a business goal to a model in production, with the evidence attached.")),
    )


def _choice(person: Person, projects: dict[str, str]) -> str:
    roles = ", ".join(
        f"{role_title(grant.role)}, {projects.get(grant.project, grant.project)}"
        if grant.project
        else role_title(grant.role)
        for grant in person.grants
    )
    initials = "".join(part[0] for part in person.name.split()[:2]).upper()
    no_role_yet = _("No role yet")
    return (
        f'<button name="person" value="{html.escape(person.id, quote=True)}">'
        f'<span class="face" aria-hidden="true">{html.escape(initials)}</span>'
        f'<span class="who"><strong>{html.escape(person.name)}</strong>'
        f"<small>{html.escape(roles or no_role_yet)}</small></span>"
        f'<span class="go" aria-hidden="true">&rarr;</span></button>'
    )


def _project_names(portal: Portal) -> dict[str, str]:
    return {project.id: project.name for project in portal.identity.list_projects(Actor.system("sign-in"))}
