"""Fetches a newer version in the background, and only what the publisher signed.

Off without a feed; a policy can name one or switch the question off. The
signature (Ed25519) is checked before the feed is read, the hash before the
file gets its name. Installing is the clinician's or the IT department's act.
"""

import base64
import binascii
import hashlib
import json
import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.request import urlopen

import truststore
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from scribe_desktop.domain.updates import Release, UpdateRefused, newer_release
from scribe_desktop.services.places import make_private

log = logging.getLogger(__name__)

_LARGEST_FEED_BYTES = 64 * 1024
_BLOCK = 1 << 18
_PATIENCE_S = 60

Fetch = Callable[[str], Iterator[bytes]]
"""Opens an https address and gives its bytes; raises OSError when it cannot."""


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
    ) -> None:
        self._feed_url = feed_url
        self._key = Ed25519PublicKey.from_public_bytes(public_key)
        self._folder = folder
        self._fetch = fetch
        self._installed = installed
        self._system = system

    def look(self) -> Path | None:
        """The installer of a newer version, fetched and proved; None when there is none.

        Raises OSError when the feed or the file cannot be reached, UpdateRefused
        when either is not what was signed.
        """
        release = self._release()
        if release is None:
            self._forget_all_but("")
            return None
        self._forget_all_but(release.file_name)
        ready = self._folder / release.file_name
        if ready.is_file() and _sha256(ready) == release.sha256:
            return ready
        return self._download(release, ready)

    def _release(self) -> Release | None:
        if not self._feed_url.startswith("https://"):
            raise UpdateRefused("Updates are only looked for over https.", "")
        content = self._small(self._feed_url)
        try:
            signature = base64.b64decode(self._small(f"{self._feed_url}.sig"), validate=False)
            self._key.verify(signature, content)
        except (InvalidSignature, binascii.Error) as error:
            log.warning("update feed refused: wrong signature")
            raise UpdateRefused(
                "The update feed is not signed by the publisher of this program;"
                " nothing was fetched.",
                "Tell your IT department.",
            ) from error
        try:
            feed = json.loads(content)
        except (ValueError, RecursionError):
            feed = None
        if not isinstance(feed, dict):
            feed = {}
        return newer_release(feed, installed=self._installed, system=self._system)

    def _small(self, url: str) -> bytes:
        content = b""
        for block in self._fetch(url):
            content += block
            if len(content) > _LARGEST_FEED_BYTES:
                raise UpdateRefused("The update feed is far too long; it was not read.", "")
        return content

    def _download(self, release: Release, ready: Path) -> Path:
        make_private(self._folder)
        partial = ready.with_name(f"{ready.name}.partial")
        digest, written = hashlib.sha256(), 0
        try:
            with partial.open("wb") as out:
                for block in self._fetch(release.url):
                    written += len(block)
                    if written > release.size:
                        break
                    digest.update(block)
                    out.write(block)
            if written != release.size or digest.hexdigest() != release.sha256:
                log.warning("update refused: wrong hash")
                raise UpdateRefused(
                    "What came for the new version is not what the publisher signed;"
                    " it was thrown away.",
                    "It is tried again tomorrow.",
                )
            partial.replace(ready)
        finally:
            partial.unlink(missing_ok=True)
        return ready

    def _forget_all_but(self, name: str) -> None:
        # A version that was installed, or replaced before it was, only takes room.
        with suppress(OSError):
            for file in self._folder.glob("scribe-desktop-*"):
                if file.name != name:
                    file.unlink()


def open_https(url: str) -> Iterator[bytes]:
    """The default way to a feed: the system's proxy and the system's trusted authorities."""
    if not url.startswith("https://"):
        raise UpdateRefused("Updates are only looked for over https.", "")
    trusted = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with urlopen(url, timeout=_PATIENCE_S, context=trusted) as reply:  # noqa: S310  https
        while block := reply.read(_BLOCK):
            yield block


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
