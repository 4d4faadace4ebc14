"""The window's many waiting threads share their heaps, and what it frees goes back."""

import subprocess
import sys

import pytest

from scribe_desktop.services.frugality import Frugality

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


BLOCKS = """
import ctypes, re, sys, tempfile
from scribe_desktop.services.frugality import keep_small

if sys.argv[1] == "small":
    keep_small()
kept = [bytes(100_000) for _ in range(50)]
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
with tempfile.NamedTemporaryFile() as report:
    file = libc.fopen(report.name.encode(), b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
    print(re.findall(rb'type="mmap" count="(\\d+)"', report.read())[-1].decode())
"""


def counted(program: str, how: str) -> int:
    measured = subprocess.run(
        [sys.executable, "-c", program, how], check=True, capture_output=True, text=True
    )
    return int(measured.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_twelve_threads_share_two_heaps() -> None:
    assert counted(MEASURE, "small") <= 2 < counted(MEASURE, "usual")


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_a_block_of_speech_leaves_no_hole_among_what_stays() -> None:
    assert counted(BLOCKS, "small") >= 50 > counted(BLOCKS, "usual")


FREED = """
import os, threading
from pathlib import Path
from scribe_desktop.services import frugality

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

# What is still used lies between what is not: of itself the heap keeps all of it.
blocks = [bytearray(16_000) for _ in range(2000)]
full = resident()
del blocks[::2]
freed = resident()
given = threading.Event()
trim = frugality.give_back
frugality.give_back = lambda: (trim(), given.set())
thrift = frugality.Frugality(every_s=0.01)
thrift.start()
assert given.wait(30)
thrift.stop()
print(full - freed, full - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_what_was_freed_between_what_is_used_goes_back() -> None:
    measured = subprocess.run(
        [sys.executable, "-c", FREED], check=True, capture_output=True, text=True
    )
    by_itself, tidied = map(int, measured.stdout.split())
    # 16 MB were freed, in pieces that hold at least two whole pages of four kilobytes each.
    assert tidied > by_itself + 8_000_000


LOOKED_THROUGH = """
import gc
from scribe_desktop.services.frugality import Frugality, keep_small

keep_small()
assert not gc.isenabled()
standing = [[] for _ in range(1000)]
frugality = Frugality()
frugality.start()
assert gc.isenabled() and gc.get_freeze_count() >= len(standing)
after = []
after.append(after)
tracked = gc.get_objects()
assert any(one is after for one in tracked)
assert not any(one is standing for one in tracked)
frugality.stop()
"""


def test_what_stands_when_the_window_does_is_not_looked_through_again() -> None:
    subprocess.run([sys.executable, "-c", LOOKED_THROUGH], check=True)


def test_it_can_be_ended_before_it_began() -> None:
    Frugality().stop()
