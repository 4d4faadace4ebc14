"""A key combination as people write it: Ctrl+Shift+Space, F13, MouseBack.

The same text is shown, stored and compared, so there is exactly one way to
write each combination. Combinations that people edit text with are refused:
a global key takes them away from every other program.
"""

from dataclasses import dataclass
from enum import StrEnum

from scribe_desktop.domain.errors import DesktopError


class ChordError(DesktopError):
    """A combination that cannot be a global key, with the reason as a sentence."""


class Modifier(StrEnum):
    """Keys that are held with another one; in the order in which they are written."""

    CTRL = "Ctrl"
    ALT = "Alt"
    SHIFT = "Shift"
    SUPER = "Super"


_MODIFIERS: dict[str, Modifier] = {
    "ctrl": Modifier.CTRL,
    "control": Modifier.CTRL,
    "alt": Modifier.ALT,
    "option": Modifier.ALT,
    "shift": Modifier.SHIFT,
    "super": Modifier.SUPER,
    "win": Modifier.SUPER,
    "cmd": Modifier.SUPER,
    "meta": Modifier.SUPER,
}

_FUNCTION = tuple(f"F{number}" for number in range(1, 25))
_MEDIA = (
    "MediaPlay",
    "MediaStop",
    "MediaPrevious",
    "MediaNext",
    "MediaRecord",
    "VolumeMute",
    "VolumeDown",
    "VolumeUp",
    "MicMute",
)
_MOUSE = ("MouseMiddle", "MouseBack", "MouseForward")
_EDITING = (
    "Space",
    "Tab",
    "Enter",
    "Backspace",
    "Escape",
    "Insert",
    "Delete",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Up",
    "Down",
    "Left",
    "Right",
    "Plus",
    "Menu",
)
_QUIET = ("Pause", "ScrollLock", "PrintScreen")
NAMED_KEYS: tuple[str, ...] = (*_FUNCTION, *_MEDIA, *_MOUSE, *_EDITING, *_QUIET)
MOUSE_KEYS = frozenset(_MOUSE)

# How others write the same keys, Qt's portable text among them.
_ALIASES: dict[str, str] = {
    "esc": "Escape",
    "return": "Enter",
    "spacebar": "Space",
    "ins": "Insert",
    "del": "Delete",
    "pgup": "PageUp",
    "pgdown": "PageDown",
    "print": "PrintScreen",
    "media play": "MediaPlay",
    "toggle media play/pause": "MediaPlay",
    "media stop": "MediaStop",
    "media previous": "MediaPrevious",
    "media next": "MediaNext",
    "media record": "MediaRecord",
    "volume mute": "VolumeMute",
    "volume down": "VolumeDown",
    "volume up": "VolumeUp",
    "microphone mute": "MicMute",
    "+": "Plus",
}
_NAMES: dict[str, str] = {name.lower(): name for name in NAMED_KEYS} | _ALIASES

# Alone on the keyboard these write nothing and belong to nobody's typing.
_ALONE = frozenset((*_FUNCTION, *_MEDIA, *_QUIET, "MouseBack", "MouseForward"))

_C, _S = Modifier.CTRL, Modifier.SHIFT
_SHADOWED: frozenset[tuple[frozenset[Modifier], str]] = frozenset(
    [(frozenset({modifier}), key) for key in "ACFSVXYZ" for modifier in (_C, Modifier.SUPER)]
    # Also what terminals and older programs edit with, and what we paste with.
    + [(frozenset({_C, _S}), key) for key in "CVZ"]
    + [
        (frozenset({_S}), "Insert"),
        (frozenset({_C}), "Insert"),
        (frozenset({_S}), "Delete"),
    ]
)


@dataclass(frozen=True, slots=True)
class Chord:
    """Modifiers and one key. Make one with `Chord.parse`, which checks it."""

    modifiers: frozenset[Modifier]
    key: str

    @classmethod
    def parse(cls, text: str) -> "Chord":
        """Read a combination in any usual spelling. Raises ChordError with a sentence."""
        *modifiers, key = _split(text)
        unknown = [name for name in modifiers if name.lower() not in _MODIFIERS]
        if unknown or not key:
            raise ChordError("That is not a key combination.", "Press the keys you want to use.")
        chord = cls(frozenset(_MODIFIERS[name.lower()] for name in modifiers), _key(key))
        chord._refuse_what_belongs_to_others()
        return chord

    @property
    def is_mouse(self) -> bool:
        """Whether it is a button of the mouse."""
        return self.key in MOUSE_KEYS

    def __str__(self) -> str:
        held = [modifier.value for modifier in Modifier if modifier in self.modifiers]
        return "+".join([*held, self.key])

    def _refuse_what_belongs_to_others(self) -> None:
        if (self.modifiers, self.key) in _SHADOWED:
            raise ChordError(
                f"{self} is used for editing in every program and cannot be taken away from it.",
                "Choose another combination, for example Ctrl+Shift+Space or F13.",
            )
        if self.key not in _ALONE and not self.modifiers - {Modifier.SHIFT}:
            raise ChordError(
                f"{self} is needed for typing and pointing.",
                "Add Ctrl, Alt or Super, or use a function key.",
            )


def _split(text: str) -> list[str]:
    stripped = text.strip()
    if stripped == "+":
        return ["Plus"]
    if stripped.endswith("++"):
        return [*_split(stripped[:-2]), "Plus"]
    return [part.strip() for part in stripped.split("+")]


def _key(name: str) -> str:
    known = _NAMES.get(name.lower())
    if known:
        return known
    if name.lower() in _MODIFIERS:
        raise ChordError(
            "A modifier alone cannot be a global key.",
            "Press another key together with it, or use a function key.",
        )
    # Some letters have no single capital: ß becomes SS.
    if len(name) == 1 and name.isprintable() and not name.isspace():
        return name.upper() if len(name.upper()) == 1 else name
    raise ChordError(
        "This key is not known and cannot be a global key.",
        "Use a letter, a digit, a function key or a mouse button.",
    )
