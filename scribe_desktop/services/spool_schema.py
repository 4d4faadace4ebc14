"""How the spool's file is laid out, encrypted and opened.

One SQLite file, encrypted as a whole by SQLCipher. It is opened with
write-ahead logging and a sync at each commit, because a dictation that was
acknowledged must survive a power cut; and with secure delete, because what a
clinician deletes must be gone.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from scribe_desktop.domain.errors import DiskFull, SpoolDamaged, SpoolError, SpoolFromTheFuture
from scribe_desktop.services.places import write_private

SPOOL_FILE = "spool.db"
KEY_MARK_FILE = "spool.key-mark"
DAMAGE_MARK_FILE = "spool.damaged"
HEAD_FILE = "spool.head"
PAGE_BYTES = 4096

KEY_BYTES = 32

AUDIT_HEAD = "audit head"
"""The fact that says where the audit of this store ends: [lines, last digest]."""

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE sessions (
               session_id TEXT PRIMARY KEY,
               created_at REAL NOT NULL,
               record TEXT NOT NULL)""",
        """CREATE TABLE chunks (
               session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
               chunk INTEGER NOT NULL,
               body BLOB NOT NULL,
               frames INTEGER NOT NULL,
               media_type TEXT NOT NULL,
               extension TEXT NOT NULL,
               digest TEXT NOT NULL,
               PRIMARY KEY (session_id, chunk))""",
        """CREATE TABLE tail (
               session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
               at_frame INTEGER NOT NULL,
               pcm BLOB NOT NULL,
               PRIMARY KEY (session_id, at_frame))""",
        """CREATE TABLE results (
               session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
               version INTEGER NOT NULL,
               author TEXT NOT NULL,
               at REAL NOT NULL,
               record TEXT NOT NULL,
               PRIMARY KEY (session_id, version))""",
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE audit (
               number INTEGER PRIMARY KEY,
               at REAL NOT NULL,
               action TEXT NOT NULL,
               session_id TEXT NOT NULL,
               detail TEXT NOT NULL,
               digest TEXT NOT NULL)""",
    ),
    (
        """CREATE TABLE sent (
               session_id TEXT NOT NULL,
               chunk INTEGER NOT NULL,
               form TEXT NOT NULL,
               digest TEXT NOT NULL,
               PRIMARY KEY (session_id, chunk),
               FOREIGN KEY (session_id, chunk) REFERENCES chunks ON DELETE CASCADE)""",
    ),
    (
        # Of a chunk that goes in pieces there are more files than chunks.
        """CREATE TABLE sent_files (
               session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
               file INTEGER NOT NULL,
               form TEXT NOT NULL,
               digest TEXT NOT NULL,
               PRIMARY KEY (session_id, file))""",
        "INSERT INTO sent_files SELECT session_id, chunk, form, digest FROM sent",
        "DROP TABLE sent",
    ),
    # The record of a session says since when the service has it; an older program knows no such.
    (),
    (
        # Empty in the lines of older versions, whose digests are made without it.
        "ALTER TABLE audit ADD COLUMN who TEXT NOT NULL DEFAULT ''",
        f"""INSERT OR REPLACE INTO facts
               SELECT '{AUDIT_HEAD}', '[' || number || ', "' || digest || '"]'
               FROM audit ORDER BY number DESC LIMIT 1""",  # noqa: S608  our own words
    ),
    (
        # They stay with the session when its audio is deleted.
        """CREATE TABLE receipts (
               session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
               chunk INTEGER NOT NULL,
               frames INTEGER NOT NULL,
               digest TEXT NOT NULL,
               PRIMARY KEY (session_id, chunk))""",
        "INSERT INTO receipts SELECT session_id, chunk, frames, digest FROM chunks",
    ),
)
"""Step n brings a store of version n to version n + 1; a step never changes once released."""

SCHEMA_VERSION = len(_MIGRATIONS)

TABLES = ("sessions", "chunks", "tail", "results", "receipts", "sent_files", "facts", "audit")
"""In the order in which rows may be copied: parents first. A damaged older store lacks some."""

_NO_ROOM = {dbapi2.SQLITE_FULL, dbapi2.SQLITE_IOERR, dbapi2.SQLITE_READONLY, dbapi2.SQLITE_CANTOPEN}
_UNREADABLE = {dbapi2.SQLITE_CORRUPT, dbapi2.SQLITE_NOTADB}
_PRIMARY_CODE = 0xFF

CACHE_KB = 256
"""Speech is written once and read once: the usual two megabytes for each of two connections only
filled up while somebody dictated."""


def connect(path: Path, key: bytes, *, for_rescue: bool = False) -> Any:  # noqa: ANN401  untyped library
    """Open the encrypted file; nothing is read yet, so a wrong key shows at the first read.

    `for_rescue` also opens a file that was cut short.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes")
    # The salt only separates the page seals of stores that share a key. Derived
    # from the key it cannot be lost with the first bytes of a damaged file.
    salt = hashlib.sha256(b"scribe-desktop spool salt" + key).digest()[:16]
    if not path.exists():
        # Before the library makes it readable for everyone; its log takes the same rights.
        path.touch(mode=0o600)
    with translated():
        connection = dbapi2.connect(
            str(path), isolation_level=None, check_same_thread=False, timeout=5.0
        )
        # A damaged page would otherwise be reported on stderr by the library itself.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}{salt.hex()}'\"")
        if for_rescue:
            connection.execute("PRAGMA writable_schema = ON")
    return connection


def prepare(connection: Any) -> None:  # noqa: ANN401
    """Bring a store to this version's layout; raises SpoolFromTheFuture with nothing written."""
    with translated():
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise SpoolFromTheFuture(
                "The recordings on this computer were written by a newer version of Scribe "
                "Desktop. They are safe and were not touched.",
                "Install the newer version again.",
            )
        if version == 0:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        # Not when the file is opened: it is read for this, and it may be damaged.
        connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        for step, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
            with transaction(connection):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {step}")


@contextlib.contextmanager
def transaction(connection: Any) -> Iterator[None]:  # noqa: ANN401
    """All of the block or nothing of it."""
    with translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has already rolled back by itself when the disk was full.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the library's errors about the disk into ours; all others are bugs and pass."""
    try:
        yield
    except dbapi2.DatabaseError as error:
        ours = _translate(getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE)
        if ours is None:
            raise
        raise ours from error


def is_unreadable(error: dbapi2.DatabaseError) -> bool:
    """Whether what lies there is not what was written, now and at each later try."""
    return (getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE) in _UNREADABLE


def _translate(code: int) -> SpoolError | None:
    if code == dbapi2.SQLITE_FULL:
        return DiskFull(
            "The disk of this computer is full.", "Free some space; the recording goes on."
        )
    if code in _NO_ROOM:
        return DiskFull(
            "The disk of this computer takes nothing at the moment.",
            "Check the disk or its connection; the recording goes on.",
        )
    if code in _UNREADABLE:
        return damaged()
    return None


def damaged() -> SpoolDamaged:
    """What to say when something of the store cannot be read."""
    return SpoolDamaged(
        "A part of the recordings on this computer cannot be read.",
        "Start Scribe Desktop again: it sets the damaged file aside and saves what it can.",
    )


def keep_head(folder: Path) -> None:
    """Keep a copy of the first page, without which no other page can be found.

    It changes seldom, so the copy of the last start or end is good enough to
    read a file whose beginning was damaged.
    """
    with (folder / SPOOL_FILE).open("rb") as file:
        head = file.read(PAGE_BYTES)
    if len(head) == PAGE_BYTES:
        write_private(folder / HEAD_FILE, head)


def key_mark(key: bytes) -> str:
    """What tells one key from another without telling the key."""
    return hashlib.sha256(b"scribe-desktop spool key mark" + key).hexdigest()
