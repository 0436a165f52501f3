"""HTTP to a portal and back: who calls, what is sent again and what is not, files in both directions."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from email.message import Message
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from .errors import PortalError, Unavailable, refusal_of
from .files import Content, is_content, name_of, opened

PATH = "/api/v1"
TIMEOUT_SECONDS = 600.0
IDLE_SECONDS = 2.0
PAUSE_SECONDS, MOST_PAUSE_SECONDS = 0.5, 5.0
TRIES = 3
KEY = "Idempotency-Key"
PAGE = 200
BINARY = "application/octet-stream"
Send = Callable[[], httpx.Response]


def new_client(**options: Any) -> httpx.Client:
    """A client of httpx with its own options. It keeps no cookie, and idle connections for less long than servers do:
    none is written to as it closes."""
    no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    usual: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "limits": httpx.Limits(keepalive_expiry=IDLE_SECONDS)}
    return httpx.Client(cookies=no_cookies, **usual | options)


@cache
def http_client() -> httpx.Client:
    """The one client of this process where nobody asks for another: making one reads every certificate of the machine,
    which takes longer than most answers."""
    return new_client()


class Transport:
    """The portal at an address, as whoever the token stands for."""

    def __init__(self, address: str, *, token: str, http: httpx.Client) -> None:
        self.address, self.http, self._token = address, http, token

    def call(
        self,
        action: str,
        arguments: Mapping[str, Any],
        *,
        key: str = "",
        tries: int = TRIES,
        timeout: float | None = None,
    ) -> Any:
        """What an action answers. Every call has a key, its own where none is given: what was lost on the way is sent
        again and done once. Arguments that are files are sent a part at a time, from their beginning; what cannot be
        read again is sent once. `timeout` is for one try, in seconds, where it is another than the client's own."""
        key = key or uuid4().hex
        contents = {name: value for name, value in arguments.items() if is_content(value)}
        with self._reaching(key):
            if not contents:
                waiting = {} if timeout is None else {"timeout": timeout}
                answer = _kept_trying(partial(self._post, action, key, json=dict(arguments), **waiting), tries=tries)
            else:
                answer = self._with_files(action, key, arguments, contents)
            return _answered(answer).json()

    def _with_files(
        self, action: str, key: str, arguments: Mapping[str, Any], contents: Mapping[str, Content]
    ) -> httpx.Response:
        rest = {field: value for field, value in arguments.items() if field not in contents}
        fields = {field: value if isinstance(value, str) else json.dumps(value) for field, value in rest.items()}
        with ExitStack() as stack:
            files = {name: stack.enter_context(opened(content)) for name, content in contents.items()}
            names = {name: name_of(content) or name for name, content in contents.items()}
            # The first file is what the call is about.
            names |= {name: arguments["filename"] for name in list(files)[:1] if arguments.get("filename")}

            def send() -> httpx.Response:
                for file in files.values():
                    if file.seekable():
                        file.seek(0)
                parts = {name: (names[name], file, BINARY) for name, file in files.items()}
                return self._post(action, key, data=fields, files=parts)

            return _kept_trying(send) if all(file.seekable() for file in files.values()) else send()

    def _post(self, action: str, key: str, **body: Any) -> httpx.Response:
        url = f"{self.address}{PATH}/{action.replace('.', '/')}"
        return self.http.post(url, headers=self._headers | {KEY: key}, **body)

    def every(self, action: str, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The items of an action that lists, page after page."""
        offset = total = 0
        while offset == 0 or offset < total:
            page = self.call(action, {**arguments, "offset": offset, "limit": PAGE})
            yield from page["items"]
            offset, total = offset + PAGE, page["total"]

    def fetch(self, path: str, *, into: Path) -> Path:
        """Writes a file of the portal and returns where it lies: `into` it, or under its own name in a folder. It is
        there once its bytes are what its digest says, and not before."""
        url = f"{self.address}{PATH}/files/{path}"
        with self._reaching(), self.http.stream("GET", url, headers=self._headers) as answer:
            if answer.is_error:
                answer.read()
            _answered(answer)
            target = into / _name_in(answer) if into.is_dir() else into
            partial_file = target.with_name(f"{target.name}.{uuid4().hex[:8]}.part")
            try:
                if _written(answer, partial_file) != answer.headers.get("X-Digest"):
                    raise Unavailable("The file did not arrive whole", hint="Ask for it again.")
                return partial_file.rename(target)
            finally:
                partial_file.unlink(missing_ok=True)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    @contextmanager
    def _reaching(self, key: str = "") -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise self._unreachable(error, key) from error

    def _unreachable(self, error: httpx.TransportError, key: str) -> PortalError:
        if key and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            hint = f"Send it again with the idempotency key {key}: it is done once."
            return Unavailable(f"{self.address} gave no answer", hint=hint)
        return Unavailable(f"No portal answers at {self.address}", hint="Start it with `causeway up`.")


def _written(answer: httpx.Response, path: Path) -> str:
    """Writes what arrives, a part at a time, and returns its SHA-256."""
    hashed = hashlib.sha256()
    with path.open("wb") as file:
        for part in answer.iter_bytes():
            hashed.update(part)
            file.write(part)
    return hashed.hexdigest()


def _name_in(answer: httpx.Response) -> str:
    """What the file is called that an answer brings, and no path."""
    disposition = Message()
    disposition["Content-Disposition"] = answer.headers.get("Content-Disposition", "")
    return Path(disposition.get_filename("") or "file").name


def _answered(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        raise refusal_of(answer)
    return answer


def _kept_trying(send: Send, *, tries: int = TRIES) -> httpx.Response:
    """The answer, after some tries where the connection is lost or the portal says that it is worth another."""
    answer = _tried(send)
    for _again in range(1, tries):
        if (pause := _pause(answer)) is None:
            break
        time.sleep(pause)
        # A portal that is away by now does not say what became of what was lost before.
        answer = answer if isinstance(again := _tried(send), httpx.ConnectError) else again
    if isinstance(answer, httpx.TransportError):
        raise answer
    return answer


def _tried(send: Send) -> httpx.Response | httpx.TransportError:
    try:
        return send()
    except httpx.TransportError as error:
        return error


def _pause(answer: httpx.Response | httpx.TransportError) -> float | None:
    """How long to wait before the next try; None where none is worth it."""
    if isinstance(answer, httpx.Response):
        after = answer.headers.get("Retry-After", "")
        return min(float(after), MOST_PAUSE_SECONDS) if after.isascii() and after.isdigit() else None
    is_lost = isinstance(answer, httpx.NetworkError | httpx.RemoteProtocolError)
    return PAUSE_SECONDS if is_lost and not isinstance(answer, httpx.ConnectError) else None
