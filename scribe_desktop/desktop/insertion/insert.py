"""Inserts text at the cursor of the program the clinician dictated for.

The order matters and is all here: wait until no modifier is held, because a
held Ctrl turns letters into commands; look once more who has the focus, and
touch nothing if it changed; paste; give the clipboard back as it was. A
remote desktop whose clipboard is cut off is typed into instead, a few
characters at a time; before each few the same look is taken, and a window
that came to the front stops it: what is not typed yet waits.

The steps are a generator that yields how long to wait. Whoever runs it owns
the clock: a timer of the window, or a test without one.
"""

import unicodedata
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

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
    NOT_ON_KEYBOARD = "not_on_keyboard"
    KEYBOARD_CHANGED = "keyboard_changed"
    NOT_READ = "not_read"
    HIDDEN = "hidden"


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
    Refusal.NOT_ON_KEYBOARD: "It holds characters that the keyboard here cannot send to another "
    "computer, so nothing was typed. It is on the clipboard: paste it there.",
    Refusal.KEYBOARD_CHANGED: "The keyboard was changed, so typing stopped before a wrong letter "
    "could be written. The text waits here.",
    Refusal.NOT_READ: "The other program does not take what is typed. The text waits here.",
    Refusal.HIDDEN: "Text is hidden, so nothing was inserted. It waits here.",
}

_WHY_HALF: dict[Refusal, str] = {
    Refusal.TARGET_CHANGED: "another window came to the front",
    Refusal.MODIFIERS_HELD: "Ctrl, Shift or Alt was held down",
    Refusal.NOT_ALLOWED: "the system did not let it go on",
    Refusal.NOT_ON_KEYBOARD: "the keyboard has no key for the next character",
    Refusal.KEYBOARD_CHANGED: "the keyboard was changed",
    Refusal.NOT_READ: "the program no longer takes what is typed",
    Refusal.HIDDEN: "text was hidden",
}


@dataclass(frozen=True, slots=True)
class Inserted:
    """The text was given to the target. `verified`: the target was seen to take it."""

    verified: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was inserted, or, when typing stopped, the text without its `rest`."""

    reason: Refusal
    typed: int = 0
    rest: str = ""

    @property
    def sentence(self) -> str:
        """What to tell the clinician."""
        if not self.typed:
            return SENTENCES[self.reason]
        return (
            f"Only the first {self.typed} of {self.typed + len(self.rest)} characters were typed: "
            f"{_WHY_HALF[self.reason]}. The rest waits here."
        )


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
    types_into_remote: bool
    """Whether every character reaches another computer through its window."""

    def modifiers_held(self) -> bool:
        """Whether Ctrl, Shift, Alt or the like is physically down."""

    def paste(self, target: Target) -> None:
        """Press what the target understands as paste."""

    def begin(self, text: str, target: Target, /) -> int:
        """Make the next characters ready to be typed; how many are. Raises NotOnKeyboard.

        Only where `can_type`, and only when what was typed before `is_taken`.
        """

    def type(self, text: str, /) -> None:
        """Write characters that are ready. Raises KeyboardChanged."""

    def is_taken(self) -> bool:
        """Whether the program has read everything that was typed, as far as can be told."""

    def end(self) -> None:
        """Leave the keyboard as it was; harmless when nothing was begun."""

    def alone(self) -> AbstractContextManager[None]:
        """Keep windows from taking the focus for a moment, where the system can."""


class TypesAtOnce:
    """The part of a keyboard for systems that carry the character itself in a key stroke."""

    can_type = True
    types_into_remote = True

    def begin(self, text: str, _target: Target, /) -> int:
        """Every character is ready."""
        return len(text)

    def is_taken(self) -> bool:
        """A stroke that carries its character can be read at any time."""
        return True

    def end(self) -> None:
        """Nothing was changed."""

    def alone(self) -> AbstractContextManager[None]:
        """The system has no such thing."""
        return nullcontext()


class NotAllowed(Exception):
    """The system refused the key strokes."""


class NotOnKeyboard(Exception):
    """No key can be found for the next character."""


class KeyboardChanged(Exception):
    """The keys do not mean any more what they did when they were made ready."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What this system offers for insertion."""

    focus: Focus
    keyboard: Keyboard
    clipboard: Clipboard
    may_insert: Callable[[], bool] = lambda: True
    """Asked before anything leaves the program: False while text is hidden."""

    def reason_against(self, target: Target) -> Refusal | None:
        """Why nothing may be sent to `target` at this very moment."""
        if not self.may_insert():
            return Refusal.HIDDEN
        return None if self.focus.current() == target else Refusal.TARGET_CHANGED


_MODIFIERS_WITHIN_S = 2.0
_LOOK_EVERY_S = 0.02
_OFFER_S = 0.06  # clipboard watchers look at a new owner at once; let them
_TAKEN_WITHIN_S = 3.0
_AFTER_TAKEN_S = 0.3  # some programs fetch two formats, one after the other
_READ_WITHIN_S = 5.0
_PIECE_S: Final = 0.05
"""The focus is looked at this often while typing."""

USUAL_RATE: Final = 60
"""Characters a second; remote desktops lose some of what comes faster."""


def insertion(
    text: str, target: Target | None, tools: Tools, method: Method, rate: int = USUAL_RATE
) -> Steps:
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
    if against := tools.reason_against(target):
        return Refused(against)
    if method is Method.TYPE and tools.keyboard.can_type:
        return (yield from _type(as_typed(text), target, tools, rate))
    return (yield from _paste(text, target, tools))


def method_for(target: Target, chosen: str, keyboard: Keyboard) -> Method:
    """The clinician's choice for this program, else what suits it.

    A remote desktop is typed into where that is possible: whether its
    clipboard is connected to ours cannot be known.
    """
    if chosen in Method.__members__.values():
        return Method(chosen)
    types = target.is_remote and keyboard.can_type and keyboard.types_into_remote
    return Method.TYPE if types else Method.PASTE


def as_typed(text: str) -> str:
    """What of a text fingers can type.

    A tab becomes a space: in a form it would carry the rest into the next
    field. Marks that are no characters have no key.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(one for one in lines if one == "\n" or unicodedata.category(one) != "Cc")


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
    reads = clipboard.reads(target.pid)
    try:
        with tools.keyboard.alone():
            # Nothing may come between this look and the key strokes. The
            # clipboard must not be touched in here: it asks the same system.
            against = tools.reason_against(target)
            if against is None and not released:
                against = Refusal.MODIFIERS_HELD
            if against is None:
                tools.keyboard.paste(target)
    except NotAllowed:
        return Refused(Refusal.NOT_ALLOWED)
    if against is not None:
        _give_back(clipboard, kept)
        return Refused(against)
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


def _type(text: str, target: Target, tools: Tools, rate: int) -> Steps:
    keyboard = tools.keyboard
    try:
        outcome = yield from _type_pieces(text, target, tools, rate)
        # The keyboard may be put back only when nobody needs it any more to
        # read what was typed.
        yield from _read_all(keyboard)
    finally:
        keyboard.end()
    return outcome


def _type_pieces(text: str, target: Target, tools: Tools, rate: int) -> Steps:
    keyboard = tools.keyboard
    piece, typed, ready = max(1, round(rate * _PIECE_S)), 0, 0

    def stopped(reason: Refusal) -> Refused:
        return Refused(reason, typed, text[typed:])

    while typed < len(text):
        if not (yield from _modifiers_up(keyboard)):
            return stopped(Refusal.MODIFIERS_HELD)
        if typed == ready and not (yield from _read_all(keyboard)):
            return stopped(Refusal.NOT_READ)
        try:
            if typed == ready:
                ready += keyboard.begin(text[typed:], target)
            batch = text[typed : min(typed + piece, ready)]
            with keyboard.alone():
                if against := tools.reason_against(target):
                    return stopped(against)
                keyboard.type(batch)
        except (NotAllowed, NotOnKeyboard, KeyboardChanged) as error:
            return stopped(_REASONS[type(error)])
        typed += len(batch)
        yield len(batch) / rate
    return Inserted(verified=False)


_REASONS: dict[type[Exception], Refusal] = {
    NotAllowed: Refusal.NOT_ALLOWED,
    NotOnKeyboard: Refusal.NOT_ON_KEYBOARD,
    KeyboardChanged: Refusal.KEYBOARD_CHANGED,
}


def _read_all(keyboard: Keyboard) -> Generator[float, None, bool]:
    waited_s = 0.0
    while not keyboard.is_taken():
        if waited_s >= _READ_WITHIN_S:
            return False
        yield _LOOK_EVERY_S
        waited_s += _LOOK_EVERY_S
    return True
