"""What every system's global keys look like to the rest of the program.

All keys are bound together, as one set, because one of the systems (the
Wayland portal) takes them only so, and because "these are the keys now" has
no half-finished states: after waking from sleep the same call sets all right.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from scribe_desktop.desktop.actions import Action, ActionEvent
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.domain.errors import DesktopError


class HotkeyTaken(DesktopError):
    """Another program has this key."""

    def __init__(self, chord: Chord) -> None:
        super().__init__(
            f"{chord} is taken by another program.",
            "Choose another combination, or free it in the other program.",
        )


class HotkeyUnavailable(DesktopError):
    """This system cannot do global keys, or not this one."""


class HotkeyPermissionNeeded(DesktopError):
    """The user or the system said no; it can be allowed."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A key that works. `description` is how to show it; on some desktops the user chose it."""

    description: str


Binding: TypeAlias = Bound | DesktopError
OnKey: TypeAlias = Callable[[ActionEvent], None]
OnLost: TypeAlias = Callable[[DesktopError], None]


class HotkeyBackend(Protocol):
    """Global keys of one system.

    `supports_release` tells whether a key coming up is reported; without it a
    key cannot be held to talk. `user_chooses_key` tells that the desktop asks
    the user for the key, so the one in our settings is only a wish.
    """

    supports_release: bool
    user_chooses_key: bool

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        """Begin to listen; both are called on the backend's own thread.

        Key repeat is filtered. `on_lost` says that no key works until the
        next `bind`. Raises HotkeyUnavailable or HotkeyPermissionNeeded.
        """

    def bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        """Make these the global keys, instead of all before; tell how each went.

        Calling it again with the same keys registers them anew, as is needed
        after sleep, unlock and a change of keyboard. May wait for a dialog.
        """

    def stop(self) -> None:
        """Give all keys back; waits at most two seconds."""
