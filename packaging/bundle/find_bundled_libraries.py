"""Tells ctypes where the bundle keeps PortAudio, before sounddevice asks the system for it.

And gives the programs that we open (a browser, an installer) the system's own
libraries back: with ours they might not start. A PyInstaller run-time hook: it
runs inside the installed program, first.
"""

import ctypes.util
import os
import sys
from pathlib import Path

_system_find = ctypes.util.find_library


def _find_library(name: str) -> str | None:
    if name == "portaudio":
        bundled = Path(getattr(sys, "_MEIPASS", "")) / "libportaudio.so.2"
        if bundled.exists():
            return str(bundled)
    return _system_find(name)


if sys.platform.startswith("linux"):
    ctypes.util.find_library = _find_library
    # Our own loader has read it by now; the starter of each further process of ours sets it anew.
    given = os.environ.pop("LD_LIBRARY_PATH_ORIG", "")
    os.environ.pop("LD_LIBRARY_PATH", None)
    if given:
        os.environ["LD_LIBRARY_PATH"] = given
