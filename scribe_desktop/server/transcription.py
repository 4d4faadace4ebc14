"""Listens to each dictation while it is still being spoken, on one engine thread.

Every accepted chunk is heard as it arrives, so that the end of a session has
almost nothing left to do. What the engine has heard lives only in memory:
after a crash it is rebuilt by hearing the stored files again. A failure of
the engine costs the text, never the audio.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scribe_desktop.domain.errors import ScribeError, SpoolError
from scribe_desktop.server.bell import Bell
from scribe_desktop.server.documents import FAILED, WRITTEN, Document, Documents
from scribe_desktop.server.hearing import Feed, Finish, Restart, next_hearing
from scribe_desktop.server.problems import Problem, problems_of
from scribe_desktop.server.progress import Progress, State
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.sessions import OPEN, Session, Sessions
from scribe_desktop.server.store import Store
from scribe_desktop.server.turns import Hear, Prepare, Rest, Stop, Turns
from scribe_desktop.server.vocabulary import words_asked

_log = logging.getLogger(__name__)

# A native engine may fail once for a passing reason such as memory; twice is a failure.
_TRIES = 2
# A loaded model holds some 300 MB; loading it again takes about a second.
_REST_AFTER_S = 600.0


class Heard(Protocol):
    """What the engine made of a whole dictation."""

    @property
    def text(self) -> str:
        """The transcript; empty when nothing was said."""

    @property
    def language(self) -> str:
        """The language that was heard, as a two-letter code."""


class Transcriber(Protocol):
    """Turns the audio of one session into text, piece by piece."""

    def feed(self, pcm: NDArray[np.int16], *, more_waiting: bool = False) -> None:
        """Hear the next samples, 16 kHz mono; may take seconds, less when more are waiting."""

    def partial(self) -> str:
        """The text so far."""

    def state(self) -> State:
        """What is settled, for another transcriber that is fed the same audio from its start."""

    def finish(self) -> Heard:
        """Hear what is left and give the whole text."""


class Speech(Protocol):
    """The engine on this computer."""

    def prepare(self, model: str) -> None:
        """Load the model now, so that the first chunk need not wait for it."""

    def transcriber(
        self,
        model: str,
        languages: Sequence[str],
        vocabulary: Sequence[str],
        state: State | None,
    ) -> Transcriber:
        """Begin to listen for these languages and words, or go on from what was settled."""

    def release(self) -> None:
        """Give memory back: nobody has spoken for a while."""

    def decode(self, body: bytes) -> NDArray[np.int16]:
        """Samples of an audio file at 16 kHz mono; raises ScribeError."""


class FilledNote(Protocol):
    """One filled template."""

    @property
    def data(self) -> object:
        """What a status request shows."""

    @property
    def markdown(self) -> str:
        """The same as text that a clinician can read."""


class NoteWriter(Protocol):
    """Fills templates from a transcript without inventing anything."""

    def fill(self, template_id: str, heard: Heard) -> FilledNote:
        """Raises ScribeError or Refusal when the template cannot be filled."""


@dataclass(frozen=True)
class Told:
    """A transcript read back from the store, or given by the client."""

    text: str
    language: str


@dataclass
class _Live:
    """What the engine thread holds of one session between two chunks."""

    transcriber: Transcriber
    saved: State | None
    heard: dict[int, str] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)


class Transcription:
    """The engine thread. `wake` and `partial` may be called on any thread."""

    def __init__(
        self,
        store: Store,
        sessions: Sessions,
        documents: Documents,
        speech: Speech,
        notes: NoteWriter,
        bell: Bell,
        resolved: Callable[[Session], None],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._documents = documents
        self._speech = speech
        self._notes = notes
        self._bell = bell
        self._resolved = resolved
        self._progress = Progress(store)
        self._turns = Turns()
        self._lock = threading.Lock()
        self._partials: dict[str, str] = {}
        self._live: dict[str, _Live] = {}
        self._failures: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin, with everything that an earlier run had acknowledged and not resolved."""
        for session_id in [*self._sessions.unresolved(), *self._documents.pending()]:
            self._turns.ask(session_id, urgent=False)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Stop after the work under way; False when that takes longer than the time given."""
        self._turns.stop()
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def prepare(self, model: str) -> None:
        """A session with this model began: load it while the first words are spoken."""
        self._turns.prepare(model)

    def wake(self, session_id: str, *, urgent: bool = False) -> None:
        """There is something to hear or to write; somebody waits when it is urgent."""
        self._turns.ask(session_id, urgent=urgent)

    def partial(self, session_id: str) -> str:
        """The text heard so far, also before the session has ended."""
        with self._lock:
            return self._partials.get(session_id, "")

    def _run(self) -> None:
        while not isinstance(turn := self._turns.next(_REST_AFTER_S), Stop):
            try:
                self._take(turn)
            except Exception as error:  # noqa: BLE001 - one bug must not silence every session
                _log.error("the engine thread goes on after %s", type(error).__name__)

    def _take(self, turn: Prepare | Hear | Rest) -> None:
        match turn:
            case Prepare(model):
                self._prepare(model)
            case Hear(session_id):
                self._advance(session_id)
            case Rest():
                # What is settled is stored, so a session that goes on can be taken up.
                self._live.clear()
                self._speech.release()

    def _prepare(self, model: str) -> None:
        try:
            self._speech.prepare(model)
        except Exception as error:  # noqa: BLE001 - said again, to the client, when it is used
            _log.warning("the speech model could not be prepared: %s", type(error).__name__)

    def _advance(self, session_id: str) -> None:
        """One piece of work, then back to the queue so that others have their turn."""
        try:
            if self._step_or_fail(session_id):
                ended = self._sessions.find(session_id).status not in OPEN
                self.wake(session_id, urgent=ended)
        except Refusal:
            self._forget(session_id)  # Removed meanwhile.
        except SpoolError:
            _log.warning("the result of session %s could not be stored yet", session_id)
            self._live.pop(session_id, None)
            self._turns.park(session_id)

    def _step_or_fail(self, session_id: str) -> bool:
        try:
            return self._step(session_id)
        except (Refusal, SpoolError):
            raise
        except Exception as error:  # noqa: BLE001 - a native engine can raise anything
            self._failed(session_id, error)
            return False

    def _step(self, session_id: str) -> bool:
        session = self._sessions.find(session_id)
        if session.status in {"completed", "partial"}:
            return self._write_next(session)
        if session.status_at(self._sessions.now()) not in {"recording", "processing"}:
            self._forget(session_id)
            return False
        if session.dictated_text:
            self._resolve(session, Told(session.transcript or "", session.language), None)
            return False
        if session.status == "processing" and not self._sessions.files(session_id):
            self._resolve(session, Told("", ""), None)
            return False
        live = self._live.get(session_id)
        if live is None:
            live = self._live[session_id] = self._begun(session)
        return self._hear(session, live)

    def _begun(self, session: Session) -> _Live:
        files = {item.number: item.sha256 for item in self._sessions.files(session.id)}
        state = self._progress.load(session.id, files)
        words = words_asked(session.additional_data)
        made = self._speech.transcriber(session.model, session.languages, words, state)
        return _Live(made, state)

    def _hear(self, session: Session, live: _Live) -> bool:
        files = {item.number: item.sha256 for item in self._sessions.files(session.id)}
        step = next_hearing(live.heard | live.skipped, files, ended=session.status == "processing")
        match step:
            case Restart():
                self._live.pop(session.id)
                self._progress.drop(session.id)
                return True
            case Feed(number):
                waiting = len(files) > len(live.heard) + len(live.skipped) + 1
                self._feed(session.id, live, number, files[number], more_waiting=waiting)
                return True
            case Finish():
                self._resolve(session, live.transcriber.finish(), live)
                return False
        return False

    def _feed(
        self, session_id: str, live: _Live, number: int, digest: str, *, more_waiting: bool
    ) -> None:
        try:
            pcm = self._speech.decode(self._sessions.body(session_id, number))
        except ScribeError:
            # It was decoded once when it was accepted; if that no longer works,
            # the rest of the dictation is still worth having.
            live.skipped[number] = digest
            return
        live.transcriber.feed(pcm, more_waiting=more_waiting)
        live.heard[number] = digest
        state = live.transcriber.state()
        if state != live.saved:
            live.saved = state
            self._progress.save(session_id, live.heard, state)
        with self._lock:
            self._partials[session_id] = live.transcriber.partial()
        self._bell.ring(partial_of(session_id))

    def _resolve(self, session: Session, heard: Heard, live: _Live | None) -> None:
        """Write the result: transcript, status and notes in one transaction."""
        problems: list[Problem] = []
        if live is not None:
            files = self._sessions.files(session.id)
            problems = problems_of(session, files, heard=set(live.heard), skipped=set(live.skipped))
        written = [
            self._written(document, heard)
            for document in self._documents.of(session.id)
            if document.to_write
        ]
        # Nothing said is a complete result, although no note could be made of it.
        failed = [item for item in written if item.status == FAILED and heard.text.strip()]
        with self._store.writing():
            for document in written:
                self._documents.change(document.id, _constantly(document))
            resolved = self._sessions.change(
                session.id,
                lambda now: (
                    replace(
                        now,
                        status="partial" if problems or failed else "completed",
                        transcript=heard.text,
                        language=heard.language,
                        completed_at=self._sessions.now(),
                        problems=tuple(problems),
                        files_used=len(live.heard) if live else 0,
                    )
                    if now.status == "processing"
                    else now
                ),
            )
        self._forget(session.id)
        self._bell.ring(session.id)
        self._resolved(resolved)

    def _write_next(self, session: Session) -> bool:
        """Fill one more template of a session that has its transcript."""
        pending = [item for item in self._documents.of(session.id) if item.to_write]
        if not pending:
            return False
        written = self._written(pending[0], Told(session.transcript or "", session.language))
        try:
            self._documents.change(written.id, _constantly(written))
        finally:
            self._bell.ring(session.id)
        return len(pending) > 1

    def _written(self, document: Document, heard: Heard) -> Document:
        if not heard.text.strip():
            return _unwritten(document, "Nothing was said.", "insufficient_audio")
        try:
            note = self._notes.fill(document.template_id, heard)
        except (ScribeError, Refusal) as error:
            return _unwritten(document, error.message)
        except Exception as error:  # noqa: BLE001 - one bad template must not cost the transcript
            _log.warning("a template could not be filled: %s", type(error).__name__)
            return _unwritten(document, "The template could not be filled.")
        return replace(
            document, status=WRITTEN, to_write=False, data=note.data, text=note.markdown, errors=()
        )

    def _failed(self, session_id: str, error: Exception) -> None:
        """The engine gave up; the audio stays and the session can be run again."""
        _log.warning("hearing session %s failed: %s", session_id, type(error).__name__)
        self._live.pop(session_id, None)
        if self._sessions.find(session_id).status in OPEN:
            return  # Tried again from the first file when the next one comes, or at the end.
        self._failures[session_id] = self._failures.get(session_id, 0) + 1
        if self._failures[session_id] < _TRIES:
            self.wake(session_id, urgent=True)
            return
        message = "The speech engine failed. The audio is kept."
        if isinstance(error, ScribeError):
            message = str(error)
        with self._store.writing():
            failed = self._sessions.change(
                session_id,
                lambda session: replace(
                    session,
                    status="failed",
                    completed_at=self._sessions.now(),
                    error={"code": "processing_failed", "message": message},
                ),
            )
            self._resolved(failed)
        self._forget(session_id)
        self._bell.ring(session_id)

    def _forget(self, session_id: str) -> None:
        self._live.pop(session_id, None)
        self._failures.pop(session_id, None)
        with self._lock:
            self._partials.pop(session_id, None)


def partial_of(session_id: str) -> str:
    """What the bell calls a change of the text so far."""
    return f"{session_id}/partial"


def _constantly(document: Document) -> Callable[[Document], Document]:
    return lambda _: document


def _unwritten(document: Document, message: str, code: str = "extraction_failed") -> Document:
    error = {"type": "error", "code": code, "msg": message}
    return replace(document, status=FAILED, to_write=False, errors=(error,))
