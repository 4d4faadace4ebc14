"""All that the window asks of the computer around it: sound, files, keys, other programs.

`Line` is the way from microphone to note; this is everything beside it. Each
part may be missing, on a system that has no such thing or in a small test;
the window then does not offer what it cannot do. `app.py` puts the real ones
in, from `services`, `desktop` and `export`.
"""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from scribe_desktop.domain.notices import Level
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.updates import Progress
from scribe_desktop.ui.custody import Custody
from scribe_desktop.ui.service_shelf import Documents, History, Templates


class Speaker(Protocol):
    """Plays recordings."""

    def play(self, pcm: bytes, on_end: Callable[[], None]) -> None:
        """Play 16 kHz mono PCM; `on_end` is called once, from any thread, also after `stop`."""

    def stop(self) -> None:
        """Be silent at once."""


class Player(Protocol):
    """Plays the recordings of this computer, steered while they sound."""

    def play(
        self,
        session_ids: Sequence[SessionId],
        at_s: float,
        speed: float,
        on_end: Callable[[], None],
    ) -> None:
        """Play linked sessions as one from a place; may wait. Raises ScribeError.

        `on_end` is called once, from any thread, at the end and also after `stop`.
        """

    def stop(self) -> None:
        """Be silent at once."""

    def seek(self, at_s: float) -> None:
        """Go on from another place."""

    def set_speed(self, speed: float) -> None:
        """Go on slower or faster, in the same voice."""

    def position_s(self) -> float:
        """The place that is heard now; never waits."""


class MicrophoneTest(Protocol):
    """Listens to a microphone without making a dictation of it."""

    def begin(self, identity: str) -> None:
        """Open the microphone; may wait. Raises MicrophoneError."""

    def level(self) -> Level:
        """How loud it is now."""

    def finish(self) -> bytes:
        """Close it and return what was heard, 16 kHz mono PCM; may wait."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One way to write a dictation to a file."""

    format_id: str
    name: str
    suffix: str


class Exporter(Protocol):
    """Writes sessions to files of the user's choosing."""

    def formats(self) -> tuple[ExportFormat, ...]:
        """What it can write."""

    def export(self, session_id: SessionId, format_id: str, path: str) -> None:
        """Write one session, owner-only; may wait. Raises ScribeError."""


@dataclass(frozen=True, slots=True)
class Inserted:
    """What came of inserting. Text that did not arrive is `waiting` in the dictation box."""

    arrived: bool
    sentence: str = ""
    remedy: str = ""
    waiting: str = ""


InsertionSteps: TypeAlias = Generator[float, None, Inserted]
"""Yields seconds to wait before the next step: the window never blocks."""

Waits: TypeAlias = Generator[float, None, None]
"""A part of such steps."""


class Insertion(Protocol):
    """Puts text at the cursor of another program. Everything on the GUI thread."""

    @property
    def plain_word(self) -> str:
        """What this computer cannot do, as a sentence; empty when it can."""

    @property
    def could_ask_the_desktop(self) -> bool:
        """Whether text can be inserted here only with a permission of the desktop."""

    def stand_aside_with(self, stand_aside: Callable[[], None]) -> None:
        """How to give the focus back when our own window has it."""

    def remember(self, session_id: SessionId, follows: SessionId | None) -> None:
        """A dictation begins: its text belongs into the program that has the focus now.

        One that only goes on with another (`follows`) belongs where that one does.
        """

    def forbid(self, forbidden: bool, /) -> None:  # noqa: FBT001  a switch
        """Let no text out while it is hidden; what is being typed stops."""

    def into_remembered(self, text: str, session_id: SessionId) -> InsertionSteps:
        """Into the window this dictation began in, or nowhere."""

    def into_front(self, text: str) -> InsertionSteps:
        """Into the program the clinician has just pointed at."""


@dataclass(frozen=True, slots=True)
class KeyReport:
    """How one global key fares. `setting` is the name of its setting."""

    setting: str
    chord: str
    works: bool
    sentence: str = ""


class Keys(Protocol):
    """The global keys."""

    @property
    def user_chooses(self) -> bool:
        """Whether the desktop asks the user for the key, so that ours is only a wish."""

    def refusal(self, chord: str) -> str:
        """Why a combination cannot be a global key, as a sentence; empty if it can."""

    def report(self) -> tuple[KeyReport, ...]:
        """How the keys of the settings fare now."""

    def hold(self) -> None:
        """Give the keys back for a moment, so that a page can see them pressed."""

    def release(self) -> None:
        """Take them again."""

    def watch(self, pressed: Callable[[str], None]) -> Callable[[], None]:
        """Call `pressed`, from any thread, with the setting of each key that arrives."""


@dataclass(frozen=True, slots=True)
class DeviceButton:
    """A button of a dictation device. `key` is its name in the settings."""

    key: str
    name: str
    default_action: str


@dataclass(frozen=True, slots=True)
class DictationDevice:
    """A dictation microphone or pedal, or a family of them when none is plugged in."""

    name: str
    is_plugged: bool
    buttons: tuple[DeviceButton, ...]


class Devices(Protocol):
    """The dictation microphones and pedals."""

    def actions(self) -> tuple[tuple[str, str], ...]:
        """What a button can do: (value for the settings, words)."""

    def devices(self) -> tuple[DictationDevice, ...]:
        """What is plugged in and what could be."""

    def watch(self, pressed: Callable[[str], None]) -> Callable[[], None]:
        """Call `pressed`, from any thread, with the key of each button that is used."""


class SignInWay(StrEnum):
    """How one signs in to a service."""

    TOKEN = "token"  # noqa: S105  the name of a way
    CLIENT = "client"
    PASSWORD = "password"  # noqa: S105  the name of a way
    DEVICE = "device"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody typed to sign in; which of the two is asked depends on the way."""

    way: SignInWay
    name: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code to approve in a browser, here or on another device."""

    code: str
    address: str
    """Where the code is typed."""
    complete_address: str
    """The same with the code filled in, if the service has one."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What a sign-in that waits for somebody needs. It calls from its own thread."""

    show_code: Callable[[ShownCode], None]
    open_page: Callable[[str], None]
    cancel: threading.Event


class Accounts(Protocol):
    """Who is signed in to which service. Secrets stay in the system keyring."""

    def signed_in(self, profile: str) -> bool:
        """Whether there is a token for this service profile; may wait."""

    def ways(self, profile: str) -> tuple[SignInWay, ...]:
        """How one may sign in there, as far as it says; may wait."""

    def sign_in(self, profile: str, proof: Proof, meanwhile: Meanwhile) -> str:
        """Sign in; may wait for minutes. Raises ScribeError, also when it was cancelled.

        Returns a sentence when the account is not kept for good, else nothing.
        """

    def sign_out(self, profile: str) -> None:
        """Forget it; may wait."""


class Lock(Protocol):
    """Hides text behind a PIN while the clinician is away."""

    def is_set(self) -> bool:
        """Whether there is a PIN."""

    def set_pin(self, pin: str) -> None:
        """Keep a new PIN; empty takes it away. May wait. Raises CredentialError."""

    def opens(self, pin: str) -> bool:
        """Whether this is the PIN; may wait. Raises CredentialError, also after wrong ones."""

    def look(self) -> None:
        """Find out whether there is a PIN, wherever it is kept; may wait."""

    @property
    def can_prove_otherwise(self) -> bool:
        """Whether this computer's own lock screen can vouch for who forgot the PIN."""

    def await_sign_in(self, signed_in: Callable[[], None]) -> None:
        """Call this, on any thread, when somebody has signed in to the locked computer."""

    def lock_computer(self) -> None:
        """Put up the computer's own lock screen; may wait. Raises DesktopError."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the diagnostics page."""

    name: str
    value: str


class Diagnostics(Protocol):
    """How the program fares on this computer."""

    def measurements(self) -> tuple[Measurement, ...]:
        """Latencies and sizes as measured here; may wait."""

    def write_bundle(self, path: str) -> None:
        """Write a support bundle without patient data; may wait. Raises ScribeError."""


class Weights(Protocol):
    """The speech model of this computer."""

    def missing(self) -> str:
        """A sentence when the model is not here; empty when it is."""

    def fetch(self, progress: Callable[[int, int], None]) -> None:
        """Fetch it, telling bytes so far and in all; may be repeated, goes on where it was."""


class Updates(Protocol):
    """Newer versions of this program."""

    def progress(self) -> Progress:
        """How far the search is; never waits, so it may be asked several times a second."""

    def why_not_now(self) -> str:
        """Why a version that was fetched cannot be installed now; empty when it can."""

    def look_now(self) -> None:
        """Look at once; returns at once."""

    def install(self) -> None:
        """Hand the fetched version to the system's installer; may wait. Raises ScribeError."""


class RuleFiles(Protocol):
    """Lists of auto-texts or replacements as files."""

    def read(self, path: str) -> Mapping[str, str]:
        """The pairs of a CSV or JSON file; may wait. Raises SettingsError."""

    def write(self, path: str, pairs: Mapping[str, str]) -> None:
        """Write them, owner-only; may wait. Raises SettingsError."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """The parts there are."""

    speaker: Speaker | None = None
    player: Player | None = None
    microphone_test: MicrophoneTest | None = None
    exporter: Exporter | None = None
    run_template: Callable[[SessionId, str], None] | None = None
    """Have one more template filled from a session's recording; may wait for minutes."""
    typed_text: Callable[[str, Order], SessionId] | None = None
    """Keep a text and have notes written from it; may wait for the disk."""
    continue_session: Callable[[SessionId], SessionId] | None = None
    """Record more for an earlier dictation."""
    insertion: Insertion | None = None
    follow_settings: Callable[[], None] = lambda: None
    """Called on the GUI thread after a setting was changed."""
    keys: Keys | None = None
    devices: Devices | None = None
    accounts: Accounts | None = None
    lock: Lock | None = None
    idle_s: Callable[[], float | None] = lambda: None
    """How long nobody touched this computer; None where it cannot be known. May wait."""
    diagnostics: Diagnostics | None = None
    weights: Weights | None = None
    history: History | None = None
    documents: Documents | None = None
    custody: Custody | None = None
    own_templates: Templates | None = None
    updates: Updates | None = None
    rule_files: RuleFiles | None = None


NOTHING_AROUND = Workplace()
