"""All that the window asks of the line behind it.

`app.Line` is the real one; tests give the window a scripted one. Every call
returns at once except where it says that it may wait; nothing here raises
anything but `ScribeError`.
"""

from collections.abc import Callable
from typing import Any, Protocol

from scribe_desktop.domain.notices import Level, MicrophoneChoice, Notice
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Results, ResultsVersion
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings


class Line(Protocol):
    """Microphone to note, without a window."""

    def subscribe(self, listener: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `listener` with every notice, from any thread; the return value ends it."""

    # --- the running dictation (at most one) ---
    def start(self, order: Order | None = None) -> SessionId:
        """Begin a dictation with the default order or this one; the microphone opens meanwhile."""

    def usual_order(self) -> Order:
        """What `start` takes when it is given nothing."""

    def pause(self) -> None:
        """Stop listening for a moment."""

    def resume(self) -> None:
        """Listen again."""

    def still_here(self) -> None:
        """The clinician says that the dictation was not forgotten."""

    def stop(self) -> None:
        """End the running dictation and deliver it."""

    def cancel(self) -> None:
        """End the running dictation and set it aside; `restore` takes it back for 7 days."""

    def running(self) -> Session | None:
        """The dictation that records or is paused, if any."""

    def recorded_s(self) -> float:
        """Seconds recorded in the running dictation."""

    def level(self) -> Level:
        """How loud it is now."""

    def is_heard(self) -> bool:
        """Whether sound arrives for the running dictation; also where none runs."""

    def is_kept(self, timeout_s: float) -> bool:
        """Wait a moment until all that was spoken and changed is on disk; whether it is."""

    # --- what is stored ---
    def sessions(self) -> tuple[Session, ...]:
        """All sessions, newest first, cancelled ones included."""

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """Every version of the results as it is stored, oldest first."""

    def shown_versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """The same as they are read, with the text rules applied; the last is the one to show."""

    def heard_versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """The same as they were heard, with a mark where speech is missing."""

    def bookmark(self, session_id: SessionId, at_frame: int, *, wanted: bool = True) -> None:
        """Mark a place in a recording, or take the mark away."""

    def bookmark_now(self) -> None:
        """Mark what is being said, if a dictation runs."""

    def edit(self, session_id: SessionId, results: Results) -> None:
        """Store the clinician's version."""

    def amend(self, session_id: SessionId, order: Order) -> None:
        """Change patient, templates or languages of a session."""

    def discard(self, session_id: SessionId) -> None:
        """Set the whole dictation of a session aside; it can be restored for 7 days."""

    def restore(self, session_id: SessionId) -> None:
        """Take a discarded dictation back and deliver it."""

    def send_now(self, session_id: SessionId | None = None) -> None:
        """Try at once what waits."""

    def import_file(self, path: str, order: Order | None = None) -> SessionId:
        """Dictate a recording; progress comes as notices. Raises AudioFileError."""

    # --- around it ---
    def settings(self) -> Settings:
        """The settings in force."""

    def set_setting(self, name: str, value: Any) -> None:  # noqa: ANN401  JSON
        """Change and store one setting; raises SettingsError with a sentence."""

    def locked_settings(self) -> frozenset[str]:
        """Names that a machine-wide policy fixes."""

    def offer(self) -> Offer:
        """What the chosen service offers, as last known."""

    def microphones(self) -> tuple[MicrophoneChoice, ...]:
        """The microphones there are; may wait up to two seconds."""
