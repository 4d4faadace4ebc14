"""Deletes for good, and lets the key of the recordings out and in again, for the window."""

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.errors import CredentialError, ScribeError, ServiceError
from scribe_desktop.domain.retention import Left
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.client import Client
from scribe_desktop.services.library import Library
from scribe_desktop.services.places import write_private
from scribe_desktop.services.secret import Secret

_LARGEST_KEY_FILE = 64 * 1024
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class Line(Protocol):
    """Which sessions a dictation is made of."""

    def dictation(self, session_id: SessionId) -> Dictation:
        """All that is linked to a session."""


class Holder(Protocol):
    """Whoever holds the spool and its key; `app.Program` is one."""

    @property
    def line(self) -> Line:
        """Where the dictations are."""

    def delete(self, session_id: SessionId) -> bool:
        """Delete a session, and whether its service may hold a copy."""

    def damaged_stores(self) -> int:
        """How many damaged stores were set aside and are still here."""

    def client_for(self, session: Session) -> Client:
        """Whoever speaks to the service of a session."""

    def export_key(self, passphrase: Secret) -> str:
        """The key as text that only the passphrase opens."""

    def import_key(self, text: str, passphrase: Secret) -> int:
        """Open what was set aside for want of this key."""


class Custody:
    """What `ui.custody.Custody` asks for."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder

    def delete(self, session_id: SessionId) -> Left:
        """Delete all linked sessions, the last one first; raises ScribeError."""
        parts = self._holder.line.dictation(session_id).sessions
        # From the end: what is left after a refusal is still one chain.
        left = [self._delete(part) for part in reversed(parts)]
        return Left(any(left), self._holder.damaged_stores())

    def _delete(self, session: Session) -> bool:
        left = self._holder.delete(session.session_id)
        if not session.remote_ids:
            return left
        library = Library(self._holder.client_for(session))
        if session.order.service.is_local:
            # The service of this computer is ours: what it holds is not somebody else's copy.
            kept = [_holds_after(library.archive, one) for one in session.remote_ids]
            return any(kept)
        if left:
            return True
        # What was delivered anew left an earlier session open there.
        kept = [_holds_after(library.withdraw, one) for one in session.past_remote_ids]
        return any(kept)

    def export_key(self, passphrase: str, path: str) -> None:
        """Write the locked key, readable by its owner only; raises ScribeError."""
        locked = self._holder.export_key(Secret(passphrase))
        try:
            write_private(Path(path), locked.encode())
        except OSError as error:
            raise ScribeError(
                "The key could not be written there.", "Choose another folder."
            ) from error

    def import_key(self, path: str, passphrase: str) -> int:
        """Read a locked key and use it; raises ScribeError."""
        return self._holder.import_key(_key_text(Path(path)), Secret(passphrase))


def _holds_after(drop: Callable[[str], object], remote_id: str) -> bool:
    """Whether a service may still hold a session that it was just told to drop."""
    try:
        drop(remote_id)
    except ServiceError as error:
        return error.status not in _GONE
    return False


def _key_text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_KEY_FILE:
            raise _no_key()
        return path.read_text("utf-8")
    except OSError as error:
        raise CredentialError("The file with the key could not be read.") from error
    except UnicodeDecodeError as error:
        raise _no_key() from error


def _no_key() -> CredentialError:
    return CredentialError(
        "That is not a key of Scribe Desktop, or it is damaged.",
        "Choose the file in which the key was saved.",
    )
