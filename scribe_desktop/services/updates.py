"""Fetches a newer version in the background, and only what the publisher signed.

Off without a feed; a policy can name one or switch the question off. The
signature (Ed25519) is checked before the feed is read, the hash before the
file gets its name and again before it is handed over. Installing is the
clinician's or the IT department's act.
"""

import base64
import binascii
import hashlib
import http.client
import json
import logging
import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

import truststore

from scribe_desktop.domain.updates import Release, UpdateRefused, newer_release
from scribe_desktop.services.places import make_private

log = logging.getLogger(__name__)

_LARGEST_FEED_BYTES = 64 * 1024
_BLOCK = 1 << 18
_PATIENCE_S = 60
_ROOM_LEFT_BYTES = 1 << 30
"""A download must not take the room that dictations need."""

_PARTIAL_CONTENT = 206


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of an address, from `start` on: 0 where a server cannot go on in the middle."""

    start: int
    blocks: Iterator[bytes]


Fetch = Callable[[str, int], Answer]
"""Opens an https address from that byte on; raises OSError when it cannot."""

Told = Callable[[int, int], bool]
"""Hears bytes so far and in all; its answer is whether to go on."""


class Interrupted(Exception):
    """Raised inside a download that was told to end; what came stays for the next try."""


class Updates:
    """Looks for one feed's newest release; called on a worker's thread, never the window's."""

    def __init__(
        self,
        feed_url: str,
        public_key: bytes,
        folder: Path,
        *,
        fetch: Fetch,
        installed: str,
        system: str,
        room: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._feed_url = feed_url
        self._key = public_key
        self._folder = folder
        self._fetch = fetch
        self._installed = installed
        self._system = system
        self._room = room

    def find(self) -> Release | None:
        """The newer version that the feed names; None when there is none.

        Raises OSError when the feed cannot be reached, UpdateRefused when it
        is not what was signed.
        """
        release = self._release()
        self._forget_all_but(release.file_name if release else "")
        return release

    def bring(self, release: Release, told: Told = lambda _done, _total: True) -> Path:
        """The installer of `release`, fetched and proved; goes on where an earlier try ended.

        Raises OSError when it cannot be reached, UpdateRefused when it is not
        what was signed or there is no room for it, Interrupted when `told` says so.
        """
        ready = self._folder / release.file_name
        return ready if is_proved(ready, release) else self._download(release, ready, told)

    def _release(self) -> Release | None:
        if not self._feed_url.startswith("https://"):
            raise UpdateRefused("Updates are only looked for over https.", "")
        content = self._small(self._feed_url)
        try:
            signature = base64.b64decode(self._small(f"{self._feed_url}.sig"), validate=False)
            is_signed = _is_signed(content, signature, self._key)
        except binascii.Error:
            is_signed = False
        if not is_signed:
            log.warning("update feed refused: wrong signature")
            raise UpdateRefused(
                "The update feed is not signed by the publisher of this program;"
                " nothing was fetched.",
                "Tell your IT department.",
            )
        try:
            feed = json.loads(content)
        except (ValueError, RecursionError):
            feed = None
        if not isinstance(feed, dict):
            feed = {}
        return newer_release(feed, installed=self._installed, system=self._system)

    def _small(self, url: str) -> bytes:
        content = b""
        for block in self._fetch(url, 0).blocks:
            content += block
            if len(content) > _LARGEST_FEED_BYTES:
                raise UpdateRefused("The update feed is far too long; it was not read.", "")
        return content

    def _download(self, release: Release, ready: Path, told: Told) -> Path:
        make_private(self._folder)
        partial = ready.with_name(f"{ready.name}.partial")
        here = partial.stat().st_size if partial.is_file() else 0
        if here >= release.size:
            here = 0
        if self._room(self._folder) < release.size - here + _ROOM_LEFT_BYTES:
            raise UpdateRefused(
                f"A newer version ({release.version}) is there, but the disk has no room for it.",
                f"Make {release.size / 1e9 + 1:.1f} GB free.",
            )
        answer = self._fetch(release.url, here)
        with partial.open("r+b" if answer.start else "wb") as out:
            out.truncate(answer.start)
            out.seek(answer.start)
            _copy(answer, out, release.size, told)
        if not is_proved(partial, release):
            partial.unlink()
            log.warning("update refused: wrong hash")
            raise UpdateRefused(
                "What came for the new version is not what the publisher signed;"
                " it was thrown away.",
                "It is tried again tomorrow.",
            )
        partial.replace(ready)
        return ready

    def _forget_all_but(self, name: str) -> None:
        # A version that was installed, or replaced before it was, only takes room.
        with suppress(OSError):
            for file in self._folder.glob("scribe-desktop-*"):
                if not name or file.name not in {name, f"{name}.partial"}:
                    file.unlink()


def _is_signed(content: bytes, signature: bytes, public_key: bytes) -> bool:
    # Imported when it is needed: it is six megabytes of a window that only waits.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except InvalidSignature:
        return False
    return True


def is_proved(path: Path, release: Release) -> bool:
    """Whether that file is, byte for byte, what the publisher signed."""
    if not path.is_file() or path.stat().st_size != release.size:
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == release.sha256


def _copy(answer: Answer, out: IO[bytes], size: int, told: Told) -> None:
    written = answer.start
    for block in answer.blocks:
        written += len(block)
        out.write(block)
        if written > size:
            return  # it cannot be what was signed; its size will tell
        if not told(written, size):
            raise Interrupted
    if written < size:
        # What came is kept: the line broke, and the next try goes on from here.
        raise ConnectionError("the file ended early")


class _OnlyHttps(HTTPRedirectHandler):
    """Follows a redirect only to another encrypted address."""

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        """Refuse what would leave https."""
        if not newurl.startswith("https://"):
            raise UpdateRefused("Updates are only looked for over https.", "")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_https(url: str, start: int) -> Answer:
    """The default way to a feed: the system's proxy and the system's trusted authorities."""
    if not url.startswith("https://"):
        raise UpdateRefused("Updates are only looked for over https.", "")
    trusted = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    opener = build_opener(_OnlyHttps, HTTPSHandler(context=trusted))
    request = Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310  https
    reply = opener.open(request, timeout=_PATIENCE_S)
    goes_on = (
        reply.status == _PARTIAL_CONTENT
        and str(reply.headers["Content-Range"]).startswith(f"bytes {start}-")
    )  # fmt: skip
    return Answer(start if goes_on else 0, _blocks(reply))


def _blocks(reply: http.client.HTTPResponse) -> Iterator[bytes]:
    with reply:
        try:
            while block := reply.read(_BLOCK):
                yield block
        except http.client.HTTPException as error:
            raise URLError(error) from error
