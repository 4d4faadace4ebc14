"""Looks at a window as a screen reader does: run by the system's Python, which has pyatspi.

    screen_reader.py place ROLE NAME     centre of the named control, as "x y"
    screen_reader.py texts               every text that is shown, a line each
    screen_reader.py usable ROLE NAME    "yes" or "no": whether the named control can be used

Prints nothing while there is nothing to find.
"""

import sys
from collections.abc import Iterator
from typing import Any

import pyatspi  # type: ignore[import-not-found]

Accessible = Any


def shown(accessible: Accessible) -> Iterator[Accessible]:
    """The accessible and everything below it that is on the screen."""
    try:
        states = accessible.getState()
        if accessible.getRoleName() != "application" and not states.contains(pyatspi.STATE_SHOWING):
            return
        yield accessible
        for child in accessible:
            if child is not None:
                yield from shown(child)
    except (LookupError, RuntimeError):
        return  # it went away while we looked


def everything() -> Iterator[Accessible]:
    """All that our program shows."""
    for application in pyatspi.Registry.getDesktop(0):
        if application is not None and application.name == "scribe-desktop":
            yield from shown(application)


def text_of(accessible: Accessible) -> str:
    """Its name, and what it holds if it is a text."""
    parts = [accessible.name or ""]
    if "Text" in pyatspi.listInterfaces(accessible):
        parts.append(accessible.queryText().getText(0, -1))
    return " ".join(part for part in parts if part)


def say(line: str) -> None:
    """One line for whoever asked."""
    sys.stdout.write(line + "\n")


def main(verb: str, *wanted: str) -> None:
    """Print what was asked for."""
    for accessible in everything():
        if verb == "texts":
            say(text_of(accessible).replace("\n", " "))
        elif (accessible.getRoleName(), accessible.name) == wanted:
            if verb == "usable":
                usable = accessible.getState().contains(pyatspi.STATE_SENSITIVE)
                say("yes" if usable else "no")
                return
            extents = accessible.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
            say(f"{extents.x + extents.width // 2} {extents.y + extents.height // 2}")
            return


main(*sys.argv[1:])
