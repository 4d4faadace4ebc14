"""A publisher's web server: a real one, over TLS, with its own authority, that can break off."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path, *hosts: str) -> tuple[Path, Path]:
    """A certificate for this computer that is its own authority, and its secret key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Publisher of a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.IPAddress(ip_address("127.0.0.1")), *map(x509.DNSName, hosts)]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "publisher.pem", folder / "publisher.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


class Publisher:
    """Serves `files` by their path; `moved` are redirects."""

    def __init__(self, pem: Path, secret: Path) -> None:
        self.files: dict[str, bytes] = {}
        self.moved: dict[str, str] = {}
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.knows_ranges = True
        self.breaks_once_at: int | None = None
        owner = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, secret)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        # A client that does not trust us hangs up in the middle of its first word.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        """Where it is reached."""
        return f"https://127.0.0.1:{self._server.server_port}"

    def answer(self, door: BaseHTTPRequestHandler) -> None:
        """One request, as the script says."""
        self.asked.append(door.path)
        if door.path in self.moved:
            door.send_response(302)
            door.send_header("Location", self.moved[door.path])
            door.end_headers()
            return
        content = self.files.get(door.path)
        if content is None:
            door.send_error(404)
            return
        self._send(door, content)

    def _send(self, door: BaseHTTPRequestHandler, content: bytes) -> None:
        asked = door.headers["Range"]
        start = 0
        if asked:
            self.ranges.append(asked)
        if asked and self.knows_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            door.send_response(206)
            door.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            door.send_response(200)
        door.send_header("Content-Length", str(len(content) - start))
        door.end_headers()
        end = len(content)
        if self.breaks_once_at is not None and len(content) > self.breaks_once_at:
            end, self.breaks_once_at = self.breaks_once_at, None
        door.wfile.write(content[start:end])
        door.close_connection = True
