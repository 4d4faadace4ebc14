"""A clock that nobody sets and that sleep does not stop.

The wall clock is corrected by people and time servers, and Python's monotonic
clock stands still while a Linux computer or a Mac sleeps. What must count the
sleep and nothing else (how old a session of the service is, how much was not
recorded while the computer slept) counts by this one.
"""

import sys
import time

if sys.platform == "win32":
    import ctypes

    # Goes on in sleep and hibernation (Windows documentation of GetTickCount64).
    _ticks_ms = ctypes.WinDLL("kernel32").GetTickCount64
    _ticks_ms.restype = ctypes.c_uint64

    def since_boot() -> float:
        """Seconds since the computer was started, the time it slept included."""
        return float(_ticks_ms()) / 1000

elif sys.platform == "darwin":

    def since_boot() -> float:
        """Seconds since the computer was started, the time it slept included."""
        # mach_continuous_time; the monotonic clock of Python is mach_absolute_time.
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)

else:

    def since_boot() -> float:
        """Seconds since the computer was started, the time it slept included."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
