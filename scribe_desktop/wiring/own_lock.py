"""The program's own lock: a PIN, and this computer's lock screen for whoever forgot it.

The lock screen asks for the password of the system account, in the way that
this hospital set up: a card, a finger, a password. So a PIN that is forgotten
is taken away by signing in to the computer again, and no password ever passes
through this program.
"""

import threading
from collections.abc import Callable

from scribe_desktop.desktop.lock import lock_screen
from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.pin import PinLock


class OwnLock:
    """`ui.workplace.Lock` over the PIN. `screen_changed` is told of the lock screen. Any thread."""

    def __init__(
        self,
        pin: PinLock,
        *,
        hears_screen: Callable[[], bool],
        lock_screen: Callable[[], None] = lock_screen,
    ) -> None:
        self._pin = pin
        self._hears_screen = hears_screen
        self._lock_screen = lock_screen
        self._lock = threading.Lock()
        self._proven: Callable[[], None] | None = None
        self._was_locked = False

    def is_set(self) -> bool:
        """Whether there is a PIN."""
        return self._pin.is_set()

    def look(self) -> None:
        """Find out whether the keyring has one."""
        self._pin.look()

    def set_pin(self, pin: str) -> None:
        """Keep a new PIN; empty takes it away."""
        self._pin.set_pin(pin)

    def opens(self, pin: str) -> bool:
        """Whether this is the PIN."""
        return self._pin.opens(pin)

    @property
    def can_prove_otherwise(self) -> bool:
        """Whether the system tells when its screen is locked and opened."""
        return self._hears_screen()

    def prove_otherwise(self, proven: Callable[[], None]) -> None:
        """Lock the computer, and wait for somebody to sign in to it.

        Where it cannot be locked from here, locking it by hand does as well.
        """
        with self._lock:
            self._proven, self._was_locked = proven, False
        self._lock_screen()

    def screen_changed(self, locked: bool, /) -> None:  # noqa: FBT001  as it is announced
        """The lock screen came or went."""
        with self._lock:
            if self._proven is None:
                return
            if locked or not self._was_locked:
                self._was_locked = locked
                return
            proven, self._proven = self._proven, None
        # A keyring may take its time, and whoever announces it must not wait for that.
        threading.Thread(target=self._take_away, args=(proven,), name="pin", daemon=True).start()

    def _take_away(self, proven: Callable[[], None]) -> None:
        try:
            self._pin.forget()
        except CredentialError:
            return  # the disk takes nothing: the PIN still holds, and can be tried
        proven()
