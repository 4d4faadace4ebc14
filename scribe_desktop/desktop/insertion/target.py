"""Which window of which program the text is meant for.

Remembered at the key press and compared right before anything is pasted. The
title is never looked at: in a record system it is the patient's name.
"""

from dataclasses import dataclass
from typing import Protocol

# Names as the window systems give them, in lower case.
_SHIFT_INSERT_TERMINALS = frozenset({"xterm", "uxterm", "urxvt", "rxvt"})
_TERMINALS = _SHIFT_INSERT_TERMINALS | frozenset(
    {
        "alacritty",
        "foot",
        "gnome-terminal",
        "gnome-terminal-server",
        "kgx",
        "kitty",
        "konsole",
        "mate-terminal",
        "ptyxis",
        "qterminal",
        "terminator",
        "tilix",
        "wezterm",
        "org.wezfurlong.wezterm",
        "xfce4-terminal",
    }
)
# Windows of another computer: what the clipboard does there is not ours to know.
_REMOTE = frozenset(
    {
        "wfica",
        "wfica32.exe",
        "citrix workspace",
        "com.citrix.receiver.icaviewer.mac",
        "mstsc.exe",
        "msrdc.exe",
        "com.microsoft.rdc.macos",
        "vmware-view",
        "vmware-view.exe",
        "horizon-client",
        "xfreerdp",
        "remmina",
        "org.remmina.remmina",
        "rdesktop",
        "teamviewer",
        "teamviewer.exe",
        "anydesk",
        "anydesk.exe",
    }
)


@dataclass(frozen=True, slots=True)
class Target:
    """One window. `program` is what the system calls its program, in lower case."""

    window: int
    program: str
    pid: int = 0

    @property
    def is_terminal(self) -> bool:
        """Whether it takes Ctrl+V as a control character and not as paste."""
        return self.program in _TERMINALS

    @property
    def pastes_the_selection(self) -> bool:
        """Whether its paste key takes the X selection and not the clipboard."""
        return self.program in _SHIFT_INSERT_TERMINALS

    @property
    def is_remote(self) -> bool:
        """Whether the window shows another computer."""
        return self.program in _REMOTE


class Focus(Protocol):
    """Knows which window has the focus."""

    def current(self) -> Target | None:
        """The window that gets the keys now; None when there is none, or it is our own."""
