"""A forgotten PIN goes when somebody signs in to the computer itself, and not before."""

import threading
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import DesktopError
from scribe_desktop.services.pin import PIN_FILE, PinLock
from scribe_desktop.wiring.own_lock import OwnLock

LOCKED, OPEN = True, False


@pytest.fixture
def pin(tmp_path: Path) -> PinLock:
    pin = PinLock(tmp_path)
    pin.set_pin("4711")
    return pin


def test_signing_in_to_the_computer_takes_the_pin_away(pin: PinLock) -> None:
    locks: list[str] = []
    own, proven = (
        OwnLock(pin, hears_screen=lambda: True, lock_screen=lambda: locks.append("locked")),
        threading.Event(),
    )
    assert own.can_prove_otherwise
    # The screen coming back proves nothing to somebody who did not ask.
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    assert own.is_set()
    own.prove_otherwise(proven.set)
    assert locks == ["locked"]
    # What is announced late of an earlier lock does not count either.
    own.screen_changed(OPEN)
    assert own.is_set()
    own.screen_changed(LOCKED)
    assert own.is_set()
    own.screen_changed(OPEN)
    assert proven.wait(5)
    assert not own.is_set()


def test_once_proven_it_is_asked_again_next_time(pin: PinLock) -> None:
    own = OwnLock(pin, hears_screen=lambda: True, lock_screen=lambda: None)
    first = threading.Event()
    own.prove_otherwise(first.set)
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    assert first.wait(5)
    own.set_pin("1357")
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    assert own.opens("1357")
    assert not own.opens("4711")


def test_a_computer_that_cannot_be_locked_from_here_says_so_and_keeps_the_pin(
    pin: PinLock,
) -> None:
    def refuse() -> None:
        raise DesktopError("The screen could not be locked from here.", "Lock it yourself.")

    own, proven = OwnLock(pin, hears_screen=lambda: True, lock_screen=refuse), threading.Event()
    with pytest.raises(DesktopError, match="could not be locked"):
        own.prove_otherwise(proven.set)
    assert own.is_set()
    # By hand it does as well.
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    assert proven.wait(5)
    assert not own.is_set()


def test_where_nobody_tells_of_the_screen_it_is_not_offered(pin: PinLock) -> None:
    assert not OwnLock(pin, hears_screen=lambda: False).can_prove_otherwise


def test_a_keyring_that_has_the_pin_is_asked_at_the_start(tmp_path: Path, pin: PinLock) -> None:
    own = OwnLock(pin, hears_screen=lambda: True)
    own.look()
    assert own.is_set()
    (tmp_path / PIN_FILE).unlink()
    own.look()
    assert not own.is_set()
