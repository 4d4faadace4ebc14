"""Asks once a day whether there is a newer version, and says so when nothing is under way.

Only where a feed is named (in the settings or by policy) and the program was
built with its publisher's key. It never installs: that is for the clinician or the IT department.
"""

import base64
import binascii
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from scribe_desktop import __version__
from scribe_desktop.domain.notices import Notice, Trouble
from scribe_desktop.domain.session import Session
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.updates import UpdateRefused, may_install
from scribe_desktop.server.bundled import bundled_folder
from scribe_desktop.services.updates import Fetch, Updates, open_https
from scribe_desktop.services.worker import Worker

DAY_S = 24 * 3600.0
AGAIN_S = 3600.0
BUSY_S = 600.0


class Line(Protocol):
    """What is asked of the line from microphone to note."""

    def settings(self) -> Settings:
        """The settings in force."""

    def sessions(self) -> Sequence[Session]:
        """Every dictation that is kept."""

    def tell(self, notice: Notice) -> None:
        """Hand a notice to the window."""


def publishers_key() -> bytes:
    """The key that the publisher built in; empty where there is none."""
    try:
        key = base64.b64decode((bundled_folder() / "update-key.txt").read_bytes(), validate=False)
    except (OSError, binascii.Error):
        return b""
    return key if len(key) == 32 else b""  # noqa: PLR2004  an Ed25519 key


def this_system() -> str:
    """The name of this kind of computer in a feed, such as `linux-x86_64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{'x86_64' if machine == 'amd64' else machine}"


class UpdateWatch:
    """The thread "updates", which looks and tells."""

    def __init__(
        self,
        line: Line,
        folder: Path,
        *,
        key: bytes,
        fetch: Fetch = open_https,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._line = line
        self._folder = folder
        self._key = key
        self._fetch = fetch
        self._now = now
        self._worker = Worker("updates", self.look, now=now)

    def start(self) -> None:
        """Begin to look; the first time at once."""
        self._worker.start()

    def stop(self) -> None:
        """Take no further look."""
        self._worker.stop()

    def look(self) -> float:
        """Look once; returns when to look again."""
        settings = self._line.settings()
        if not (settings.check_for_updates and settings.update_feed and self._key):
            return self._now() + AGAIN_S
        updates = Updates(
            settings.update_feed,
            self._key,
            self._folder,
            fetch=self._fetch,
            installed=__version__,
            system=this_system(),
        )
        try:
            ready = updates.look()
        except OSError:
            return self._now() + AGAIN_S
        except UpdateRefused as refused:
            self._line.tell(Trouble(refused.message, refused.remedy))
            return self._now() + DAY_S
        if ready is None:
            return self._now() + DAY_S
        if not may_install(self._line.sessions()):
            return self._now() + BUSY_S
        self._line.tell(
            Trouble(
                "A newer version of Scribe Desktop was fetched, and its signature is right.",
                f"Close the program and install it: {ready}",
            )
        )
        return self._now() + DAY_S
