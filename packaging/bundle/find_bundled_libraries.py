"""Tells ctypes where the bundle keeps PortAudio, before sounddevice asks the system for it.

A PyInstaller run-time hook: it runs inside the installed program, first.
"""

import ctypes.util
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
