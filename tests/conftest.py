"""Every test is alone: no network beyond this machine, and no folder of the user's."""

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.faults.tally import Tally
from tests.peers.peer import Asked, Peer

# How long one example takes says more about the computer's other work than about ours.
# The same examples each time, because a gate must not depend on chance; with
# SCRIBE_EXPLORE set, new ones at each run, for whoever looks for bugs.
BUSY = [HealthCheck.too_slow]
settings.register_profile("gate", deadline=None, derandomize=True, suppress_health_check=BUSY)
settings.register_profile("explore", deadline=None, suppress_health_check=BUSY)
settings.load_profile("explore" if os.environ.get("SCRIBE_EXPLORE") else "gate")

UNCOUNTED = ("faults", "live")
"""Folders whose programs take a quarter longer when their lines are counted. They look for what
goes wrong between processes; that every line is run is shown by the command line's own tests.
"""

_real_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = address[0]
        if host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
    _real_connect(self, address)


@pytest.fixture(autouse=True)
def _only_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)
    monkeypatch.setenv("SCRIBE_DESKTOP_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("SCRIBE_DESKTOP_TOKEN", raising=False)


@pytest.fixture(scope="module", autouse=True)
def _uncounted(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.path.parent.name in UNCOUNTED:
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        yield


@pytest.fixture(autouse=True)
def _only_what_is_described(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold every request to a scripted peer against the description of the local service."""
    strange: list[str] = []

    def look(dialect: str, asked: Asked) -> None:
        # Not before a peer is spoken to: most tests have none, and this is slow to load.
        from tests.conformance.deviations import is_intended
        from tests.conformance.differences import differences

        strange.extend(
            f"{dialect or 'any dialect'}: {one.call}: {one.kind} {one.what}"
            for one in differences(asked)
            if not is_intended(dialect, one)
        )

    monkeypatch.setattr(Peer, "witness", look)
    yield
    assert sorted(set(strange)) == [], "neither described nor in tests/conformance/deviations.py"


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Iterator[Tally]:
    """What this test did and saw, written to its record when it is over, passed or not."""
    counts = Tally()
    yield counts
    counts.write(record_property)
