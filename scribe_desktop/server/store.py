"""Keeps what the local service has promised to keep, encrypted, through any crash.

One SQLCipher file, separate from the program's own spool, because another
maker's client may use the service without us. Every answer that says "I have
it" is sent only after the transaction that stored it is on the disk (WAL,
synchronous FULL). One connection behind one lock; any thread may call.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlcipher3

from scribe_desktop.domain.errors import DiskFull, SpoolError, SpoolFromTheFuture

_log = logging.getLogger(__name__)

FILE_NAME = "service.db"
VERSION = 2

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    created_at REAL NOT NULL,
    status TEXT NOT NULL,
    stream_id TEXT UNIQUE,
    oid TEXT,
    archived INTEGER NOT NULL DEFAULT 0,
    resolved_at REAL,
    facts TEXT NOT NULL
);
CREATE INDEX sessions_by_age ON sessions (created_at);
CREATE TABLE files (
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    extension TEXT NOT NULL,
    body BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    frames INTEGER NOT NULL,
    streamed INTEGER NOT NULL,
    PRIMARY KEY (session_id, number)
);
CREATE TABLE progress (
    session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    heard TEXT NOT NULL,
    state TEXT NOT NULL
);
CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    to_write INTEGER NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX documents_by_session ON documents (session_id, position);
CREATE TABLE templates (id TEXT PRIMARY KEY, created_at REAL NOT NULL, facts TEXT NOT NULL);
CREATE TABLE webhooks (id TEXT PRIMARY KEY, created_at REAL NOT NULL, facts TEXT NOT NULL);
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook_id TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    body BLOB NOT NULL,
    due_at REAL NOT NULL,
    made_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE grants (
    digest TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    family TEXT NOT NULL,
    account TEXT NOT NULL,
    expires_at REAL NOT NULL,
    rotated_at REAL
);
CREATE INDEX grants_by_family ON grants (family);
"""


class Cursor(Protocol):
    """The part of a database cursor that the service uses."""

    rowcount: int

    def fetchone(self) -> Any:  # noqa: ANN401 - a row holds what its table holds
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""


class Rows(Protocol):
    """The part of a database connection that the service uses."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        """Run one statement."""


class Store:
    """The open database; `reading` and `writing` are the only ways in."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - the library has no types
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def in_memory(cls) -> "Store":
        """A store that ends with the process, for a run without a key."""
        memory = sqlcipher3.connect(":memory:", check_same_thread=False, isolation_level=None)
        return cls._prepared(memory)

    @classmethod
    def open(cls, folder: Path, key: bytes) -> "Store":
        """Open or make the store in `folder` with a 32-byte key.

        A file that this key cannot open is set aside and a new one begun: what
        the service had of it is still in the spool of the client, which sends
        it again. Raises SpoolFromTheFuture for a newer program's store.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE_NAME
        try:
            return cls._prepared(_connect(path, key))
        except sqlcipher3.DatabaseError as error:
            if not path.exists() or isinstance(error, sqlcipher3.OperationalError):
                raise SpoolError(
                    "The local service could not open its store; recordings are safe.",
                    "Check that the disk is writable and has room.",
                ) from error
            _set_aside(path)
            return cls._prepared(_connect(path, key))

    @classmethod
    def _prepared(cls, connection: Any) -> "Store":  # noqa: ANN401 - the library has no types
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """Look at the store; nobody writes meanwhile."""
        with self._lock, _plain_errors():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """Change the store: on the disk when the block ends, or not at all.

        May be entered again inside itself; the outermost block decides.
        """
        with self._lock, _plain_errors():
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def empty_log(self) -> None:
        """Write the log back and cut it off: what was deleted is in it as it was before."""
        with self._lock, _plain_errors():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def secret(self, name: str, make: bytes) -> bytes:
        """The stored secret of that name; `make` becomes it when there is none yet."""
        with self.writing() as rows:
            rows.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, make))
            found = rows.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return bytes(found[0])

    def close(self) -> None:
        """Close the file; waits for a transaction under way."""
        with self._lock:
            self._connection.close()


def _migrate(connection: Any) -> None:  # noqa: ANN401 - the library has no types
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise SpoolFromTheFuture(
            "A newer version of the program wrote the local service's store.",
            "Install the newer version again; nothing was changed.",
        )
    if 0 < version < VERSION:
        # Such stores were only made before the first release; the spool has what was in them.
        raise sqlcipher3.DatabaseError("a store of another shape")
    if version == 0:
        connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def _connect(path: Path, key: bytes) -> Any:  # noqa: ANN401 - the library has no types
    connection = sqlcipher3.connect(str(path), check_same_thread=False, isolation_level=None)
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        path.chmod(0o600)
    except BaseException:
        connection.close()
        raise
    return connection


def _set_aside(path: Path) -> None:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.stem}-unreadable-{stamp}.db{suffix}"))
    _log.warning("the local service's store could not be opened; it was set aside")


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the database's own failures into sentences; ours pass unchanged."""
    try:
        yield
    except sqlcipher3.DatabaseError as error:
        if "full" in str(error):
            raise DiskFull(
                "The disk is full; the local service could not store the audio.",
                "Make room; the recording is kept and sent again.",
            ) from error
        raise SpoolError(
            "The local service could not write to its store; the recording is safe.",
            "Check that the disk is writable and has room.",
        ) from error
