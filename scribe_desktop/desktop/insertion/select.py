"""Chooses how text is inserted on this computer, and says so plainly where it cannot be.

On Wayland no program may see which window is in front. Pressing keys there is
possible through a portal (`portal`), but blindly, and text in the wrong
patient's record is worse than a key pressed by hand; so that is done only
where the clinician switched it on and asks for the text at that moment, and
otherwise it is left on the clipboard. Programs that still run on X11 inside
Wayland are inserted into.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scribe_desktop.desktop.insertion.insert import Clipboard, Tools
from scribe_desktop.domain.errors import DesktopError

ON_WAYLAND = (
    "This desktop (Wayland) does not tell programs which window is in front, so text is "
    "inserted only into programs that run on X11. Otherwise it is on the clipboard: put the "
    "cursor where it belongs and press Ctrl+V."
)
NOT_HERE = (
    "Text cannot be inserted here. It is on the clipboard: put the cursor where it belongs and "
    "press Ctrl+V."
)
ON_MACOS = (
    "macOS inserts text only after you allow it once: System Settings, Privacy & Security, "
    "Accessibility, Scribe Desktop. Until then the text is on the clipboard: press Command+V."
)


ON_REQUEST = (
    "This desktop (Wayland) does not tell programs which window is in front, so text is inserted "
    "only when you ask for it: put the cursor where it belongs, then press the key for the last "
    "text or “Insert again”."
)


def could_ask_the_desktop(
    platform: str = sys.platform, environment: Mapping[str, str] | None = None
) -> bool:
    """Whether this is a desktop whose portal may insert text (`portal`)."""
    environment = os.environ if environment is None else environment
    return platform == "linux" and bool(environment.get("WAYLAND_DISPLAY"))


@dataclass(frozen=True, slots=True)
class InsertionHere:
    """What this computer can do. Without `tools` the text is only copied.

    `plain_word` is shown where insertion is switched on; empty when there is
    nothing to say.
    """

    tools: Tools | None
    plain_word: str = ""


def clipboard_reader(platform: str = sys.platform) -> Callable[[], int]:
    """Tells which process is fetching from the clipboard right now; 0 where nobody can.

    A clipboard history that fetches the text a little late must not look like
    the record system taking it.
    """
    if platform == "win32":
        from scribe_desktop.desktop import win32

        return win32.clipboard_reader
    return lambda: 0


def insertion_here(
    clipboard: Clipboard,
    platform: str = sys.platform,
    environment: Mapping[str, str] | None = None,
) -> InsertionHere:
    """What can be done on this system; everything returned belongs to the calling thread."""
    environment = os.environ if environment is None else environment
    try:
        if platform == "win32":
            from scribe_desktop.desktop.insertion.windows import WindowsFocus, WindowsKeyboard
            from scribe_desktop.desktop.win32 import FrontCalls

            front = FrontCalls()
            return InsertionHere(Tools(WindowsFocus(front), WindowsKeyboard(front), clipboard))
        if platform == "darwin":
            from scribe_desktop.desktop.insertion.macos import MacFocus, MacKeyboard, QuartzCalls

            quartz = QuartzCalls()
            tools = Tools(MacFocus(quartz), MacKeyboard(quartz), clipboard)
            return InsertionHere(tools, "" if quartz.trusted() else ON_MACOS)
        from scribe_desktop.desktop.insertion.x11 import X11Focus, X11Keyboard
        from scribe_desktop.desktop.xcb import Display

        wayland = bool(environment.get("WAYLAND_DISPLAY"))
        if not environment.get("DISPLAY"):
            return InsertionHere(None, ON_WAYLAND if wayland else NOT_HERE)
        display = Display(environment["DISPLAY"])
        tools = Tools(X11Focus(display), X11Keyboard(display), clipboard)
        return InsertionHere(tools, ON_WAYLAND if wayland else "")
    except (DesktopError, OSError):
        return InsertionHere(None, NOT_HERE)
