"""Decides whether a newer version may be offered, and when it may be installed.

The feed is a small signed file that the publisher puts on any web server. An
older version is never taken: whoever can replay an old, validly signed feed
could otherwise bring back a mended fault. Nothing is installed while the
spool holds speech that is not delivered.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.session import Capture, Delivery, Session

_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_BYTES = 4 * 1024**3


class UpdateRefused(ScribeError):
    """The feed or what it names is not what the publisher signed, so it is not used."""


class Stage(StrEnum):
    """How far the search for a newer version is."""

    OFF = "off"
    WAITING = "waiting"
    LOOKING = "looking"
    CURRENT = "current"
    FETCHING = "fetching"
    READY = "ready"
    UNREACHED = "unreached"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the window shows of it: a stage, a sentence, and how much of the file is here."""

    stage: Stage
    sentence: str = ""
    remedy: str = ""
    version: str = ""
    done_bytes: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Release:
    """A version that can be fetched for this kind of computer."""

    version: str
    url: str
    size: int
    sha256: str

    @property
    def file_name(self) -> str:
        """What the file is called here; the address does not decide it."""
        suffix = next((s for s in (".deb", ".exe", ".msi", ".dmg") if self.url.endswith(s)), "")
        return f"scribe-desktop-{self.version}{suffix}"


def newer_release(feed: Mapping[str, Any], *, installed: str, system: str) -> Release | None:
    """The feed's release for `system`, None when it is the installed one or there is none.

    Raises UpdateRefused for a downgrade and for a feed that makes no sense.
    """
    version = feed.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise _senseless()
    if _order(version) < _order(installed):
        raise UpdateRefused(
            "The update feed names an older version than the one installed, so it is not followed.",
            "Tell your IT department: the feed is out of date or was tampered with.",
        )
    files = feed.get("files")
    if not isinstance(files, Mapping):
        raise _senseless()
    if version == installed or system not in files:
        return None
    return _release(version, files[system])


def may_install(sessions: Iterable[Session]) -> bool:
    """Whether nobody records, nothing is being sent, and no speech waits to be sent."""
    return all(
        session.is_cancelled
        or session.is_empty
        or (session.capture is Capture.STOPPED and session.delivery is Delivery.RESOLVED)
        for session in sessions
    )


def why_not_now(sessions: Iterable[Session]) -> str:
    """Why nothing may be installed now, as a sentence; empty when it may."""
    busy = [session for session in sessions if not may_install((session,))]
    if not busy:
        return ""
    if any(session.capture is not Capture.STOPPED for session in busy):
        return "A dictation is being recorded; install when it is over and delivered."
    count = len(busy)
    what = "One dictation is" if count == 1 else f"{count} dictations are"
    return f"{what} not delivered yet; install when nothing waits to be sent."


def _release(version: str, entry: Any) -> Release:  # noqa: ANN401  JSON
    if not isinstance(entry, Mapping):
        raise _senseless()
    url, size, sha256 = entry.get("url"), entry.get("size"), entry.get("sha256")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise _senseless()
    if type(size) is not int or not 0 < size <= _LARGEST_BYTES:
        raise _senseless()
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise _senseless()
    return Release(version, url, size, sha256)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _senseless() -> UpdateRefused:
    return UpdateRefused(
        "The update feed does not say what an update feed must say; nothing was fetched.",
        "It is asked again tomorrow.",
    )
