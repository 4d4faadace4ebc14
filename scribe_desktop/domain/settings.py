"""What the clinician can set, declared once, with every default and its bounds.

A setting that does not change behaviour has no place here. The file holds
only what differs from the default, so a better default reaches everyone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.order import (
    MAX_TEMPLATES,
    THIS_COMPUTER,
    Mode,
    ServiceRef,
    UploadType,
)
from scribe_desktop.domain.text import (
    TextRules,
    refusal_of_auto_text,
    refusal_of_replacement,
)

MOST_EXPECTED_WORDS = 30
"""More words than this begin to cost ordinary speech (SPEECH.md)."""

USUAL_REPLY_S = 20
REPLY_BOUNDS_S = (10, 300)
"""Less than the least would give up on polls that servers hold for 14 s (PROTOCOL.md §1.7)."""

TYPING_RATE_BOUNDS = (5, 1000)
"""Characters a second; what comes faster is lost by some remote desktops."""


class Theme(StrEnum):
    """How the window looks."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
    HIGH_CONTRAST = "high_contrast"


class AfterStop(StrEnum):
    """What happens to the text when it is ready."""

    SHOW = "show"
    COPY = "copy"
    INSERT = "insert"


class ShowAgain(StrEnum):
    """What shows hidden text again."""

    PIN = "pin"
    COMPUTER = "computer"


@dataclass(frozen=True, slots=True)
class Profile:
    """A service the clinician can choose. Secrets are in the keyring, never here.

    A reply that takes longer than `reply_within_s` counts as none; every other
    wait for this service is stretched or shortened alike.
    """

    name: str
    base_url: str
    dialect: str = ""
    account: str = ""
    reply_within_s: int = USUAL_REPLY_S
    upload_type: UploadType = UploadType.CHUNKED


EKA_CLOUD = Profile("EkaScribe", "https://api.eka.care/voice/v1", "eka")
EKA_DEVELOPMENT = Profile("EkaScribe development", "https://api.dev.eka.care/voice/v1", "eka")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; a value, replaced whole when one changes."""

    service: str = THIS_COMPUTER
    profiles: tuple[Profile, ...] = (EKA_CLOUD, EKA_DEVELOPMENT)
    model: str = "pro"
    mode: Mode = Mode.DICTATION
    languages: tuple[str, ...] = ("en",)
    transcript_language: str = ""
    templates: tuple[str, ...] = ("clinical_notes_template",)

    microphone: str = ""
    keep_microphone_ready: bool = False
    cue_sounds: bool = True
    ask_after_silence_s: int = 120

    key_toggle: str = "Ctrl+Shift+Space"
    key_pause: str = ""
    key_cancel: str = ""
    key_insert_last: str = ""
    key_show: str = ""
    global_keys: bool = True
    device_buttons: Mapping[str, str] = field(default_factory=dict)

    after_stop: AfterStop = AfterStop.SHOW
    insertion_by_program: Mapping[str, str] = field(default_factory=dict)
    typing_rate: int = 60
    portal_insertion: bool = False
    vocabulary: tuple[str, ...] = ()
    auto_texts: Mapping[str, str] = field(default_factory=dict)
    replacements: Mapping[str, str] = field(default_factory=dict)
    spoken_punctuation: bool = False

    keep_audio_hours: int = 24
    keep_notes_days: int = 30
    lock_after_minutes: int = 0
    require_pin: bool = False
    show_again_with: ShowAgain = ShowAgain.PIN
    note_consent: bool = False

    theme: Theme = Theme.SYSTEM
    mini_recorder: bool = True
    start_with_system: bool = False
    check_for_updates: bool = True
    update_feed: str = ""
    proxy: str = ""
    first_run_done: bool = False

    def profile(self, name: str) -> Profile | None:
        """The service profile of that name, if there is one."""
        return next((profile for profile in self.profiles if profile.name == name), None)

    def patience_for(self, service: ServiceRef) -> float:
        """How much longer than usual a reply of that service is waited for, as a factor."""
        profile = self._profile_of(service)
        return profile.reply_within_s / USUAL_REPLY_S if profile else 1.0

    def upload_type_for(self, service: ServiceRef, offered: tuple[str, ...]) -> UploadType:
        """How audio goes to that service: as was chosen, if it takes that, else in chunks."""
        profile = self._profile_of(service)
        if profile is None or profile.upload_type not in offered:
            return UploadType.CHUNKED
        return profile.upload_type

    def _profile_of(self, service: ServiceRef) -> Profile | None:
        # An address given by hand may bear the name of a profile and not be it.
        profile = self.profile(service.name)
        return profile if profile and profile.base_url == service.base_url else None

    def text_rules(self, languages: tuple[str, ...], at: datetime) -> TextRules:
        """How the text of a dictation in these languages, begun then, is written."""
        return TextRules(
            auto_texts=tuple(self.auto_texts.items()),
            replacements=tuple(self.replacements.items()),
            languages=languages if self.spoken_punctuation else (),
            date=at.strftime("%Y-%m-%d"),
            time=at.strftime("%H:%M"),
        )

    def additional_for(self, service: ServiceRef) -> dict[str, Any]:
        """What a session tells its service beside the order: the words its speaker uses.

        They stay on this computer, because no other service asks for them.
        """
        if not (service.is_local and self.vocabulary):
            return {}
        return {"vocabulary": list(self.vocabulary[:MOST_EXPECTED_WORDS])}


_BOUNDS: dict[str, tuple[int, int]] = {
    "ask_after_silence_s": (10, 3600),
    "typing_rate": TYPING_RATE_BOUNDS,
    "keep_audio_hours": (0, 24 * 365),
    "keep_notes_days": (0, 3650),
    "lock_after_minutes": (0, 24 * 60),
}

_PAIR_RULES: dict[str, Callable[[str, str], str]] = {
    "auto_texts": refusal_of_auto_text,
    "replacements": refusal_of_replacement,
}


# A password in an address would lie readable in the settings file and in the policy.
_SHAPES: dict[str, re.Pattern[str]] = {
    "update_feed": re.compile(r"https://[^\s/@]+/[^\s]*"),
    "proxy": re.compile(r"https?://[^\s/@]+/?"),
}


def settings_record(settings: Settings) -> dict[str, Any]:
    """Only what differs from the defaults, JSON-ready."""
    values, defaults = asdict(settings), asdict(Settings())
    return {name: value for name, value in values.items() if value != defaults[name]}


def read_settings(record: Mapping[str, Any]) -> tuple[Settings, tuple[str, ...]]:
    """The settings and a sentence for each value that was refused.

    A refused value falls back to its default: one bad line must not keep a
    clinician from dictating. Unknown names are ignored, because an older
    program may read a newer file.
    """
    settings, refused = Settings(), []
    for name in (f.name for f in fields(Settings)):
        if name not in record:
            continue
        try:
            settings = with_value(settings, name, record[name])
        except SettingsError as error:
            refused.append(error.message)
    return settings, tuple(refused)


def with_value(settings: Settings, name: str, value: Any) -> Settings:  # noqa: ANN401  JSON
    """One setting replaced, checked; raises SettingsError with a sentence."""
    if name not in {setting.name for setting in fields(Settings)}:
        raise SettingsError(f"There is no setting called “{name}”.")
    default = getattr(Settings(), name)
    try:
        return replace(settings, **{name: _checked(name, default, value)})
    except (TypeError, ValueError, KeyError) as error:
        raise SettingsError(
            f"The setting “{name}” cannot have that value; the default is used.",
            "Choose another value in the settings.",
        ) from error


def _checked(name: str, default: Any, value: Any) -> Any:  # noqa: ANN401, C901  one arm for each kind of setting
    if isinstance(default, StrEnum):
        return type(default)(value)
    if isinstance(default, bool):
        return _require(value, bool)
    if isinstance(default, int):
        low, high = _BOUNDS[name]
        if isinstance(value, bool) or not low <= _require(value, int) <= high:
            raise ValueError(name)
        return value
    if isinstance(default, str):
        shape = _SHAPES.get(name)
        if shape is not None and value and not shape.fullmatch(_require(value, str)):
            raise ValueError(name)
        return _require(value, str)
    if isinstance(default, tuple):
        # A text is a sequence of letters too, and not what was meant.
        items = tuple(_require(value, (list, tuple)))
        if name == "profiles":
            return tuple(_profile(item) for item in items)
        if name == "templates" and len(items) > MAX_TEMPLATES:
            raise ValueError(name)
        return tuple(_require(item, str) for item in items)
    pairs = {_require(k, str): _require(v, str) for k, v in _require(value, Mapping).items()}
    for refusal in (_PAIR_RULES[name](*pair) for pair in pairs.items() if name in _PAIR_RULES):
        if refusal:
            raise SettingsError(refusal, "Change the rule in the settings, under Text.")
    return pairs


def _profile(item: Any) -> Profile:  # noqa: ANN401
    given = item if isinstance(item, Profile) else Profile(**_require(item, Mapping))
    for text in (given.name, given.base_url, given.dialect, given.account):
        _require(text, str)
    low, high = REPLY_BOUNDS_S
    seconds = given.reply_within_s
    if isinstance(seconds, bool) or not low <= _require(seconds, int) <= high:
        raise ValueError(given.name)
    return replace(given, upload_type=UploadType(given.upload_type))


def _require(value: Any, kind: type | tuple[type, ...]) -> Any:  # noqa: ANN401
    if not isinstance(value, kind):
        raise TypeError(kind)
    return value
