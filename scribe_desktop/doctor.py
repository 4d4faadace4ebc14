"""What works on this computer, what is missing, and how to get it.

Each check looks at the real thing: a microphone that can be listed, a keyring
that holds the key, model files whose hashes fit. None records, none sends.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from scribe_desktop import __version__
from scribe_desktop.app import Program
from scribe_desktop.desktop.screen import has_screen
from scribe_desktop.domain.errors import CredentialError, ScribeError
from scribe_desktop.services.room import low_room


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    message: str
    remedy: str = ""


def examine(program: Program) -> dict[str, Any]:
    """All checks as the object that `doctor --json` prints."""
    checks = [_safely(name, look, program) for name, look in _CHECKS.items()]
    return {
        "ok": all(check.ok for check in checks),
        "version": __version__,
        "checks": [asdict(check) for check in checks],
    }


def _safely(name: str, look: Callable[[Program], tuple[bool, str, str]], program: Program) -> Check:
    try:
        return Check(name, *look(program))
    except ScribeError as error:
        return Check(name, ok=False, message=error.message, remedy=error.remedy)


def _microphone(program: Program) -> tuple[bool, str, str]:
    choices = program.line.microphones()
    if not choices:
        return False, "No microphone was found.", "Connect one; a dictation can still read a file."
    return True, f"{len(choices)} found.", ""


def _keyring(program: Program) -> tuple[bool, str, str]:
    notices = [n for n in program.opening_notices if isinstance(n, CredentialError)]
    if notices:
        return False, notices[0].message, notices[0].remedy
    return True, "The key of the recordings is in the system keyring.", ""


def _spool(program: Program) -> tuple[bool, str, str]:
    if scarce := low_room(program.places.data):
        return False, scarce.message, scarce.remedy
    kept = f"{len(program.line.sessions())} dictations are kept, encrypted."
    if waiting := program.strongroom.waiting():
        said = (
            f"{kept} Stores that were recorded while the keyring was locked and are safe, but "
            f"could not be brought here yet: {waiting}."
        )
        return False, said, "Start again; if they stay, import the key from its backup."
    if aside := program.strongroom.damaged():
        return (
            True,
            f"{kept} Damaged stores that were set aside: {aside}. What could be read was saved.",
            "If audio is missing, ask support before the time for notes is over: then they go.",
        )
    return True, kept, ""


def _settings(program: Program) -> tuple[bool, str, str]:
    if program.complaints:
        return False, program.complaints[0], ""
    locked = len(program.line.locked_settings())
    return True, f"Read; {locked} are fixed by your organisation.", ""


def _engine(_: Program) -> tuple[bool, str, str]:
    from scribe_desktop.server.models import find

    find("base")
    return True, "The offline speech model is here and its files are what they should be.", ""


def _display(_: Program) -> tuple[bool, str, str]:
    if not has_screen():
        return (
            False,
            "There is no display, so no window can open.",
            "Dictate on the command line: scribe-desktop dictate",
        )
    return True, "A window can open.", ""


def _keys(_: Program) -> tuple[bool, str, str]:
    if not has_screen():
        return False, "Without a display there are no global keys.", ""
    from scribe_desktop.desktop.hotkeys.select import hotkey_backend

    if hotkey_backend().user_chooses_key:
        return True, "The desktop asks you for the key when the window opens.", ""
    return True, "A global key can be registered.", ""


_CHECKS: dict[str, Callable[[Program], tuple[bool, str, str]]] = {
    "microphone": _microphone,
    "keyring": _keyring,
    "spool": _spool,
    "settings": _settings,
    "display": _display,
    "engine": _engine,
    "keys": _keys,
}
