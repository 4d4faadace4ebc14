"""What hears for the program: its microphones, and the recorders that listen to them or to a file.

What hears and encodes is imported where it is used: it takes most of a second,
and `sessions` or `show` need none of it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from scribe_desktop.collaborators import Listener
from scribe_desktop.domain.chunker import Cuts
from scribe_desktop.domain.notices import ImportProgressed
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.vigil import Patience

if TYPE_CHECKING:
    from scribe_desktop.services.microphones import Microphones
    from scribe_desktop.services.recorded_speech import RecordedSpeech
    from scribe_desktop.services.recorder import Recorder
    from scribe_desktop.services.source import Source
    from scribe_desktop.services.spool import Spool


class Hearing:
    """The one owner of the microphones. `on_change` is called on any thread."""

    def __init__(
        self,
        spool: "Spool",
        settings: Callable[[], Settings],
        *,
        before_recording: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self._spool = spool
        self._settings = settings
        self._before_recording = before_recording
        self._on_change = on_change
        self._opening = threading.Lock()
        self._microphones: Microphones | None = None

    def warm_up(self) -> None:
        """Load what hears, encodes and keeps the computer awake; returns at once.

        A third of a second that the first key press would wait for, and the window with it.
        """
        threading.Thread(target=_load_recorder, name="warming up", daemon=True).start()

    def microphones(self) -> "Microphones":
        """The microphones; the sound library is loaded at the first call."""
        with self._opening:
            if self._microphones is None:
                from scribe_desktop.services.microphones import Microphones

                self._microphones = Microphones(self._on_change)
            return self._microphones

    def apply_settings(self) -> None:
        """Keep the chosen microphone open between dictations, or let it go, as set."""
        settings = self._settings()
        if settings.keep_microphone_ready:
            self.microphones().keep_ready(settings.microphone)
        elif self._microphones is not None:
            self._microphones.keep_ready(None)

    def record_microphone(
        self, session_id: SessionId, cuts: Cuts, name: str, tell: Listener
    ) -> "Recorder":
        """Record the microphone of that name, with a cue at its first sound."""
        self._before_recording()
        return self.record(
            self.microphones().source(name),
            session_id,
            cuts,
            tell,
            on_first_block=lambda: self._cue("listening"),
            patience=Patience(self._settings().ask_after_silence_s),
        )

    def record_file(
        self, session_id: SessionId, cuts: Cuts, path: str, tell: Listener
    ) -> "Recorder":
        """Record what is in a file; raises AudioFileError."""
        from scribe_desktop.services.importer import open_recording

        def progressed(done_s: float, total_s: float | None) -> None:
            tell(ImportProgressed(session_id, done_s, total_s))

        return self.record(open_recording(path, progressed), session_id, cuts, tell)

    def recorded_speech(self, session_ids: Sequence[SessionId]) -> "RecordedSpeech":
        """Linked sessions as one recording that is read piece by piece."""
        from scribe_desktop.services.encoder import decode_chunk
        from scribe_desktop.services.recorded_speech import RecordedSpeech

        return RecordedSpeech(self._spool, session_ids, decode_chunk)

    def close(self) -> None:
        """Let go of every microphone."""
        if self._microphones is not None:
            self._microphones.close()

    def record(
        self,
        source: "Source",
        session_id: SessionId,
        cuts: Cuts,
        tell: Listener,
        on_first_block: Callable[[], None] | None = None,
        patience: Patience | None = None,
    ) -> "Recorder":
        """Record a source from now on, on a thread of the recorder's."""
        from scribe_desktop.services.recorder import Recorder

        recorder = Recorder(
            self._spool,
            source,
            session_id,
            cuts,
            tell,
            time.time,
            on_first_block=on_first_block,
            patience=patience,
        )
        recorder.start()
        return recorder

    def _cue(self, name: str) -> None:
        if self._settings().cue_sounds:
            from scribe_desktop.services.cues import Cue

            self.microphones().cue(Cue(name))


def decode(body: bytes) -> bytes:
    """A chunk as 16 kHz mono PCM; raises AudioFileError."""
    from scribe_desktop.services import encoder

    return encoder.decode(body)


def _load_recorder() -> None:
    from scribe_desktop.desktop import power
    from scribe_desktop.services import recorder

    recorder.warm_up()
    power.warm_up()
