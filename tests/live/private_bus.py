"""A bus of its own for one test, and programs on it."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def private_bus() -> Iterator[str]:
    """The address of a bus that nobody else is on."""
    daemon = subprocess.Popen(
        [shutil.which("dbus-daemon") or "dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout
    try:
        yield daemon.stdout.readline().strip()
    finally:
        daemon.terminate()
        daemon.wait(10)
        daemon.stdout.close()


@contextlib.contextmanager
def program(name: str, address: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """One of the programs beside this file, on that bus, once it says `ready`."""
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / name), *arguments],
        env={
            **os.environ,
            "DBUS_SESSION_BUS_ADDRESS": address,
            "DBUS_SYSTEM_BUS_ADDRESS": address,
            "PYTHONPATH": str(root),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout
    try:
        assert child.stdout.readline().strip() == "ready"
        yield child
    finally:
        child.terminate()
        child.wait(10)
        child.stdout.close()
