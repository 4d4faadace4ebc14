"""Keeps the recordings of this run: all of them, or those made while the keyring is locked.

Whoever records or looks has one spool for as long as the program runs. When
the keyring gives its key that spool goes on as the spool of all recordings
(services/emergency_store.py); what only that one can do waits for it in `key`.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Collection

from scribe_desktop.domain.errors import ScribeError, SpoolError, SpoolLocked
from scribe_desktop.domain.session import Capture, SessionId
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import (
    EmergencyStore,
    NoEmergencyKey,
    emergency_folder,
    open_emergency,
    remove,
    waiting_stores,
)
from scribe_desktop.services.keyring_door import ASK_LIMIT_S
from scribe_desktop.services.places import Places
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_opening import OpenedSpool, has_a_key, import_key, open_spool
from scribe_desktop.services.unlocking import SOON_S, Unlocking

_log = logging.getLogger(__name__)

PROMPT_LIMIT_S = 300.0
"""How long a dialog for the keyring's password may stay open before it is asked anew."""

LOCKED = SpoolLocked(
    "The keyring of this computer is locked. What you dictate now is kept, encrypted; your "
    "other recordings appear, and all is sent, as soon as the keyring is open.",
    "Unlock the keyring; look for a window that asks for its password.",
)

REFUSED = SpoolLocked(
    "The recordings on this computer are safe but locked: the keyring with their key does not "
    "answer.",
    "Unlock the keyring, then try again.",
)

INTERRUPTED = ScribeError(
    "A dictation was interrupted when the program ended. What was spoken is safe and is sent now."
)

OPEN_AGAIN = "The keyring is open: all your recordings are here, and what waits is sent now."


def begin_unlocking(places: Places) -> Unlocking:
    """Ask the keyring for the key and open the recordings with it, on a thread."""
    limit_s = PROMPT_LIMIT_S if has_a_key(places.spool) else ASK_LIMIT_S
    credentials = Credentials(places.keyring_name, places.config, limit_s=limit_s)

    own = emergency_folder(places.spool, time.time())

    def opening(has_key: Callable[[], None]) -> OpenedSpool:
        return open_spool(places.spool, credentials, now=time.time, has_key=has_key, emergency=own)

    return Unlocking(opening, own)


class Strongroom:
    """The spool of this run. Callable from any thread.

    `may_record` says that somebody wants to dictate: then a silent keyring
    means an emergency store. `on_wait` is told when the keyring takes longer
    than a second. Raises KeyringSilent when the keyring has been waited for in
    vain, and what else stands in the way of the recordings.
    """

    def __init__(
        self,
        places: Places,
        unlocking: Unlocking | None = None,
        *,
        may_record: bool = False,
        on_wait: Callable[[ScribeError], None] = lambda _: None,
    ) -> None:
        self._places = places
        self._unlocking = unlocking or begin_unlocking(places)
        self._emergency: EmergencyStore | None = None
        self._key = b""
        self._moving = threading.Lock()
        self._open = threading.Event()
        self._awaited = threading.Event()
        self._closed = False
        opened = self._unlocking.within(SOON_S)
        if opened is None:
            opened = self._without_key(may_record=may_record, on_wait=on_wait)
        if opened is None:
            self.notices: tuple[ScribeError, ...] = (LOCKED,)
        else:
            self.spool, self._key, self.notices = opened.spool, opened.key, opened.notices
            self._open.set()
            self._awaited.set()

    def _without_key(
        self, *, may_record: bool, on_wait: Callable[[ScribeError], None]
    ) -> OpenedSpool | None:
        """The recordings if the keyring answers late; None when it is an emergency."""
        if may_record:
            try:
                self._emergency = open_emergency(self._unlocking.emergency, now=time.time)
            except NoEmergencyKey:
                raise self._unlocking.why() from None
            self.spool = self._emergency.spool
            return None
        if not self._unlocking.is_refused:
            on_wait(self._unlocking.why())
            opened = self._unlocking.within(ASK_LIMIT_S - SOON_S)
            if opened is not None:
                return opened
        self._unlocking.stop()
        raise self._unlocking.why()

    @property
    def is_locked(self) -> bool:
        """Whether only what was recorded since the start is here."""
        return not self._open.is_set()

    def recover(self) -> None:
        """Close what a crash left open; called before anything records."""
        self.notices += _recovered(self.spool)

    def check(self) -> None:
        """Raise SpoolLocked where only an emergency store is open."""
        if self.is_locked:
            raise REFUSED

    def when_open(
        self, go_on: Callable[[], None], on_trouble: Callable[[ScribeError], None]
    ) -> None:
        """Call `go_on` on a thread of its own when the keyring is open; not where it is already.

        What a crash left open is recovered first: not what is being recorded now.
        """

        def unlocked(opened: OpenedSpool) -> None:
            # An attempt that failed at its commit may be there all the same: it still records.
            ours = opened.spool.taken_in(self._unlocking.emergency.name) or ()
            notices = opened.notices + _recovered(opened.spool, but=ours)
            with self._moving:
                if self._closed or self._emergency is None or not self.is_locked:
                    # Where it was too late, the next start brings home what was recorded.
                    opened.spool.close()
                    return
                self._move_into(opened, self._emergency, notices)
            try:
                go_on()
            except ScribeError as error:
                # The recordings are open and in use: nothing of that is tried again.
                on_trouble(error)

        if self.is_locked:
            self._unlocking.then(unlocked, on_trouble)

    def _move_into(
        self, opened: OpenedSpool, emergency: EmergencyStore, notices: tuple[ScribeError, ...]
    ) -> None:
        """Go on in the open recordings; whatever is raised left everything as it was."""

        def switched() -> None:
            # Without its key nobody reads the copy, whatever becomes of the files.
            emergency.forget_key()
            self._key, self.notices = opened.key, notices
            self._open.set()
            self._awaited.set()
            _log.info("the keyring is open")

        self.spool.move_into(opened.spool, emergency.key, switched)

    def key(self) -> bytes:
        """The key of all recordings; waits for the keyring, raises SpoolLocked at the end."""
        self._awaited.wait()
        if not self._key:
            raise REFUSED
        return self._key

    def opens(self) -> bool:
        """Wait for the keyring, however long; whether it is open."""
        self._awaited.wait()
        return not self.is_locked

    def leave(self) -> None:
        """Wait for the keyring no more; returns at once."""
        self._unlocking.stop()
        self._awaited.set()

    def own_id(self, session_id: SessionId) -> SessionId:
        """What a dictation that was asked for under this id is called here.

        In an emergency another one, the same for as long as the program runs.
        A request is repeated when whoever served it was killed, and the store
        of that one is locked: two dictations must not have one id.
        """
        if self._emergency is None:
            return session_id
        both = f"{self._emergency.folder.name} {session_id}"
        return SessionId(f"ses_{hashlib.sha256(both.encode()).hexdigest()[:24]}")

    def damaged(self) -> int:
        """How many damaged stores lie beside the one that is open."""
        return len(self.spool.damaged_asides())

    def waiting(self) -> int:
        """How many emergency stores of earlier starts could not be brought home."""
        own = None if self._emergency is None else self._emergency.folder
        return len(waiting_stores(self._places.spool, own))

    def export_key(self, passphrase: Secret) -> str:
        """The key of the recordings, locked with a passphrase; raises CredentialError."""
        from scribe_desktop.services.key_envelope import lock_key

        self.check()
        return lock_key(self._key, passphrase)

    def import_key(self, text: str, passphrase: Secret, credentials: Credentials) -> int:
        """Open what was set aside for want of this key; returns how many sessions came back."""
        self.check()
        return import_key(self._places.spool, credentials, text, passphrase, spool=self.spool)

    def close(self) -> None:
        """Close the store; of an emergency store what nobody needs any more is deleted."""
        self.leave()
        with self._moving:
            self._closed = True
        is_needed = self._emergency is None or (self.is_locked and not self._is_unused())
        self.spool.close()
        if self._emergency is not None and not is_needed:
            remove(self._emergency.folder)

    def _is_unused(self) -> bool:
        """Whether nothing was done here: who deleted what was recorded is written down, too."""
        try:
            return not self.spool.sessions() and not self.spool.audit_lines()
        except SpoolError:
            return False


def _recovered(spool: Spool, but: Collection[SessionId] = ()) -> tuple[ScribeError, ...]:
    """Nothing, or the sentence to say; `but` is being recorded now."""
    left_open = (one for one in spool.sessions() if one.capture is not Capture.STOPPED)
    if all(session.session_id in but for session in left_open):
        return ()
    # What hears and encodes takes most of a second to load, and few starts need it.
    from scribe_desktop.services.recovery import recover

    return (INTERRUPTED,) if recover(spool, time.time(), but) else ()
