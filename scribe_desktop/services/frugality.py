"""Keeps the window small and prompt: it is open all day on a computer that has other work.

glibc gives each thread a heap of its own and keeps what was freed in it, and
the linear algebra under numpy reserves room for every core. The window has
many threads that wait and no linear algebra; together that was a tenth of its
memory (benchmarks/window_start.py prints it). What an hour of dictation leaves
free between things that are still used goes back to the system once a minute;
without that the window grew by a quarter of a megabyte a minute.

Python looks through everything there is for what only points at itself, and
every thread waits meanwhile: 45 ms, most of it on modules and widgets that stay
to the end. What is there when the window stands is not looked through again.

Speech is recognised on as many cores as there are, in a process of its own. It
works with what the window and the recorder leave over.
"""

import contextlib
import ctypes
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Final

_M_ARENA_MAX = -8
"""glibc's name for the most heaps there may be (malloc.h)."""

_M_MMAP_THRESHOLD = -3
"""glibc's name for the size from which a block is a mapping of its own."""

_OWN_MAPPING_BYTES = 64 * 1024
"""Speech comes and goes in blocks of this size and more. Among small ones that stay they leave
holes that nothing fits, and glibc raises this limit by itself whenever such a block goes: a
dictating window grew by seven megabytes in an hour."""

_HEAPS = 2
"""One for the thread that paints, one for all that wait: a lock between them costs nothing here."""

BEHIND: Final = 5
"""Steps of niceness: a third of a processor that both want, all of one that nobody else wants."""

GIVE_BACK_S: Final = 60.0
"""Half a millisecond a minute."""


def keep_small() -> None:
    """Ask the allocators to be frugal; before numpy is imported, or it is too late for it.

    Nothing is collected from now until `Frugality.start`: a start makes hardly any garbage.
    """
    gc.disable()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    libc = _glibc()
    if libc:
        libc.mallopt(_M_ARENA_MAX, _HEAPS)
        libc.mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING_BYTES)


def give_back() -> None:
    """Hand what was freed back to the system, where the allocator does not do so by itself."""
    libc = _glibc()
    if libc:
        libc.malloc_trim(0)


def stand_behind(pid: int) -> None:
    """Let a process of ours, just started, wait when we want its processor; not on Windows."""
    # It may be gone already, and a system may forbid it: then all are alike, as before.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + BEHIND)
    # Where a desktop shares processors between sessions first, it is the session's that counts.
    group = Path(f"/proc/{pid}/autogroup")
    with contextlib.suppress(OSError):
        group.write_text(str(BEHIND), encoding="ascii")


class Frugality:
    """Tidies up on a thread of its own while the window is open."""

    def __init__(self, every_s: float = GIVE_BACK_S) -> None:
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="frugality", daemon=True)

    def start(self) -> None:
        """Call it when the window stands: what is there now is taken to stay."""
        gc.freeze()
        gc.enable()
        self._thread.start()

    def stop(self) -> None:
        """End; at once, since nothing here waits for anything else."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(self._every_s):
            give_back()


def _glibc() -> ctypes.CDLL | None:
    """The C library, if it is the one that has such heaps; musl and other systems do not."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
