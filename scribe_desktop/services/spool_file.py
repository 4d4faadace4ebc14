"""The spool's open file: transactions, and what to do when the disk refuses.

Two connections to one file. What writes waits for the disk, on a bad day for
seconds, and whoever only wants to look must not wait with it: looking has a
connection of its own, which sees the last commit, and a lock of its own. The
spool calls everything that writes with the spool's lock held.
"""

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

from scribe_desktop.domain.errors import DiskFull, SpoolDamaged, SpoolError
from scribe_desktop.services.spool_joining import Joining, Unreadable
from scribe_desktop.services.spool_schema import (
    CACHE_KB,
    DAMAGE_MARK_FILE,
    SPOOL_FILE,
    connect,
    damaged,
    keep_head,
    prepare,
    transaction,
    translated,
)

_LOG_FILE = f"{SPOOL_FILE}-wal"
_LONG_LOG_PAGES = 1000
"""As the library has it by itself."""

SWEEPS: Final = 5
"""How often the log is tried to be emptied; each try itself waits for those who look."""

_log = logging.getLogger(__name__)


class SpoolFile:
    """Both connections, replaced by fresh ones after the disk refused something."""

    def __init__(self, folder: Path, key: bytes, connection: Any) -> None:  # noqa: ANN401  untyped library
        self._folder = folder
        self._key = key
        self._connection = connection
        self._suspect = False
        self._looking = threading.Lock()
        self._glass: Any = None

    @property
    def folder(self) -> Path:
        """Where the file lies."""
        return self._folder

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing; raises DiskFull or SpoolDamaged with nothing changed."""
        with self._watched():
            self._reconnect_if_suspect()
            with transaction(self._connection):
                yield

    def execute(self, sql: str, *values: object) -> None:
        """Change something, inside a transaction."""
        self._connection.execute(sql, values)

    def read(self, sql: str, *values: object) -> list[Any]:
        """All rows of a query, inside a transaction."""
        rows: list[Any] = self._connection.execute(sql, values).fetchall()
        return rows

    def look(self, sql: str, *values: object) -> list[Any]:
        """All rows of a query as of the last commit; any thread, and never behind a write."""
        with self._looking, self._watched():
            try:
                if self._glass is None:
                    self._glass = self._connected()
                    self._glass.execute("PRAGMA query_only = ON")
                    self._glass.execute(f"PRAGMA cache_size = -{CACHE_KB}")
                rows: list[Any] = self._glass.execute(sql, values).fetchall()
            except BaseException:
                # It would now fail on good pages too.
                self._break_glass()
                raise
        return rows

    def _connected(self) -> Any:  # noqa: ANN401  untyped library
        """A fresh connection to the file that is there; nothing is made in its place."""
        path = self._folder / SPOOL_FILE
        if not path.exists():
            raise DiskFull(
                "The disk of this computer cannot be reached at the moment.",
                "Check the disk or its connection; the recording goes on.",
            )
        return connect(path, self._key)

    def _break_glass(self) -> None:
        """Close what looks; the next look opens it anew. Called with its lock held."""
        if self._glass is not None:
            self._glass.close()
            self._glass = None

    @contextlib.contextmanager
    def joining(self, aside: Path, key: bytes, *, keeps_names: bool = False) -> Iterator[Joining]:
        """A transaction that brings all of another store, which `key` opens, into this one.

        Raises SpoolDamaged where that one cannot be read, with a mark there and none here.
        """
        try:
            with contextlib.closing(connect(aside / SPOOL_FILE, key)) as there, self.transaction():
                yield Joining(there, self._connection, aside.name, keeps_names=keeps_names)
        except Unreadable as error:
            with contextlib.suppress(OSError):
                (aside / DAMAGE_MARK_FILE).touch()
            raise damaged() from error

    def settle_ahead(self) -> None:
        """Sync what a long transaction has written so far, so that its commit is short."""
        # It may not be written back at that commit either: `write_back` does it at leisure.
        self._connection.execute("PRAGMA wal_autocheckpoint = 0")
        with contextlib.suppress(OSError), (self._folder / _LOG_FILE).open("rb+") as log:
            os.fsync(log.fileno())

    def write_back(self) -> None:
        """Write the log back into the file, while others write on."""
        with (
            contextlib.suppress(SpoolError),
            translated(),
            contextlib.closing(connect(self._folder / SPOOL_FILE, self._key)) as other,
        ):
            other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def write_back_by_itself(self) -> None:
        """From now on as usual again, at whatever commit finds the log long."""
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_LONG_LOG_PAGES}")

    def refuse(self) -> NoReturn:
        """Raise SpoolDamaged for a row that is not what was written."""
        with self._watched():
            raise damaged()

    def sweep(self) -> None:
        """Give freed pages back to the disk and leave nothing in the log."""
        with self._watched():
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            for _ in range(SWEEPS):
                # It waits for the disk, so nobody who looks may wait for it. Whoever looks at an
                # old commit keeps the log from being emptied, and is soon done.
                rows = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                if not rows[0][0]:
                    return
        _log.warning("the log of the spool was not emptied")

    def close(self) -> None:
        """Write the log back into the file and close it."""
        with translated():
            # The last to close writes the log back, and that must be the one that can.
            with self._looking:
                self._break_glass()
            self._connection.close()
        with contextlib.suppress(OSError):
            keep_head(self._folder)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except DiskFull:
            # After a failed write the library may keep half-read state; a fresh
            # connection is the state after a crash, which is always right.
            self._suspect = True
            raise
        except SpoolDamaged:
            # The connection would now fail on good pages too. The next start looks
            # at every page and saves what it can.
            self._suspect = True
            with contextlib.suppress(OSError):
                (self._folder / DAMAGE_MARK_FILE).touch()
            raise

    def _reconnect_if_suspect(self) -> None:
        if not self._suspect:
            return
        fresh = self._connected()
        try:
            prepare(fresh)
        except BaseException:
            fresh.close()
            raise
        self._connection.close()
        self._connection = fresh
        self._suspect = False
        # The file may be another one now: the disk was repaired and mounted again.
        with self._looking:
            self._break_glass()
