"""What can go wrong, said so that a clinician knows where the recording is.

Two roots, kept apart: a `ScribeError` is the world's fault (a microphone, a
network, a full disk) and always carries a sentence and a remedy; anything
else is our bug and reaches only the last-resort handler.

    ScribeError
    ├── MicrophoneError
    ├── AudioFileError      a file that cannot be read as audio
    ├── ServiceError        carries when to try again
    ├── SpoolError
    │   ├── DiskFull
    │   ├── SpoolDamaged    set aside, never overwritten
    │   ├── SpoolKeyLost
    │   ├── SpoolFromTheFuture
    │   ├── SpoolLocked     its key is in a keyring that does not give it now
    │   └── UnknownSession
    ├── EngineError         the speech engine or its model is missing or broken
    ├── CredentialError
    ├── SettingsError
    └── DesktopError        keys, insertion, dictation devices, power
"""

from enum import StrEnum
from types import TracebackType

from scribe_desktop.domain.reassurance import told_once


class ScribeError(Exception):
    """A failure of the world, with what to do about it.

    `message` says what happened and what it means for the dictation;
    `remedy` says what the clinician can do. Neither ever holds patient data,
    a transcript, a token or a file name chosen by the user.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return told_once(self.message, self.remedy)


def place_of(trace: TracebackType | None) -> str:
    """Where a fault happened, in code of ours or of others: no word of what it said."""
    place = "an unknown place"
    while trace is not None:
        frame = trace.tb_frame
        module = frame.f_globals.get("__name__", "?")
        place = f"{module}:{trace.tb_lineno} in {frame.f_code.co_name}"
        trace = trace.tb_next
    return place


class Retry(StrEnum):
    """When the same request may be tried again."""

    LATER = "later"
    AFTER_SIGN_IN = "after_sign_in"
    FRESH_SESSION = "fresh_session"
    NEVER = "never"


class MicrophoneError(ScribeError):
    """No microphone, a busy one, or one that stopped answering."""


class AudioFileError(ScribeError):
    """A file that holds no audio we can read."""


class ServiceError(ScribeError):
    """The scribe service refused, failed, or could not be reached.

    `status` is the HTTP status, 0 when there was no answer at all; `code` is
    the service's own word for the error; `retry_after_s` is what the service
    asked for.
    """

    def __init__(
        self,
        message: str,
        remedy: str = "",
        *,
        retry: Retry,
        status: int = 0,
        code: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, remedy)
        self.retry = retry
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class SpoolError(ScribeError):
    """The durable store could not do what was asked; nothing was overwritten."""


class DiskFull(SpoolError):
    """No room: the recording goes on in memory and is written when there is."""


class SpoolDamaged(SpoolError):
    """The store cannot be read; it was set aside."""


class SpoolKeyLost(SpoolError):
    """The key that opens the store is gone; the store was set aside."""


class SpoolFromTheFuture(SpoolError):
    """A newer version of the program wrote this store."""


class SpoolLocked(SpoolError):
    """The keyring does not give the key of the store now; nothing is lost."""


class UnknownSession(SpoolError):
    """No session has that id."""


class EngineError(ScribeError):
    """The speech engine or its model is missing, damaged or failed."""


class CredentialError(ScribeError):
    """A secret could not be read or stored."""


class SettingsError(ScribeError):
    """A settings file that cannot be read, or a value that is not allowed."""


class DesktopError(ScribeError):
    """A key, a foreign window or a dictation device could not be used."""
