"""The window's many waiting threads share their heaps."""

import subprocess
import sys

import pytest

THREADS = 12

MEASURE = f"""
import ctypes, re, sys, tempfile, threading
from scribe_desktop.services.frugality import keep_small

if sys.argv[1] == "small":
    keep_small()
together = threading.Barrier({THREADS})
kept = []

def take():
    together.wait()
    kept.append([bytearray(2000) for _ in range(200)])

threads = [threading.Thread(target=take) for _ in range({THREADS})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
with tempfile.NamedTemporaryFile() as report:
    file = libc.fopen(report.name.encode(), b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(len(re.findall(rb"<heap nr", report.read())))
"""


def heaps(how: str) -> int:
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, how], check=True, capture_output=True, text=True
    )
    return int(measured.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_twelve_threads_share_two_heaps() -> None:
    assert heaps("small") <= 2 < heaps("usual")
