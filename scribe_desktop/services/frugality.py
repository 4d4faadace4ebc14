"""Keeps the window small: it is open all day on a computer that has other work.

glibc gives each thread a heap of its own and keeps what was freed in it, and
the linear algebra under numpy reserves room for every core. The window has
many threads that wait and no linear algebra; together that was a tenth of its
memory (benchmarks/window_start.py prints it).
"""

import ctypes
import os
import sys

_M_ARENA_MAX = -8
"""glibc's name for the most heaps there may be (malloc.h)."""

_HEAPS = 2
"""One for the thread that paints, one for all that wait: a lock between them costs nothing here."""


def keep_small() -> None:
    """Ask the allocators to be frugal; before numpy is imported, or it is too late for it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        # musl has no such thing, and no such heaps either.
        if hasattr(libc, "mallopt"):
            libc.mallopt(_M_ARENA_MAX, _HEAPS)
