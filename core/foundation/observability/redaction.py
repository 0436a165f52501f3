"""Takes secrets out of text that people read. An address is shown only as far as it is well formed: what cannot be told
apart from a secret is left out, whatever the secret looks like."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

HIDDEN = "***"
# Whose paths name a database, a file or a socket. Elsewhere a path may be a secret itself, as those of webhooks are.
SHOWN_PATHS = ("postgresql", "sqlite", "redis", "rediss", "unix", "s3", "file")
HOST = r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.%]+\])(?::\d+)?"
ADDRESS = re.compile(
    rf"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^@/?#;\s]*@)?(?P<host>(?:{HOST}(?:,{HOST})*)?)"
    r"(?P<path>(?:/[A-Za-z0-9._~/-]*)?)(?P<rest>(?:[?#;][^@]*)?)",
    re.DOTALL,
)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
PARAMETER = re.compile(r"[?#;&]([A-Za-z0-9_.-]{1,40})=")
# What precedes is bounded, so that a long word costs no more than its length.
ADDRESSES = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s'\"<>]+")
CREDENTIAL = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+")
TOKEN = re.compile(r"\bcwt_[A-Za-z0-9_-]+")
SECRET_WORD = r"(?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credentials?)"
SECRET_NAME = re.compile(rf"(?i){SECRET_WORD}$")
PAIR = re.compile(
    rf"(?i)({SECRET_WORD})"
    r"(['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s,;&)}\]]+)"
)


def redact_address(address: str) -> str:
    """An address without user, password and the values of its parameters. One that is not well formed is shown by its
    scheme alone."""
    if not address:
        return ""
    parsed = ADDRESS.fullmatch(address)
    if parsed is None:
        scheme = SCHEME.match(address)
        return f"{scheme[0] if scheme else ''}{HIDDEN}"
    user = f"{HIDDEN}@" if parsed["user"] else ""
    return f"{parsed['scheme']}://{user}{parsed['host']}{_path(parsed)}{_parameters(parsed['rest'])}"


def redact(text: str, *, secrets: Iterable[tuple[str, str]] = ()) -> str:
    """A text without the secrets in it: those that are known (each with what stands in its place), those inside
    addresses, and what a word before them calls a secret."""
    for secret, shown in secrets:
        text = text.replace(secret, shown)
    text = ADDRESSES.sub(lambda match: redact_address(match[0]), text)
    text = CREDENTIAL.sub(rf"\1 {HIDDEN}", text)
    return PAIR.sub(rf"\1\2{HIDDEN}", TOKEN.sub(f"cwt_{HIDDEN}", text))


def redact_all(value: Any, *, secrets: Iterable[tuple[str, str]] = ()) -> Any:
    """The same for every text in a structure; what stands under the name of a secret is left out whole."""
    if isinstance(value, str):
        return redact(value, secrets=secrets)
    if isinstance(value, Mapping):
        return {key: _under(str(key), part, secrets=secrets) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_all(part, secrets=secrets) for part in value]
    if value is None or isinstance(value, int | float):
        return value
    return redact(str(value), secrets=secrets)


def _under(name: str, value: Any, *, secrets: Iterable[tuple[str, str]]) -> Any:
    return HIDDEN if SECRET_NAME.search(name) else redact_all(value, secrets=secrets)


def _path(parsed: "re.Match[str]") -> str:
    shown = parsed["scheme"].lower().partition("+")[0] in SHOWN_PATHS
    return parsed["path"] if shown or parsed["path"] in ("", "/") else f"/{HIDDEN}"


def _parameters(rest: str) -> str:
    """The names of the parameters; what has no name is left out."""
    names = PARAMETER.findall(rest)
    if not rest:
        return ""
    return rest[0] + ("&".join(f"{name}={HIDDEN}" for name in names) or HIDDEN)
