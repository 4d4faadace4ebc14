"""Looks once a day for a newer version, brings it here, and hands it to the system's installer.

Only where a feed is named (in the settings or by policy) and the program was
built with its publisher's key. Nothing is installed by itself: the clinician
asks for it, the system asks for the rights, and neither happens while
somebody records or speech is not delivered.
"""

import base64
import binascii
import platform
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from scribe_desktop import __version__
from scribe_desktop.desktop.opening import open_with_system
from scribe_desktop.domain.notices import Notice, Trouble
from scribe_desktop.domain.session import Session
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.updates import (
    Progress,
    Release,
    Stage,
    UpdateRefused,
    may_install,
    why_not_now,
)
from scribe_desktop.server.bundled import bundled_folder
from scribe_desktop.services.updates import Fetch, Interrupted, Updates, is_proved, open_https
from scribe_desktop.services.worker import Worker

DAY_S = 24 * 3600.0
AGAIN_S = 3600.0
BUSY_S = 600.0

_BY_POLICY = Progress(
    Stage.OFF,
    "Your organisation looks after updates, so this program does not look for them.",
)
_NO_FEED = Progress(
    Stage.OFF,
    "No feed is named, so there is nothing to ask.",
    "Enter the address that your publisher or your IT department gave you.",
)
_NO_KEY = Progress(
    Stage.OFF,
    "This build holds no publisher's key, so it could not prove an update and never looks for one.",
    "It is updated the way it was installed.",
)
_WAITING = Progress(Stage.WAITING, "Nothing was looked for since the program started.")
_LOOKING = Progress(Stage.LOOKING, "Looking for a newer version …")
_CURRENT = Progress(Stage.CURRENT, f"This is the newest version ({__version__}).")
_UNREACHED = Progress(
    Stage.UNREACHED,
    "The feed cannot be reached.",
    "It is tried again within the hour; what was fetched so far is kept.",
)
_GONE = UpdateRefused(
    "The file of the new version is not what it was; it is not opened.", "Look for updates again."
)


class Line(Protocol):
    """What is asked of the line from microphone to note."""

    def settings(self) -> Settings:
        """The settings in force."""

    def locked_settings(self) -> frozenset[str]:
        """Names that a policy fixes."""

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
    """The thread "updates" looks and fetches; the window pulls how far it is."""

    def __init__(
        self,
        line: Line,
        folder: Path,
        *,
        key: bytes,
        fetch: Fetch = open_https,
        hand_over: Callable[[Path], None] = open_with_system,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._line = line
        self._folder = folder
        self._key = key
        self._fetch = fetch
        self._hand_over = hand_over
        self._now = now
        self._lock = threading.Lock()
        self._progress = _WAITING
        self._ready: tuple[Release, Path] | None = None
        self._told_version = ""
        self._asked = False
        self._worker = Worker("updates", self.look, now=now)

    def start(self) -> None:
        """Begin to look; the first time at once."""
        self._worker.start()

    def stop(self) -> None:
        """Take no further look; a download goes on at the next start where it is now."""
        self._worker.stop()

    # --- what the window asks -------------------------------------------------------------

    def progress(self) -> Progress:
        """How far it is; from any thread, never waits."""
        off = self._off(self._line.settings())
        if off is not None:
            return off
        with self._lock:
            return self._progress

    def why_not_now(self) -> str:
        """Why the new version cannot be installed at this moment; empty when it can."""
        return why_not_now(self._line.sessions())

    def look_now(self) -> None:
        """Look at once; returns at once, also where the daily question is switched off."""
        with self._lock:
            self._asked = True
            if self._progress.stage not in {Stage.LOOKING, Stage.FETCHING}:
                self._progress = _LOOKING
        self._worker.wake()

    def install(self) -> None:
        """Hand the proved file to the system's installer; may wait.

        Raises UpdateRefused while somebody records or speech is not delivered, or
        when the file is no longer what was signed; DesktopError when the system
        cannot open it.
        """
        with self._lock:
            ready = self._ready
        if ready is None or self.progress().stage is Stage.OFF:
            raise _GONE
        reason = self.why_not_now()
        if reason:
            raise UpdateRefused(reason, "Nothing is lost by waiting.")
        release, path = ready
        if not is_proved(path, release):
            path.unlink(missing_ok=True)
            with self._lock:
                self._ready, self._progress = None, _WAITING
            raise _GONE
        self._hand_over(path)

    # --- on the thread "updates" ----------------------------------------------------------

    def look(self) -> float:
        """Look once; returns when to look again."""
        settings = self._line.settings()
        with self._lock:
            asked, self._asked = self._asked, False
        if self._off(settings) is not None or not (settings.check_for_updates or asked):
            return self._now() + AGAIN_S
        self._show(_LOOKING)
        try:
            found = self._bring(settings)
        except OSError:
            self._show(_UNREACHED)
            return self._now() + AGAIN_S
        except Interrupted:
            self._show(_WAITING)
            return self._now() + AGAIN_S
        except UpdateRefused as refused:
            self._show(Progress(Stage.REFUSED, refused.message, refused.remedy))
            if not asked:
                self._line.tell(Trouble(refused.message, refused.remedy))
            return self._now() + DAY_S
        if found is None:
            self._show(_CURRENT)
            return self._now() + DAY_S
        return self._announce(found)

    def _off(self, settings: Settings) -> Progress | None:
        """Why nothing is looked for, if nothing is."""
        locked = self._line.locked_settings()
        if (not settings.check_for_updates and "check_for_updates" in locked) or (
            not settings.update_feed and "update_feed" in locked
        ):
            return _BY_POLICY
        if not self._key:
            return _NO_KEY
        return None if settings.update_feed else _NO_FEED

    def _bring(self, settings: Settings) -> Release | None:
        updates = Updates(
            settings.update_feed,
            self._key,
            self._folder,
            fetch=self._fetch,
            installed=__version__,
            system=this_system(),
        )
        release = updates.find()
        if release is None:
            with self._lock:
                self._ready = None
            return None

        def told(done: int, total: int) -> bool:
            sentence = f"Version {release.version} is being fetched."
            self._show(Progress(Stage.FETCHING, sentence, "", release.version, done, total))
            # Switched off meanwhile, by hand or by a policy, or the program ends.
            return not self._worker.is_stopping and self._off(self._line.settings()) is None

        path = updates.bring(release, told)
        with self._lock:
            self._ready = (release, path)
        return release

    def _announce(self, release: Release) -> float:
        self._show(
            Progress(
                Stage.READY,
                f"Version {release.version} was fetched, and its signature is right.",
                "",
                release.version,
                release.size,
                release.size,
            )
        )
        if not may_install(self._line.sessions()):
            return self._now() + BUSY_S
        if self._told_version != release.version:
            self._told_version = release.version
            self._line.tell(
                Trouble(
                    f"A newer version of Scribe Desktop ({release.version}) was fetched,"
                    " and its signature is right.",
                    "Install it in Settings → Updates when it suits you.",
                )
            )
        return self._now() + DAY_S

    def _show(self, progress: Progress) -> None:
        with self._lock:
            self._progress = progress
