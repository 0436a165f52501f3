"""The guard before every request: a known host, our own session on everything that Streamlit would answer to anyone,
and the headers that keep a page to itself. Anonymous visitors load static files, the sign-in page and the health
check."""

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.session import COOKIE
from app.web.api import CHALLENGE, headers_of, refusal
from app.web.bodies import TooLarge
from app.web.lanes import IDENTITY
from app.web.operations import LIVE, METRICS, READY
from core.foundation.errors import PortalError
from core.foundation.settings import Settings, is_loopback
from core.foundation.text import _
from core.portal import Portal

API, MLFLOW = "/api/", "/mlflow/"
OPEN_PATHS = ("/static/", "/app/static/", API, MLFLOW)
# A form with a name in it, and whatever a browser sends by itself.
ANONYMOUS_BYTES = 65_536
OPEN = frozenset(
    {"/health", "/sign-in", "/sign-out", "/_stcore/health", "/favicon.ico", "/favicon.png", "/manifest.json"}
    | {LIVE, READY, METRICS}
)
# Counters for the operator, a second door into pages, and Streamlit's own sign-in: none of them is ours to offer.
CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
CLOSED_PREFIXES = ("/auth/", "/oauth2callback", "/agent/")
SIGN_IN = "/sign-in"
REFUSED_SOCKET = 4403


class Guard:
    """ASGI middleware around everything the portal serves. `portal` is asked on each request."""

    def __init__(self, app: ASGIApp, *, portal: Callable[[], Portal], settings: Settings) -> None:
        self.app = app
        self.portal = portal
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = await self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, self._with_headers(scope, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": REFUSED_SOCKET})
        else:
            await refusal(scope, receive, self._with_headers(scope, send))

    async def _refusal(self, scope: Scope) -> Response | None:
        """The answer to a request that goes no further; None for one that may pass."""
        headers, path = Headers(scope=scope), scope["path"]
        if not self._is_known_host(headers.get("host", "")):
            return PlainTextResponse("Unknown host", status_code=421)
        if is_closed(path):
            return PlainTextResponse("Not found", status_code=404)
        if is_anonymous(headers) and int(headers.get("content-length", 0)) > ANONYMOUS_BYTES:
            error = TooLarge(_("Nobody sends as much without signing in"), hint=_("Sign in first."))
            return refusal(error) if path.startswith(API) else plain(error)
        if path in OPEN or path.startswith(OPEN_PATHS):
            return None
        if scope["type"] == "websocket" and not is_same_origin(headers):
            return PlainTextResponse("Refused", status_code=403)
        try:
            has_session = await IDENTITY.run(self._has_session, headers)
        except PortalError as error:
            return plain(error)
        if not has_session:
            return _to_sign_in(scope, headers)
        return _to_the_frame(scope, headers)

    def _has_session(self, headers: Headers) -> bool:
        secret = cookie_of(headers)
        return bool(secret) and self.portal().sessions.actor_of_session(secret) is not None

    def _is_known_host(self, host: str) -> bool:
        """Against DNS rebinding: our own names only. On loopback any port is ours, for a test or a tunnel picks it."""
        name = urlsplit(f"//{host}").hostname or ""
        public = urlsplit(self.settings.public_address).hostname
        if public and name == public:
            return True
        if is_loopback(self.settings.host):
            return is_loopback(name)
        return name == self.settings.host

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def forward(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message), scope["path"])
            await send(message)

        return forward


def secure(headers: MutableHeaders, path: str) -> None:
    """Adds what keeps an answer to itself; pages and data are kept by no cache."""
    headers["Content-Security-Policy"] = content_policy()
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if not path.startswith(("/static/", "/app/static/")):
        headers["Cache-Control"] = "no-store"


@cache
def content_policy() -> str:
    """The content security policy. The hash is of the one inline script in Streamlit's page, computed from the very
    file that is served; `blob:` is for our components' scripts, `wasm-unsafe-eval` for the grid."""
    import streamlit

    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'wasm-unsafe-eval' blob: {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "object-src 'none'",
        )
    )


def is_anonymous(headers: Headers) -> bool:
    """Whether a request does not even claim to come from somebody."""
    return "authorization" not in headers and not cookie_of(headers)


def is_closed(path: str) -> bool:
    """Streamlit answers some routes below any page, so they are looked for anywhere in the path."""
    return path.startswith(CLOSED_PREFIXES) or any(closed in path for closed in CLOSED)


def cookie_of(headers: Headers) -> str:
    """The session's secret in a request's cookies, "" when there is none."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def is_same_origin(headers: Headers) -> bool:
    """Whether a browser's request comes from a page of ours. What names no origin is refused."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == headers.get("host")


def opens_page(scope: Scope, headers: Headers) -> bool:
    """Whether a person's browser asks for a page, and not for a part of one."""
    asks = scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", "")
    return asks and not any(part in scope["path"] for part in ("_stcore", "/media/", "/component/"))


def plain(error: PortalError) -> Response:
    """A refusal for who asks for no JSON."""
    return PlainTextResponse(error.in_full, status_code=error.status, headers=headers_of(error))


def _to_the_frame(scope: Scope, headers: Headers) -> Response | None:
    """No page of ours has a slash in its name, and Streamlit's own page finds none of its files from below one: such
    an address leads to its last part, where the frame says that there is no page."""
    parts = [part for part in scope["path"].split("/") if part]
    if len(parts) < 2 or not opens_page(scope, headers):
        return None
    return RedirectResponse(f"/{quote(parts[-1], safe='')}", status_code=303)


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    """A page that someone opens leads to sign-in and back; anything else is refused."""
    if not opens_page(scope, headers):
        return PlainTextResponse("Sign in first", status_code=401, headers=CHALLENGE)
    query = scope["query_string"].decode("latin-1")
    target = scope["path"] + (f"?{query}" if query else "")
    return RedirectResponse(f"{SIGN_IN}?next={quote(target, safe='')}", status_code=303)
