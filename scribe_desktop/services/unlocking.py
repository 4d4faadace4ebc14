"""Opens the recordings on a thread of its own, for as long as the keyring takes to give the key.

A locked keyring puts up a dialog of its own and blocks until somebody answers
it. Whoever waits here is told within a second that there is something to wait
for, and may go on without the recordings meanwhile (services/emergency_store.py);
asked once, the keyring is not asked a second time while its dialog is open.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scribe_desktop.domain.errors import ScribeError, SpoolDamaged
from scribe_desktop.services.keyring_door import KeyringSilent
from scribe_desktop.services.spool_opening import OpenedSpool

SOON_S: Final = 1.0
"""A keyring that is open answers in a tenth of this; after it, it is said that we wait."""

ASK_AGAIN_S: Final = 2.0
"""After a refusal that came by itself: somebody may unlock the keyring elsewhere."""

LET_BE_S: Final = 60.0
"""After one that took a person's time: whoever closed the dialog does not want it back at once.
And after damage, which the next start mends: it costs a second of work each time."""

_BY_HAND_S: Final = 1.0

Opening = Callable[[Callable[[], None]], OpenedSpool]
"""Opens the recordings, and calls its argument as soon as it has the key."""


class Unlocking:
    """The recordings being opened; `within` hands them over, or `then` does when it is too late.

    `emergency` is where this run may record meanwhile, and which `opening` lets alone.
    Any thread; `then`'s functions are called on the thread "unlocking".
    """

    def __init__(
        self,
        opening: Opening,
        emergency: Path,
        *,
        ask_again_s: float = ASK_AGAIN_S,
        let_be_s: float = LET_BE_S,
    ) -> None:
        self.emergency = emergency
        self._opening = opening
        self._ask_again_s = ask_again_s
        self._let_be_s = let_be_s
        self._turn = threading.Condition()
        self._stopped = threading.Event()
        self._has_key = False
        self._opened: OpenedSpool | None = None
        self._silent: KeyringSilent | None = None
        self._error: BaseException | None = None
        self._go_on: Callable[[OpenedSpool], None] | None = None
        self._on_trouble: Callable[[ScribeError], None] = lambda _: None
        self._told: set[type[ScribeError]] = set()
        self._is_over = False
        threading.Thread(target=self._run, name="unlocking", daemon=True).start()

    def within(self, limit_s: float) -> OpenedSpool | None:
        """The open recordings; None when the keyring has refused or is silent for so long.

        Raises what stands in their way otherwise. Once there is a key, this
        waits for the disk, however long it takes.
        """
        with self._turn:
            self._turn.wait_for(lambda: self._is_answered() or self._silent, limit_s)
            if not self._is_answered():
                return None
            self._turn.wait_for(lambda: self._opened or self._error)
            self._is_over = True
            self._turn.notify_all()
            if self._error is not None:
                raise self._error
            return self._opened

    def why(self) -> KeyringSilent:
        """What to say of a keyring that did not answer."""
        return self._silent or KeyringSilent(
            "The recordings on this computer are safe but locked: the keyring with their key "
            "does not answer.",
            "Look for a window that asks for your keyring password.",
        )

    @property
    def is_refused(self) -> bool:
        """Whether the keyring said no, rather than nothing."""
        return self._silent is not None

    def answers(self, limit_s: float) -> bool:
        """Whether the keyring gives the key, or refuses for good, within so long."""
        with self._turn:
            return bool(self._turn.wait_for(self._is_answered, limit_s))

    def then(
        self, go_on: Callable[[OpenedSpool], None], on_trouble: Callable[[ScribeError], None]
    ) -> None:
        """Hand the recordings to `go_on` when they are open; try again if it raises ScribeError.

        They are closed then, so it may raise only as long as nobody uses them. What
        stands in the way meanwhile is told to `on_trouble`, each trouble once.
        """
        with self._turn:
            self._go_on, self._on_trouble = go_on, on_trouble
            self._turn.notify_all()

    def stop(self) -> None:
        """Ask no more; returns at once."""
        with self._turn:
            self._stopped.set()
            self._turn.notify_all()

    def _is_answered(self) -> bool:
        return self._has_key or self._opened is not None or self._error is not None

    # --- on its own thread ----------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopped.is_set():
            asked_at = time.monotonic()
            if self._is_done():
                return
            is_by_hand = time.monotonic() - asked_at > _BY_HAND_S
            is_in_vain = SpoolDamaged in self._told
            self._stopped.wait(self._let_be_s if is_by_hand or is_in_vain else self._ask_again_s)

    def _is_done(self) -> bool:
        """Ask once; whether nobody needs another answer."""
        try:
            return self._hand_over(self._opening(self._key_came))
        except KeyringSilent as silent:
            with self._turn:
                self._silent = silent
                self._turn.notify_all()
        except ScribeError as error:
            if not self._is_awaited_later(error):
                return True
            if type(error) not in self._told:
                self._told.add(type(error))
                self._on_trouble(error)
        except BaseException as bug:
            if self._is_awaited_later(bug):
                raise
            return True
        return False

    def _key_came(self) -> None:
        with self._turn:
            self._has_key = True
            self._turn.notify_all()

    def _is_awaited_later(self, error: BaseException) -> bool:
        """Whether somebody went on without the recordings; whoever still waits is told."""
        with self._turn:
            if self._go_on is not None:
                return True
            self._error = error
            self._turn.notify_all()
            # Nobody may ever ask: then it is asked again when the program starts again.
            self._turn.wait_for(lambda: self._go_on or self._is_over or self._stopped.is_set())
            return self._go_on is not None

    def _hand_over(self, opened: OpenedSpool) -> bool:
        """Whether there is nothing more to do."""
        with self._turn:
            self._opened = opened
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._go_on or self._is_over or self._stopped.is_set())
            go_on = self._go_on
            if self._is_over:
                return True
            self._opened = None
        if go_on is None or self._stopped.is_set():
            opened.spool.close()
            return True
        try:
            go_on(opened)
        except ScribeError:
            opened.spool.close()
            raise
        return True
