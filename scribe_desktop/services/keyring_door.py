"""Asks the system keyring, and comes back even when the keyring does not.

A locked keyring puts up a dialog and blocks until someone answers it, which
can be minutes; so every question runs in a thread of its own with a limit.
`keyring` is used here and nowhere else.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar, cast

from scribe_desktop.domain.errors import CredentialError

ASK_LIMIT_S = 30.0

_T = TypeVar("_T")

_log = logging.getLogger(__name__)

_LONGEST_ENTRY = 1000
"""Windows takes 2,560 bytes in one entry and stores two for each character."""

_IN_PARTS = "\x1fparts:"


class KeyringBackend(Protocol):
    """What we ask of the `keyring` library."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the entry, or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store the entry."""

    def delete_password(self, service: str, username: str) -> None:
        """Delete the entry."""


class KeyringMissing(CredentialError):
    """This computer has no keyring that could be used."""


class KeyringSilent(CredentialError):
    """The keyring is there, but locked, refused, or did not answer in time."""


class KeyringDoor:
    """The entries of one home in the keyring."""

    def __init__(
        self,
        name: str,
        backend: KeyringBackend | None = None,
        *,
        limit_s: float = ASK_LIMIT_S,
    ) -> None:
        self._name = name
        self._backend = backend
        self._limit_s = limit_s
        self._unanswered: threading.Thread | None = None

    def read(self, entry: str) -> str | None:
        """An entry or None; raises KeyringMissing or KeyringSilent."""

        def read() -> str | None:
            keyring = self._keyring()
            value = keyring.get_password(self._name, entry)
            if value is None or not value.startswith(_IN_PARTS):
                return value
            count = int(value.removeprefix(_IN_PARTS))
            parts = [keyring.get_password(self._name, f"{entry} #{n}") for n in range(count)]
            return None if None in parts else "".join(part for part in parts if part)

        return self._ask(read)

    def write(self, entry: str, value: str) -> None:
        """Store an entry and see that it is there; raises KeyringMissing or KeyringSilent."""

        def write() -> None:
            keyring = self._keyring()
            if len(value) <= _LONGEST_ENTRY:
                keyring.set_password(self._name, entry, value)
                return
            cuts = range(0, len(value), _LONGEST_ENTRY)
            for number, start in enumerate(cuts):
                part = value[start : start + _LONGEST_ENTRY]
                keyring.set_password(self._name, f"{entry} #{number}", part)
            keyring.set_password(self._name, entry, f"{_IN_PARTS}{len(cuts)}")

        self.delete(entry)
        self._ask(write)
        if self.read(entry) != value:
            raise KeyringSilent(
                "The keyring of this computer did not keep what it was given.",
                "Unlock the keyring and try again.",
            )

    def delete(self, entry: str) -> None:
        """Delete an entry if it is there; raises KeyringMissing or KeyringSilent."""

        def delete() -> None:
            keyring = self._keyring()
            value = keyring.get_password(self._name, entry)
            if value is None:
                return
            if value.startswith(_IN_PARTS):
                for number in range(int(value.removeprefix(_IN_PARTS))):
                    if keyring.get_password(self._name, f"{entry} #{number}") is not None:
                        keyring.delete_password(self._name, f"{entry} #{number}")
            keyring.delete_password(self._name, entry)

        self._ask(delete)

    def _keyring(self) -> KeyringBackend:
        if self._backend is None:
            import keyring  # 100 ms and a talk with the system, so not before it is needed
            import keyring.backends.fail

            backend = keyring.get_keyring()
            if isinstance(backend, keyring.backends.fail.Keyring):
                raise KeyringMissing("This computer has no keyring.")
            self._backend = cast("KeyringBackend", backend)
        return self._backend

    def _ask(self, question: Callable[[], _T]) -> _T:
        answers: queue.SimpleQueue[tuple[_T] | Exception] = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put((question(),))
            except Exception as error:  # noqa: BLE001  it is raised again on the asking thread
                answers.put(error)

        earlier = self._unanswered
        if earlier is not None:
            # Its dialog is still open: a second question would put up a second one.
            earlier.join(self._limit_s)
            if earlier.is_alive():
                raise _silent()
        asking = threading.Thread(target=run, name="keyring", daemon=True)
        asking.start()
        with contextlib.suppress(queue.Empty):
            answer = answers.get(timeout=self._limit_s)
            if not isinstance(answer, Exception):
                return answer[0]
            raise _translate(answer) from None
        self._unanswered = asking
        raise _silent()


def _silent() -> KeyringSilent:
    return KeyringSilent(
        "The keyring of this computer does not answer.",
        "Look for a window that asks for your keyring password, then try again.",
    )


def _translate(error: Exception) -> CredentialError:
    """Foreign errors of the keyring as ours; their text is dropped, it may quote the entry."""
    from keyring.errors import InitError, NoKeyringError

    if isinstance(error, CredentialError):
        return error
    if isinstance(error, (NoKeyringError, InitError)):
        return KeyringMissing("This computer has no keyring that can be used.")
    # Backends let errors of their own libraries through, so all others count as a refusal.
    _log.warning("keyring refused: %s", type(error).__name__)
    return KeyringSilent(
        "The keyring of this computer is locked or refused.",
        "Unlock the keyring, then try again.",
    )
