"""A disk that does not answer: every commit of a real spool waits until the test lets it go.

It can be full as well: then every write is refused at once.
"""

import contextlib
import threading
from collections.abc import Iterator

from scribe_desktop.domain.errors import DiskFull
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_file import SpoolFile


class SlowDisk:
    """Stands between a spool and its file; the file is the real one."""

    def __init__(self, spool: Spool) -> None:
        self._answers = threading.Event()
        self._answers.set()
        self.waited = threading.Event()
        self.is_full = False
        self._file: SpoolFile = spool._file
        self._transaction = self._file.transaction
        setattr(self._file, "transaction", self._slow_transaction)  # noqa: B010  its own again below

    def hang(self) -> None:
        """From now on no write comes to its end."""
        self.waited.clear()
        self._answers.clear()

    def answer(self) -> None:
        """All that waits is written now."""
        self._answers.set()

    @contextlib.contextmanager
    def _slow_transaction(self) -> Iterator[None]:
        if self.is_full:
            raise DiskFull("The disk of this computer is full.", "Free some space.")
        with self._transaction():
            yield
            if not self._answers.is_set():
                self.waited.set()
            # Before the commit, with the spool's lock held, as a sync of the disk is.
            self._answers.wait()
