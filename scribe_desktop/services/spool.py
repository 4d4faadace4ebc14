"""Keeps every dictation, encrypted, until it is delivered and long enough after.

Whatever happened to the computer, what this module acknowledged is here when
it starts again. Each public call is one transaction: all of it or nothing.
Sessions are folded by pure functions (`update`), so two threads that change
one session cannot overwrite each other.

Any thread may call. Whoever writes waits for whoever else writes, and for the
disk; whoever only looks waits for neither, so that a slow disk never stops
the window. Listeners are called on the thread that made the change,
after the commit and outside the lock, in the order of the commits.
"""

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path

from scribe_desktop.domain.audio import AudioForm, EncodedChunk
from scribe_desktop.domain.audit import PROGRAM, AuditLine, Head, clinician
from scribe_desktop.domain.errors import UnknownSession
from scribe_desktop.domain.events import ChunkSealed, Resolved, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.receipts import Receipt
from scribe_desktop.domain.record import (
    read_results,
    read_session,
    results_record,
    session_record,
)
from scribe_desktop.domain.results import Author, Json, Results, ResultsVersion
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.unheard import with_unheard
from scribe_desktop.services.session_numbers import session_meant
from scribe_desktop.services.spool_audit import SpoolAudit
from scribe_desktop.services.spool_file import SpoolFile
from scribe_desktop.services.spool_joining import TAKEN_IN, Came, taken_names
from scribe_desktop.services.spool_news import Listener, SpoolNews
from scribe_desktop.services.spool_receipts import SpoolReceipts
from scribe_desktop.services.spool_rescue import damaged_asides, open_or_set_aside
from scribe_desktop.services.spool_speech import SpoolSpeech

_ASKED = "asked"
"""Why a clinician's own deletion is, in the audit."""


class Spool:
    """The durable store of this computer; made by `Spool.open`."""

    def __init__(self, file: SpoolFile, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.RLock()
        self._news = SpoolNews()
        # What was last committed, so that workers who look often do not make
        # the recorder wait for the disk. Written only after a commit.
        self._sessions: dict[SessionId, Session] = {}
        self._left: list[SpoolFile] = []
        self._use(file)
        self._load()

    def _use(self, file: SpoolFile) -> None:
        self._file = file
        self._audit = SpoolAudit(file, self._now)
        self._receipts = SpoolReceipts(file)
        self._speech = SpoolSpeech(file)

    @classmethod
    def open(cls, folder: Path, key: bytes, *, now: Callable[[], float]) -> "Spool":
        """Open the store in `folder`, or make a new one where there is none.

        Raises SpoolFromTheFuture with nothing touched. A store that this key
        does not open is set aside under a dated name (SpoolKeyLost); a damaged
        one too, after what can be read was saved into a new store
        (SpoolDamaged). After either the caller says so and opens again.
        """
        return cls(open_or_set_aside(folder, key, now=now), now)

    def close(self) -> None:
        """Write the log back into the file and close it."""
        with self._lock:
            for file in (*self._left, self._file):
                file.close()

    # --- sessions --------------------------------------------------------------------

    def add(self, session: Session, results: Results | None = None) -> None:
        """Store a new session, with the clinician's text if there is one, both or neither."""
        with self._lock:
            if session.session_id in self._sessions:
                raise ValueError("a session of that id exists")
            with self._file.transaction():
                self._file.execute(
                    "INSERT INTO sessions VALUES (?, ?, ?)",
                    session.session_id,
                    session.created_at,
                    _to_json(session_record(session)),
                )
                self._audit.changed(None, session)
                if results is not None:
                    self._add_version(session.session_id, results, Author.CLINICIAN)
            self._committed(session)
        self._news.tell()

    def get(self, session_id: SessionId) -> Session:
        """The session as last committed; raises UnknownSession."""
        try:
            return self._sessions[session_id]
        except KeyError:
            raise UnknownSession("There is no dictation of that number.") from None

    def sessions(self) -> tuple[Session, ...]:
        """All sessions, newest first."""
        # Not under the lock, which is held while the disk writes: one step copies them all.
        known = list(self._sessions.values())
        return tuple(sorted(known, key=lambda session: session.created_at, reverse=True))

    def find(self, prefix_or_last: str) -> SessionId:
        """The one session whose id begins so, or the newest for `last`; raises UnknownSession."""
        return session_meant(self.sessions(), prefix_or_last)

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        """Replace a session by a pure function of itself and return the new one.

        Whatever `change` raises comes out, with nothing changed.
        """
        with self._lock:
            before = self.get(session_id)
            after = change(before)
            if after == before:
                return before
            with self._file.transaction():
                self._write(after)
            self._committed(after)
        self._news.tell()
        return after

    # --- audio -----------------------------------------------------------------------

    def append_tail(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        """Make PCM durable before it is encoded; `at_frame` counts from the session's start.

        Called on the recorder thread. Raises DiskFull with nothing changed.
        """
        if not pcm:
            return
        with self._lock:
            self.get(session_id)
            with self._file.transaction():
                self._speech.append(session_id, at_frame, pcm)

    def seal(
        self, session_id: SessionId, chunk: EncodedChunk, *, stop_at: float | None = None
    ) -> Session:
        """Make `chunk` durable and drop the tail it replaces, both or neither.

        With `stop_at` it is the last one and the session is stopped in the
        same transaction. Called on the recorder thread. Raises DiskFull with
        the tail untouched, so the speech is still there when space returns.
        """
        with self._lock:
            session = apply(self.get(session_id), ChunkSealed(chunk.index, chunk.frames))
            if stop_at is not None:
                session = apply(session, Stopped(stop_at))
            with self._file.transaction():
                self._speech.put(session_id, chunk, session.frames)
                self._write(session)
            self._committed(session)
        self._news.tell()
        return session

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        """A sealed chunk, the same bytes every time; raises SpoolError when it was deleted.

        Raises SpoolDamaged when the bytes are not those that were sealed.
        """
        self.get(session_id)
        chunk = self._speech.chunk(session_id, index)
        if chunk is None:
            with self._lock:
                self._file.refuse()
        return chunk

    def receipts(self, session_id: SessionId) -> tuple[Receipt, ...]:
        """The digests of every chunk as it was sealed and as it was sent, also of deleted ones."""
        return self._receipts.of(self.get(session_id))

    def note_sent(
        self, session_id: SessionId, form: AudioForm, pieces: int, chunk: EncodedChunk
    ) -> bool:
        """Write down which recoded bytes go out; False if others of that form went before."""
        with self._lock:
            self.get(session_id)
            digest = hashlib.sha256(chunk.body).hexdigest()
            return self._receipts.note(session_id, chunk.index, form, pieces, digest)

    def chunk_lengths(self, session_id: SessionId) -> tuple[tuple[int, int], ...]:
        """Number and frames of every sealed chunk that is still here, in order."""
        self.get(session_id)
        return self._speech.lengths(session_id)

    def tail(self, session_id: SessionId) -> bytes:
        """PCM that is not yet in a chunk, in order."""
        # One query and so one commit: the session may be sealed further at any moment.
        while True:
            known = self.get(session_id).frames
            rows = self._speech.tail(session_id)
            if rows is None:
                return b""
            if rows.sealed_frames == known:
                return rows.joined()
            # Sealed this moment: nobody may see the new tail beside the old session.
            with self._lock:
                pass

    def has_audio(self, session_id: SessionId) -> bool:
        """Whether any audio of the session is still here."""
        self.get(session_id)
        return self._speech.is_there(session_id)

    # --- results ---------------------------------------------------------------------

    def store_results(
        self,
        session_id: SessionId,
        results: Results,
        event: Resolved,
        author: Author = Author.SERVICE,
    ) -> Session:
        """Store what the service made of a session and resolve it, both or neither."""
        with self._lock:
            session = apply(self.get(session_id), event)
            with self._file.transaction():
                lengths = self._receipts.lengths(session_id)
                session = with_unheard(session, results.files, lengths)
                self._add_version(session_id, results, author)
                self._write(session)
            self._committed(session)
        self._news.tell()
        return session

    def add_version(
        self, session_id: SessionId, results: Results, author: Author
    ) -> ResultsVersion:
        """Keep another version of the results beside all earlier ones."""
        with self._lock:
            session = self.get(session_id)
            with self._file.transaction():
                version = self._add_version(session_id, results, author)
                self._audit.add(
                    "edited",
                    session_id,
                    f"version {version.version}",
                    who=clinician(session.order.service),
                )
            self._committed(session)
        self._news.tell()
        return version

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """Every version of the results, oldest first."""
        self.get(session_id)
        rows = self._file.look(
            "SELECT version, author, at, record FROM results WHERE session_id = ? ORDER BY version",
            session_id,
        )
        return tuple(
            ResultsVersion(version, Author(author), at, read_results(json.loads(record)))
            for version, author, at, record in rows
        )

    # --- deleting --------------------------------------------------------------------

    def delete(self, session_id: SessionId, *, why: str = _ASKED) -> None:
        """Delete a session for good: overwritten in the file and gone from its log."""
        with self._lock:
            who = self._asker(session_id, why)
            with self._file.transaction():
                self._file.execute("DELETE FROM sessions WHERE session_id = ?", session_id)
                self._audit.add("deleted", session_id, why, who=who)
            del self._sessions[session_id]
            self._file.sweep()

    def delete_audio(self, session_id: SessionId, *, why: str = _ASKED) -> None:
        """Delete the audio of a session for good and keep its results."""
        with self._lock:
            session = self.get(session_id)
            with self._file.transaction():
                self._speech.forget(session_id)
                self._audit.add("audio deleted", session_id, why, who=self._asker(session_id, why))
            self._file.sweep()
            self._committed(session)
        self._news.tell()

    def _asker(self, session_id: SessionId, why: str) -> str:
        service = self.get(session_id).order.service
        return clinician(service) if why == _ASKED else PROGRAM

    # --- what was set aside ----------------------------------------------------------

    def take_in(self, aside: Path, key: bytes) -> int:
        """Add what is in another store, all of it or nothing; returns how many sessions came.

        Raises SpoolDamaged where that store has to be mended first.
        """
        with self._lock:
            with self._file.joining(aside, key) as joining:
                came = joining.complete(self._now(), self._audit.join)
            self._joined(came)
        self._news.tell()
        return came.new

    def _joined(self, came: Came) -> None:
        """After the commit, and from memory: a disk that refuses now must not undo what is."""
        known = {one: kept for one, kept in self._sessions.items() if one not in came.gone}
        self._sessions = known | {session.session_id: session for session in came.sessions}
        for session in came.sessions:
            self._news.add(session)

    def taken_in(self, name: str) -> frozenset[SessionId] | None:
        """Which sessions came of the store of that name; None if it was never taken in."""
        fact = self.recall(TAKEN_IN + name)
        return None if fact is None else frozenset((taken_names(fact)[0] or {}).values())

    def move_into(
        self, other: "Spool", key: bytes, switched: Callable[[], None] = lambda: None
    ) -> None:
        """Go on in `other`, with all that is here; whoever uses this spool does not notice.

        `key` opens this one. Called while it is written to; whoever writes
        waits for the last rows and the commit. `other` is used by nobody else,
        and not afterwards. `switched` is called before anybody is told. Raises
        SpoolError with nothing changed.
        """
        with contextlib.ExitStack() as held:
            with other._file.joining(self._file.folder, key, keeps_names=True) as joining:  # noqa: SLF001  one of our own kind
                joining.copy_ahead()
                other._file.settle_ahead()  # noqa: SLF001
                held.enter_context(self._lock)
                came = joining.complete(self._now(), other._audit.join)  # noqa: SLF001
            # Not closed yet: whoever looks at this moment has it in hand.
            self._left.append(self._file)
            self._use(other._file)  # noqa: SLF001
            self._sessions = other._sessions  # noqa: SLF001
            self._joined(came)
        switched()
        self._news.tell()
        self._file.write_back()
        with self._lock:
            self._file.write_back_by_itself()

    def damaged_asides(self) -> tuple[tuple[Path, float], ...]:
        """The damaged stores beside this one, and when each was set aside."""
        return damaged_asides(self._file.folder)

    # --- facts and audit -------------------------------------------------------------

    def remember(self, name: str, value: Json) -> None:
        """Keep a small durable fact, such as what a service last offered."""
        with self._lock, self._file.transaction():
            self._put_fact(name, value)

    def recall(self, name: str) -> Json:
        """A fact that was remembered, or None."""
        rows = self._file.look("SELECT value FROM facts WHERE name = ?", name)
        fact: Json = json.loads(rows[0][0]) if rows else None
        return fact

    def audit(
        self, action: str, session_id: str = "", detail: str = "", *, who: str = PROGRAM
    ) -> AuditLine:
        """Write down a deed; `detail` holds ids and plain words, never a patient or a text."""
        with self._lock, self._file.transaction():
            return self._audit.add(action, session_id, detail, who=who)

    def audit_lines(self) -> tuple[AuditLine, ...]:
        """All deeds, oldest first; `domain.audit.first_break` tells whether they are whole."""
        return self._audit.lines()

    def audit_head(self) -> Head | None:
        """Where the audit ends, kept apart from its lines."""
        return self._audit.head()

    # --- listeners -------------------------------------------------------------------

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each new snapshot, in order; the return value ends it."""
        return self._news.subscribe(listener)

    def _committed(self, session: Session) -> None:
        self._sessions[session.session_id] = session
        self._news.add(session)

    # --- rows ------------------------------------------------------------------------

    def _load(self) -> None:
        for (record,) in self._file.look("SELECT record FROM sessions"):
            session = read_session(json.loads(record))
            self._sessions[session.session_id] = session

    def _put_fact(self, name: str, value: Json) -> None:
        self._file.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, _to_json(value))

    def _write(self, session: Session) -> None:
        self._audit.changed(self._sessions[session.session_id], session, self._receipts.whole)
        self._file.execute(
            "UPDATE sessions SET record = ? WHERE session_id = ?",
            _to_json(session_record(session)),
            session.session_id,
        )

    def _add_version(
        self, session_id: SessionId, results: Results, author: Author
    ) -> ResultsVersion:
        ((last,),) = self._file.read(
            "SELECT COALESCE(MAX(version), 0) FROM results WHERE session_id = ?", session_id
        )
        version = ResultsVersion(last + 1, author, self._now(), results)
        self._file.execute(
            "INSERT INTO results VALUES (?, ?, ?, ?, ?)",
            session_id,
            version.version,
            version.author,
            version.at,
            _to_json(results_record(results)),
        )
        return version


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
