"""A keyring that takes its time: who waits is told, who went on gets the recordings later."""

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import DiskFull, ScribeError, SpoolFromTheFuture
from scribe_desktop.services.keyring_door import KeyringSilent
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_opening import OpenedSpool
from scribe_desktop.services.unlocking import Unlocking

KEY = bytes(range(32))
WAIT_S = 10.0
SILENT = KeyringSilent("locked", "unlock it")


class Keyring:
    """Gives one answer after another; waits while there is none."""

    def __init__(self, folder: Path) -> None:
        self.answers: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self.opened: list[OpenedSpool] = []
        self._folder = folder

    def open(self, has_key: Callable[[], None]) -> OpenedSpool:
        answer = self.answers.get()
        if answer is not None:
            raise answer
        has_key()
        self.opened.append(
            OpenedSpool(Spool.open(self._folder / "spool", KEY, now=lambda: 1.0), KEY)
        )
        return self.opened[-1]

    def unlocking(self) -> Unlocking:
        return Unlocking(self.open, self._folder / "emergency-1", ask_again_s=0.0, let_be_s=0.0)


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path)


def test_a_keyring_that_is_open_is_no_wait(keyring: Keyring) -> None:
    keyring.answers.put(None)
    opened = keyring.unlocking().within(WAIT_S)
    assert opened is not None
    opened.spool.close()


def test_silence_ends_at_the_limit_and_a_refusal_at_once(keyring: Keyring) -> None:
    unlocking = keyring.unlocking()
    assert unlocking.within(0.01) is None
    refused_before = unlocking.is_refused
    assert not refused_before
    assert "does not answer" in unlocking.why().message
    assert not unlocking.answers(0.0)
    keyring.answers.put(SILENT)
    assert unlocking.within(WAIT_S) is None
    assert unlocking.is_refused
    assert unlocking.why() is SILENT
    keyring.answers.put(None)
    opened = unlocking.within(0.0) or (unlocking.answers(WAIT_S) and unlocking.within(WAIT_S))
    assert opened
    opened.spool.close()


def test_what_stands_in_the_way_of_who_waits_is_raised(keyring: Keyring) -> None:
    keyring.answers.put(SpoolFromTheFuture("newer"))
    with pytest.raises(SpoolFromTheFuture):
        keyring.unlocking().within(WAIT_S)


def test_who_went_on_gets_the_recordings_when_they_open_and_each_trouble_once(
    keyring: Keyring,
) -> None:
    unlocking = keyring.unlocking()
    assert unlocking.within(0.0) is None
    got: queue.SimpleQueue[OpenedSpool] = queue.SimpleQueue()
    troubles: list[ScribeError] = []
    refusals = [DiskFull("full")]

    def go_on(opened: OpenedSpool) -> None:
        if refusals:
            raise refusals.pop()
        got.put(opened)

    unlocking.then(go_on, troubles.append)
    for answer in (SILENT, SpoolFromTheFuture("a"), SpoolFromTheFuture("b"), None, None):
        keyring.answers.put(answer)
    opened = got.get(timeout=WAIT_S)
    assert [type(one) for one in troubles] == [SpoolFromTheFuture, DiskFull]
    assert opened is keyring.opened[-1]
    opened.spool.close()


def test_recordings_that_open_when_nobody_wants_them_any_more_are_closed(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()
    close = Spool.close

    def closing(spool: Spool) -> None:
        close(spool)
        closed.set()

    monkeypatch.setattr(Spool, "close", closing)
    unlocking = keyring.unlocking()
    assert unlocking.within(0.0) is None
    unlocking.stop()
    keyring.answers.put(None)
    assert closed.wait(WAIT_S)
