"""The program's own lock: a PIN, and this computer's lock screen for whoever forgot it.

The lock screen asks for the system account in the way that this hospital set
up: a card, a finger, a password. So text can be shown again by signing in to
the computer, a forgotten PIN is taken away by it, and no password ever passes
through this program.
"""

import threading
from collections.abc import Callable

from scribe_desktop.desktop.lock import lock_screen
from scribe_desktop.services.pin import PinLock


class OwnLock:
    """`ui.workplace.Lock` over the PIN. `screen_changed` is told of the lock screen. Any thread."""

    def __init__(
        self,
        pin: PinLock,
        *,
        hears_screen: Callable[[], bool],
        lock_screen: Callable[[], None] = lock_screen,
        keyring_opens: Callable[[], bool] = lambda: True,
    ) -> None:
        self._pin = pin
        self._hears_screen = hears_screen
        self._lock_screen = lock_screen
        self._keyring_opens = keyring_opens
        self._lock = threading.Lock()
        self._signed_in: Callable[[], None] | None = None
        self._screen_is_locked = self._was_locked = False

    def is_set(self) -> bool:
        """Whether there is a PIN."""
        return self._pin.is_set()

    def look(self) -> None:
        """Find out whether the keyring has one, when it is open: it was asked for the key before.

        May wait for as long as the program runs.
        """
        if self._keyring_opens():
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

    def await_sign_in(self, signed_in: Callable[[], None]) -> None:
        """Call this when somebody has signed in to the locked computer, from now on."""
        with self._lock:
            self._signed_in, self._was_locked = signed_in, self._screen_is_locked

    def lock_computer(self) -> None:
        """Put up the lock screen; where that fails, locking it by hand does as well."""
        self._lock_screen()

    def screen_changed(self, locked: bool, /) -> None:  # noqa: FBT001  as it is announced
        """The lock screen came or went."""
        with self._lock:
            self._screen_is_locked = locked
            if self._signed_in is None:
                return
            if locked or not self._was_locked:
                self._was_locked = locked
                return
            signed_in, self._signed_in = self._signed_in, None
        signed_in()
