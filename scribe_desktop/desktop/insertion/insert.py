"""Inserts text at the cursor of the program the clinician dictated for.

The order matters and is all here: wait until no modifier is held, because a
held Ctrl turns letters into commands; look once more who has the focus, and
touch nothing if it changed; paste; give the clipboard back as it was. Typing
by remapping keys is not done at all on X11: it was seen to write µ where →
was meant, and a wrong character in a dose is worse than no text.

The steps are a generator that yields how long to wait. Whoever runs it owns
the clock: a timer of the window, or a test without one.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from scribe_desktop.desktop.insertion.target import Focus, Target


class Method(StrEnum):
    """How text gets into a program; chosen for each program."""

    PASTE = "paste"
    TYPE = "type"
    ASK = "ask"


class Refusal(StrEnum):
    """Why nothing was inserted."""

    NO_TEXT = "no_text"
    NO_TARGET = "no_target"
    ASK = "ask"
    MODIFIERS_HELD = "modifiers_held"
    TARGET_CHANGED = "target_changed"
    NOT_TAKEN = "not_taken"
    NOT_ALLOWED = "not_allowed"


SENTENCES: dict[Refusal, str] = {
    Refusal.NO_TEXT: "There is no text to insert.",
    Refusal.NO_TARGET: "No other program had the focus when you dictated. The text waits here.",
    Refusal.ASK: "The text waits here; you asked to be asked for this program.",
    Refusal.MODIFIERS_HELD: "Ctrl, Shift or Alt was held down, so nothing was inserted. "
    "The text waits here.",
    Refusal.TARGET_CHANGED: "Another window came to the front, so nothing was inserted there. "
    "The text waits here.",
    Refusal.NOT_TAKEN: "The program did not take the text. It is on the clipboard: "
    "put the cursor where it belongs and paste.",
    Refusal.NOT_ALLOWED: "The system does not let programs insert text here. "
    "It is on the clipboard: put the cursor where it belongs and paste.",
}


@dataclass(frozen=True, slots=True)
class Inserted:
    """The text was given to the target. `verified`: the target was seen to take it."""

    verified: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was inserted, or, when focus was lost while typing, only `typed` characters."""

    reason: Refusal
    typed: int = 0

    @property
    def sentence(self) -> str:
        """What to tell the clinician."""
        return SENTENCES[self.reason]


Outcome: TypeAlias = Inserted | Refused
Steps: TypeAlias = Generator[float, None, Outcome]


class Clipboard(Protocol):
    """The system's clipboard, as the window's library reaches it."""

    def keep(self) -> object:
        """All that is on the clipboard and the X selection now, in every format."""

    def offer(self, text: str, *, selection: bool) -> None:
        """Put text there, marked so that histories and clouds leave it out.

        `selection` puts it on the X selection as well.
        """

    def reads(self, pid: int) -> int:
        """How often this process has fetched the offered text.

        Where the system does not tell who fetched it, every fetch counts.
        """

    def still_ours(self) -> bool:
        """Whether the offered text is still there, or somebody has copied since."""

    def put_back(self, kept: object) -> None:
        """Restore what `keep` returned."""


class Keyboard(Protocol):
    """Moves keys as fingers do. Raises DesktopError when the system forbids it."""

    can_type: bool

    def modifiers_held(self) -> bool:
        """Whether Ctrl, Shift, Alt or the like is physically down."""

    def paste(self, target: Target) -> None:
        """Press what the target understands as paste."""

    def type(self, text: str, /) -> None:
        """Write characters as they are; only where `can_type`."""


class NotAllowed(Exception):
    """The system refused the key strokes."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What this system offers for insertion."""

    focus: Focus
    keyboard: Keyboard
    clipboard: Clipboard


_MODIFIERS_WITHIN_S = 2.0
_LOOK_EVERY_S = 0.02
_OFFER_S = 0.06  # clipboard watchers look at a new owner at once; let them
_TAKEN_WITHIN_S = 3.0
_AFTER_TAKEN_S = 0.3  # some programs fetch two formats, one after the other
_BATCH = 16
RATE_PER_S = 400.0
REMOTE_RATE_PER_S = 60.0


def insertion(text: str, target: Target | None, tools: Tools, method: Method) -> Steps:
    """The steps that insert `text` into `target`, remembered when the dictation began.

    Yields seconds to wait before the next step; returns the outcome.
    """
    if not text:
        return Refused(Refusal.NO_TEXT)
    if target is None:
        return Refused(Refusal.NO_TARGET)
    if method is Method.ASK:
        return Refused(Refusal.ASK)
    if not (yield from _modifiers_up(tools.keyboard)):
        return Refused(Refusal.MODIFIERS_HELD)
    if tools.focus.current() != target:
        return Refused(Refusal.TARGET_CHANGED)
    if method is Method.TYPE and tools.keyboard.can_type:
        return (yield from _type(text, target, tools))
    return (yield from _paste(text, target, tools))


def method_for(target: Target, chosen: str, *, can_type: bool) -> Method:
    """The clinician's choice for this program, else what suits it.

    A remote desktop is typed into where that is possible: whether its
    clipboard is connected to ours cannot be known.
    """
    if chosen in Method.__members__.values():
        return Method(chosen)
    return Method.TYPE if target.is_remote and can_type else Method.PASTE


def _modifiers_up(keyboard: Keyboard) -> Generator[float, None, bool]:
    waited_s = 0.0
    while keyboard.modifiers_held():
        if waited_s >= _MODIFIERS_WITHIN_S:
            return False
        yield _LOOK_EVERY_S
        waited_s += _LOOK_EVERY_S
    return True


def _paste(text: str, target: Target, tools: Tools) -> Steps:
    clipboard = tools.clipboard
    kept = clipboard.keep()
    clipboard.offer(text, selection=target.pastes_the_selection)
    yield _OFFER_S
    released = yield from _modifiers_up(tools.keyboard)
    # Nothing may come between this look and the key strokes.
    if not released or tools.focus.current() != target:
        _give_back(clipboard, kept)
        return Refused(Refusal.TARGET_CHANGED if released else Refusal.MODIFIERS_HELD)
    reads = clipboard.reads(target.pid)
    try:
        tools.keyboard.paste(target)
    except NotAllowed:
        return Refused(Refusal.NOT_ALLOWED)
    waited_s = 0.0
    while clipboard.reads(target.pid) == reads:
        if waited_s >= _TAKEN_WITHIN_S:
            # A program that hangs may paste later still. It must then find
            # this text and not what was copied an hour ago.
            return Refused(Refusal.NOT_TAKEN)
        yield _LOOK_EVERY_S
        waited_s += _LOOK_EVERY_S
    yield _AFTER_TAKEN_S
    _give_back(clipboard, kept)
    return Inserted(verified=True)


def _give_back(clipboard: Clipboard, kept: object) -> None:
    if clipboard.still_ours():
        clipboard.put_back(kept)


def _type(text: str, target: Target, tools: Tools) -> Steps:
    rate = REMOTE_RATE_PER_S if target.is_remote else RATE_PER_S
    typed = 0
    while typed < len(text):
        if tools.focus.current() != target:
            return Refused(Refusal.TARGET_CHANGED, typed)
        if not (yield from _modifiers_up(tools.keyboard)):
            return Refused(Refusal.MODIFIERS_HELD, typed)
        batch = text[typed : typed + _BATCH]
        try:
            tools.keyboard.type(batch)
        except NotAllowed:
            return Refused(Refusal.NOT_ALLOWED, typed)
        typed += len(batch)
        yield len(batch) / rate
    return Inserted(verified=False)
