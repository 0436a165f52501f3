"""A git host on loopback as companies have them: https by an authority of its own, `git http-backend`, and a token."""

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

TOKEN = "mei:a-token"
END = b"\r\n\r\n"
LENGTH = timedelta(days=2)


@dataclass
class Host:
    """`name` with its port, the file of its authority, where its repositories lie, and what came to it. `moved`
    is where it sends whoever asks."""

    folder: Path
    authority: Path
    token: str = ""
    moved: str = ""
    name: str = ""
    requests: list[str] = field(default_factory=list)

    def url(self, repository: str = "repository") -> str:
        return f"https://{self.name}/{repository}"


@contextmanager
def git_host(folder: Path, *, token: str = "", moved: str = "", alike: Host | None = None) -> Iterator[Host]:
    """Serves the repositories below a folder; one that is `alike` has the same authority."""
    authority = alike.authority if alike else _certificates(folder / "keys")
    keys = authority.parent
    host = Host(folder, authority, token=token, moved=moved)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"host": host}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / "host.pem", keys / "host.key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    host.name = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    host: Host
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("content-length", 0))))

    def log_message(self, *_words: Any) -> None:
        """It is a test's: nobody reads its log."""

    def handle_one_request(self) -> None:
        """Who does not believe the authority hangs up."""
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _answer(self, body: bytes) -> None:
        self.host.requests.append(f"{self.command} {self.path}")
        if self.host.moved:
            self._refuse(302, "location", f"{self.host.moved}{self.path}")
        elif self.host.token and self.headers.get("authorization") != f"Basic {_basic(self.host.token)}":
            self._refuse(401, "www-authenticate", 'Basic realm="git"')
        else:
            head, _end, content = self._backend(body).partition(END)
            status = next((line[8:11] for line in head.split(b"\r\n") if line.startswith(b"Status: ")), b"200")
            length = b"\r\ncontent-length: %d" % len(content)
            self.wfile.write(b"HTTP/1.0 %s OK\r\n%s%s%s%s" % (status, head, length, END, content))

    def _backend(self, body: bytes) -> bytes:
        path, _mark, query = self.path.partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.host.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True, check=True)
        return done.stdout

    def _refuse(self, status: int, name: str, value: str) -> None:
        self.send_response(status)
        self.send_header(name, value)
        self.send_header("content-length", "0")
        self.end_headers()


def _basic(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


def _certificates(folder: Path) -> Path:
    """Writes those of the host, and of the authority that vouches for it, whose file it returns."""
    folder.mkdir()
    authority, host = (ec.generate_private_key(ec.SECP256R1()) for _number in range(2))
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ("A company", "127.0.0.1")]
    ours = _signed(authority, names[0], of=authority, subject=names[0], extension=x509.BasicConstraints(True, None))
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    theirs = _signed(authority, names[0], of=host, subject=names[1], extension=loopback)
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "host.key").write_bytes(host.private_bytes(pem, *plain))
    (folder / "host.pem").write_bytes(theirs.public_bytes(pem))
    (folder / "authority.pem").write_bytes(ours.public_bytes(pem))
    return folder / "authority.pem"


def _signed(key: Any, issuer: x509.Name, *, of: Any, subject: x509.Name, extension: Any) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(issuer, subject, of.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - LENGTH).not_valid_after(now + LENGTH)
    return builder.add_extension(extension, critical=True).sign(key, hashes.SHA256())
