"""Remembers each dictation given to this computer's service, from create to result.

The rules of a session stand here and nowhere else: it takes audio until it is
ended, cancelled or an hour old; files are known by their number, so the same
name twice replaces; what was acknowledged is in the store. Statuses are the
protocol's own words.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from scribe_desktop.server.limits import (
    KEEP_AUDIO_S,
    KEEP_SESSIONS_S,
    SESSION_LIFETIME_S,
    SHOWN_S,
    STREAM_RATE,
)
from scribe_desktop.server.refusals import Refusal, session_ended, session_not_found
from scribe_desktop.server.store import Rows, Store

OPEN = frozenset({"created", "recording"})
RESOLVED = frozenset({"completed", "partial", "failed", "cancelled"})


@dataclass(frozen=True)
class Session:
    """One dictation as the service knows it; times are seconds since 1970."""

    id: str
    created_at: float
    expires_at: float
    status: str
    model: str
    max_audio_s: float
    upload_type: str = "chunked"
    mode: str = "dictation"
    languages: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    transcript_language: str = ""
    patient: Mapping[str, Any] | None = None
    # Two dialects have two names for the patient; the answer uses the client's.
    patient_key: str = "patient_details"
    additional_data: Mapping[str, Any] = field(default_factory=dict)
    stream_id: str | None = None
    ended_at: float | None = None
    audio_files_sent: int | None = None
    transcript: str | None = None
    language: str = ""
    completed_at: float | None = None
    error: Mapping[str, str] | None = None
    problems: tuple[Mapping[str, str], ...] = ()
    files_used: int = 0
    user_status: str = "init"
    archived: bool = False
    # The transcript was given by the client, so there is no audio to listen to.
    dictated_text: bool = False

    def status_at(self, now: float) -> str:
        """The status a client sees: an open session older than its hour has expired."""
        if self.status in OPEN and now >= self.expires_at:
            return "expired"
        return self.status


@dataclass(frozen=True)
class Keep:
    """For how long audio is kept once its text is there, and everything else."""

    audio_s: float = KEEP_AUDIO_S
    sessions_s: float = KEEP_SESSIONS_S


@dataclass(frozen=True)
class StoredFile:
    """One accepted file without its bytes."""

    number: int
    extension: str
    sha256: str
    frames: int
    streamed: bool

    @property
    def name(self) -> str:
        """How the service lists it: number and extension."""
        return f"{self.number}.{self.extension}"


class Sessions:
    """All sessions in the store. Any thread may call."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self.now = now

    def add(self, session: Session) -> None:
        """Store a new session; an id that exists is refused, so a lost reply can be told."""
        with self._store.writing() as rows:
            known = rows.execute("SELECT 1 FROM sessions WHERE id = ?", (session.id,)).fetchone()
            if known:
                raise Refusal(409, "txn_already_initialized", "A session with this id exists.")
            rows.execute(
                "INSERT INTO sessions"
                " (id, created_at, status, stream_id, oid, archived, resolved_at, facts)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                _row(session),
            )

    def find(self, session_id: str) -> Session:
        """The session, expired or not; raises Refusal 404."""
        with self._store.reading() as rows:
            return _find(rows, session_id)

    def find_stream(self, stream_id: str) -> Session | None:
        """The session that this stream belongs to."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT facts FROM sessions WHERE stream_id = ?", (stream_id,)
            ).fetchone()
        return _from_json(found[0]) if found else None

    def change(self, session_id: str, change: Callable[[Session], Session]) -> Session:
        """Store what `change` makes of the session, with nobody in between."""
        with self._store.writing() as rows:
            changed = change(_find(rows, session_id))
            _save(rows, changed)
        return changed

    def accept(
        self,
        session_id: str,
        *,
        number: int,
        extension: str,
        body: bytes,
        frames: int,
        streamed: bool = False,
    ) -> StoredFile:
        """Make one file durable; the same number replaces what was there.

        Raises Refusal when the session takes no more audio.
        """
        stored = StoredFile(number, extension, hashlib.sha256(body).hexdigest(), frames, streamed)
        with self._store.writing() as rows:
            session = _find(rows, session_id)
            _refuse_unless_open(session, self.now())
            _refuse_too_long(rows, session, stored)
            rows.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
                (session_id, number, extension, body, stored.sha256, frames, int(streamed)),
            )
            if session.status == "created":
                _save(rows, replace(session, status="recording"))
        return stored

    def end(self, session_id: str, audio_files_sent: int | None) -> Session:
        """Take no more audio; raises Refusal when that was said before."""

        def ended(session: Session) -> Session:
            _refuse_unless_open(session, self.now())
            return replace(
                session,
                status="processing",
                ended_at=self.now(),
                audio_files_sent=audio_files_sent,
                user_status="commit",
            )

        return self.change(session_id, ended)

    def files(self, session_id: str) -> list[StoredFile]:
        """The accepted files in numeric order, whatever order they came in."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT number, extension, sha256, frames, streamed FROM files"
                " WHERE session_id = ? ORDER BY number",
                (session_id,),
            ).fetchall()
        return [StoredFile(row[0], row[1], row[2], row[3], bool(row[4])) for row in found]

    def body(self, session_id: str, number: int) -> bytes:
        """The bytes of one file exactly as they were sent."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT body FROM files WHERE session_id = ? AND number = ?", (session_id, number)
            ).fetchone()
        if found is None:
            raise session_not_found()
        return bytes(found[0])

    def unresolved(self) -> list[str]:
        """Sessions that still have speech to listen to, oldest first: for a fresh start."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT id FROM sessions WHERE status IN ('recording', 'processing')"
                " ORDER BY created_at"
            ).fetchall()
        return [row[0] for row in found]

    def history(self, count: int, oid: str | None) -> list[Session]:
        """The newest sessions first, without cancelled and archived ones."""
        where = "archived = 0 AND status != 'cancelled'" + (" AND oid = ?" if oid else "")
        with self._store.reading() as rows:
            found = rows.execute(
                f"SELECT facts FROM sessions WHERE {where}"  # noqa: S608 - no outside text in it
                " ORDER BY created_at DESC, id LIMIT ?",
                (*((oid,) if oid else ()), count),
            ).fetchall()
        return [_from_json(row[0]) for row in found]

    def lapse(self) -> list[Session]:
        """Put down which open sessions have expired, once each."""
        with self._store.writing() as rows:
            found = rows.execute(
                "SELECT facts FROM sessions WHERE status IN ('created', 'recording')"
            ).fetchall()
            open_sessions = [_from_json(row[0]) for row in found]
            lapsed = [
                replace(session, status="expired")
                for session in open_sessions
                if session.status_at(self.now()) == "expired"
            ]
            for session in lapsed:
                _save(rows, session)
        return lapsed

    def forget(self, keep: Keep) -> None:
        """Remove what is older than it may be kept, from the store's log too.

        Audio goes when its text has been there for long enough, and when
        nothing will ever be made of it. A failed session keeps its audio as
        long as it is kept itself: it can be heard again. What was taken out of
        the history goes altogether once it is over: somebody wanted it gone.
        """
        now = self.now()
        with self._store.writing() as rows:
            removed = rows.execute(
                "DELETE FROM files WHERE session_id IN (SELECT id FROM sessions WHERE"
                " (status IN ('completed', 'partial') AND resolved_at <= ?) OR"
                " (status IN ('cancelled', 'expired') AND created_at <= ?))",
                (now - keep.audio_s, now - keep.audio_s - SESSION_LIFETIME_S),
            ).rowcount
            removed += rows.execute(
                "DELETE FROM sessions WHERE archived = 1"
                " AND status IN ('completed', 'partial', 'failed', 'cancelled', 'expired')"
            ).rowcount
            removed += rows.execute(
                "DELETE FROM sessions WHERE created_at <= ? AND status != 'processing'",
                (now - SESSION_LIFETIME_S - max(keep.sessions_s, SHOWN_S),),
            ).rowcount
        if removed:
            self._store.empty_log()


def _refuse_unless_open(session: Session, now: float) -> None:
    status = session.status_at(now)
    if status == "expired":
        raise Refusal(410, "session_expired", "This session has expired. Begin a new one.")
    if status not in OPEN:
        raise session_ended()


def _refuse_too_long(rows: Rows, session: Session, new: StoredFile) -> None:
    others = rows.execute(
        "SELECT coalesce(sum(frames), 0) FROM files WHERE session_id = ? AND number != ?",
        (session.id, new.number),
    ).fetchone()[0]
    # Speech that has already been taken may pass the limit by its last file:
    # refusing the file that crosses the line would lose what was said before it.
    if others >= session.max_audio_s * STREAM_RATE:
        raise Refusal(
            400,
            "session_duration_exceeded",
            "This session holds as much audio as its model takes. End it and begin a new one.",
            details={"max_session_duration_seconds": session.max_audio_s},
        )


def _find(rows: Rows, session_id: str) -> Session:
    found = rows.execute("SELECT facts FROM sessions WHERE id = ?", (session_id,)).fetchone()
    if found is None:
        raise session_not_found()
    return _from_json(found[0])


def _save(rows: Rows, session: Session) -> None:
    row = _row(session)
    rows.execute(
        "UPDATE sessions SET created_at = ?, status = ?, stream_id = ?, oid = ?, archived = ?,"
        " resolved_at = ?, facts = ? WHERE id = ?",
        (*row[1:], row[0]),
    )


def _row(session: Session) -> Sequence[object]:
    oid = (session.patient or {}).get("oid")
    return (
        session.id,
        session.created_at,
        session.status,
        session.stream_id,
        str(oid) if isinstance(oid, str | int) else None,
        int(session.archived),
        session.completed_at,
        json.dumps(asdict(session), ensure_ascii=False),
    )


_TUPLES = ("languages", "templates", "problems")
_NAMES = frozenset(item.name for item in fields(Session))


def _from_json(text: str) -> Session:
    facts = {name: value for name, value in json.loads(text).items() if name in _NAMES}
    return Session(**facts | {name: tuple(facts[name]) for name in _TUPLES})
