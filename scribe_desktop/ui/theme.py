"""How the window looks: one calm accent, real contrast, in light, dark and high contrast.

Colours are named by what they mean, never by what they are, so that a state
looks the same everywhere; red is kept for the one thing that must be true,
that the microphone is recording. Contrast is held by a test.
"""

from dataclasses import dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from scribe_desktop.domain.settings import Theme
from scribe_desktop.ui.pictures import RESOURCES
from scribe_desktop.ui.view_state import Tone


@dataclass(frozen=True, slots=True)
class Colours:
    """One look. Every text colour is readable on `ground` and on `surface`."""

    name: str
    ground: str
    surface: str
    raised: str
    hover: str
    border: str
    field_border: str
    text: str
    muted: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    recording: str
    on_recording: str
    recording_soft: str
    warning: str
    warning_soft: str
    good: str
    good_soft: str
    focus: str


LIGHT = Colours(
    name="light", ground="#f4f7f8", surface="#ffffff", raised="#eef2f4", hover="#e6ecef",
    border="#dbe3e7", field_border="#7d8c96", text="#15212a", muted="#52626d",
    accent="#0b6e80", accent_hover="#095b6a", on_accent="#ffffff", accent_soft="#e1f0f3",
    recording="#c8243a", on_recording="#ffffff", recording_soft="#fdecee",
    warning="#8a5a00", warning_soft="#fdf3de", good="#1a7446", good_soft="#e4f4eb",
    focus="#0b6e80",
)  # fmt: skip

DARK = Colours(
    name="dark", ground="#11181d", surface="#182127", raised="#212c33", hover="#2a373f",
    border="#2c3942", field_border="#71828d", text="#e9eff2", muted="#a3b2bc",
    accent="#56bfd0", accent_hover="#7bd0de", on_accent="#05262d", accent_soft="#17353c",
    recording="#ff6b7a", on_recording="#2b0408", recording_soft="#3a1c22",
    warning="#efc05a", warning_soft="#372c14", good="#5fd097", good_soft="#16332a",
    focus="#7bd0de",
)  # fmt: skip

HIGH_CONTRAST = Colours(
    name="contrast", ground="#000000", surface="#000000", raised="#000000", hover="#2b2b2b",
    border="#ffffff", field_border="#ffffff", text="#ffffff", muted="#c4c4c4",
    accent="#ffe14d", accent_hover="#fff3ae", on_accent="#000000", accent_soft="#000000",
    recording="#ff8a8a", on_recording="#000000", recording_soft="#000000",
    warning="#ffd37a", warning_soft="#000000", good="#7dffb3", good_soft="#000000",
    focus="#00e5ff",
)  # fmt: skip

SPACE = 8
"""All distances are multiples of this many logical pixels."""


def tone_colour(tone: Tone, colours: Colours) -> str:
    """The colour of a state's dot and word."""
    return {
        Tone.QUIET: colours.muted,
        Tone.LIVE: colours.recording,
        Tone.PAUSED: colours.warning,
        Tone.BUSY: colours.accent,
        Tone.GOOD: colours.good,
        Tone.WARNING: colours.warning,
        Tone.GONE: colours.muted,
    }[tone]


def tone_ground(tone: Tone, colours: Colours) -> str:
    """The soft ground behind a sentence of that tone."""
    return {
        Tone.LIVE: colours.recording_soft,
        Tone.PAUSED: colours.warning_soft,
        Tone.WARNING: colours.warning_soft,
        Tone.GOOD: colours.good_soft,
        Tone.BUSY: colours.accent_soft,
    }.get(tone, colours.raised)


def colours_for(theme: Theme) -> Colours:
    """The look for a setting; "system" follows the desktop, high contrast included."""
    if theme is Theme.HIGH_CONTRAST:
        return HIGH_CONTRAST
    if theme is Theme.LIGHT:
        return LIGHT
    if theme is Theme.DARK:
        return DARK
    hints = QGuiApplication.styleHints()
    # Qt before 6.10, with which the program is tried in Wine, cannot tell.
    accessibility = getattr(hints, "accessibility", None)
    if accessibility and accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast:
        return HIGH_CONTRAST
    return DARK if hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT


def dress(application: QApplication, colours: Colours) -> None:
    """Put the look on everything there is and will be."""
    template = Template((RESOURCES / "window.qss").read_text("utf-8"))
    values = {name: getattr(colours, name) for name in Colours.__dataclass_fields__}
    # Where all borders are white, only their kind can say "not now".
    values["off_line"] = "dashed" if colours is HIGH_CONTRAST else "solid"
    sheet = template.substitute(values, icons=(RESOURCES / "icons").as_posix())
    if application.styleSheet() == sheet:
        return  # every widget would be drawn anew for nothing
    application.setStyle("Fusion")
    application.setPalette(_palette(colours))
    application.setStyleSheet(sheet)


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, value in (
        (role.Window, colours.ground),
        (role.WindowText, colours.text),
        (role.Base, colours.surface),
        (role.AlternateBase, colours.raised),
        (role.Text, colours.text),
        (role.Button, colours.raised),
        (role.ButtonText, colours.text),
        (role.BrightText, colours.recording),
        (role.Highlight, colours.accent),
        (role.HighlightedText, colours.on_accent),
        (role.Link, colours.accent),
        (role.LinkVisited, colours.accent),
        (role.ToolTipBase, colours.text),
        (role.ToolTipText, colours.surface),
        (role.PlaceholderText, colours.muted),
        (role.Accent, colours.accent),
    ):
        palette.setColor(which, QColor(value))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours.muted))
    return palette


def sized(widget: QWidget, ratio: float, *, bold: bool = False, figures: bool = False) -> None:
    """Set a widget's type relative to the desktop's own size, so that its scale is kept.

    `figures` asks for digits of one width: a timer must not tremble.
    """
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * ratio)
    if bold:
        font.setWeight(QFont.Weight.DemiBold)
    if figures:
        font.setFeature(QFont.Tag("tnum"), 1)
    widget.setFont(font)
