"""All that the window asks of the computer around it: sound, files, keys, other programs.

`Line` is the way from microphone to note; this is everything beside it. Each
part may be missing, on a system that has no such thing or in a small test;
the window then does not offer what it cannot do. `app.py` puts the real ones
in, from `services`, `desktop` and `export`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from scribe_desktop.domain.notices import Level
from scribe_desktop.domain.session import SessionId


class Speaker(Protocol):
    """Plays recordings."""

    def play(self, pcm: bytes, on_end: Callable[[], None]) -> None:
        """Play 16 kHz mono PCM; `on_end` is called once, from any thread, also after `stop`."""

    def stop(self) -> None:
        """Be silent at once."""


class MicrophoneTest(Protocol):
    """Listens to a microphone without making a dictation of it."""

    def begin(self, identity: str) -> None:
        """Open the microphone; may wait. Raises MicrophoneError."""

    def level(self) -> Level:
        """How loud it is now."""

    def finish(self) -> bytes:
        """Close it and return what was heard, 16 kHz mono PCM; may wait."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One way to write a dictation to a file."""

    format_id: str
    name: str
    suffix: str


class Exporter(Protocol):
    """Writes sessions to files of the user's choosing."""

    def formats(self) -> tuple[ExportFormat, ...]:
        """What it can write."""

    def export(self, session_id: SessionId, format_id: str, path: str) -> None:
        """Write one session, owner-only; may wait. Raises ScribeError."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The parts there are."""

    speaker: Speaker | None = None
    microphone_test: MicrophoneTest | None = None
    exporter: Exporter | None = None
    run_template: Callable[[SessionId, str], None] | None = None
    """Have one more template filled from a session's recording."""
    insert: Callable[[str], None] | None = None
    """Put text where the cursor was in the program in front before ours."""


NOTHING_AROUND = Workplace()
