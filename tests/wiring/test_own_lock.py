"""Whoever signs in to the computer itself is known, and nobody else is taken for them."""

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


class Told:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.mark.parametrize("opens", [True, False])
def test_the_keyring_is_asked_for_a_pin_only_when_it_has_opened(opens: bool) -> None:  # noqa: FBT001
    asked: list[str] = []

    class Asked:
        def look(self) -> None:
            asked.append("pin")

    own = OwnLock(
        Asked(),  # type: ignore[arg-type]
        hears_screen=lambda: True,
        keyring_opens=lambda: opens,
    )
    own.look()
    assert bool(asked) is opens


def test_only_a_lock_screen_that_came_and_went_is_a_sign_in(pin: PinLock) -> None:
    locks: list[str] = []
    own = OwnLock(pin, hears_screen=lambda: True, lock_screen=lambda: locks.append("locked"))
    told = Told()
    assert own.can_prove_otherwise
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    own.await_sign_in(told)
    own.lock_computer()
    assert locks == ["locked"]
    # What is announced late of an earlier lock does not count.
    own.screen_changed(OPEN)
    assert told.times == 0
    own.screen_changed(LOCKED)
    own.screen_changed(LOCKED)
    assert told.times == 0
    own.screen_changed(OPEN)
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    assert told.times == 1


def test_a_screen_that_is_locked_already_counts_when_it_opens(pin: PinLock) -> None:
    # The curtain is drawn because of the lock screen, so a little after it.
    own, told = OwnLock(pin, hears_screen=lambda: True), Told()
    own.screen_changed(LOCKED)
    own.await_sign_in(told)
    own.screen_changed(OPEN)
    assert told.times == 1


def test_a_computer_that_cannot_be_locked_from_here_says_so(pin: PinLock) -> None:
    def refuse() -> None:
        raise DesktopError("The screen could not be locked from here.", "Lock it yourself.")

    own, told = OwnLock(pin, hears_screen=lambda: True, lock_screen=refuse), Told()
    own.await_sign_in(told)
    with pytest.raises(DesktopError, match="could not be locked"):
        own.lock_computer()
    # By hand it does as well.
    own.screen_changed(LOCKED)
    own.screen_changed(OPEN)
    assert told.times == 1


def test_where_nobody_tells_of_the_screen_it_is_not_offered(pin: PinLock) -> None:
    assert not OwnLock(pin, hears_screen=lambda: False).can_prove_otherwise


def test_the_pin_behind_it(tmp_path: Path, pin: PinLock) -> None:
    own = OwnLock(pin, hears_screen=lambda: True)
    assert own.opens("4711")
    own.set_pin("1357")
    assert own.opens("1357")
    own.look()
    assert own.is_set()
    (tmp_path / PIN_FILE).unlink()
    own.look()
    assert not own.is_set()
