"""Binds the keys of the settings in the whole system, and tells how each one fares."""

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.backend import Binding, Bound, HotkeyBackend
from scribe_desktop.desktop.hotkeys.chord import Chord, ChordError
from scribe_desktop.desktop.hotkeys.keys import GlobalKeys
from scribe_desktop.domain.errors import DesktopError
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.workplace import KeyReport

ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "key_toggle": Action.TOGGLE,
        "key_pause": Action.PAUSE,
        "key_cancel": Action.CANCEL,
        "key_insert_last": Action.INSERT_LAST,
        "key_show": Action.SHOW,
    }
)
_NAMES = {action: name for name, action in ACTIONS.items()}


class WiredKeys:
    """`ui.workplace.Keys` over the desktop's global keys.

    `obey` is called on the backend's thread with each movement of a key.
    """

    def __init__(
        self,
        backend: HotkeyBackend,
        settings: Callable[[], Settings],
        obey: Callable[[ActionEvent, bool], None],
    ) -> None:
        self._settings = settings
        self._obey = obey
        self._lock = threading.Lock()
        self._bound: Mapping[Action, Binding] = {}
        self._wanted: dict[Action, Chord] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._held = 0
        self._keys = GlobalKeys(backend, self._moved, self._take)

    def start(self) -> None:
        """Bind what the settings say."""
        self._keys.start()
        self.follow()

    def stop(self) -> None:
        """Give all keys back."""
        self._keys.stop()

    def follow(self) -> None:
        """Bind anew if the settings say something else than before."""
        wanted = wanted_keys(self._settings())
        with self._lock:
            changed, held = wanted != self._wanted, self._held
            self._wanted = wanted
        if changed and not held:
            self._keys.set(wanted)

    def refresh(self) -> None:
        """Bind the same keys again: after sleep or unlock they may be gone."""
        self._keys.refresh()

    # --- ui.workplace.Keys ---
    @property
    def user_chooses(self) -> bool:
        """Whether the desktop asks the user for the key."""
        return self._keys.user_chooses_key

    def refusal(self, chord: str) -> str:
        """Why a combination cannot be a global key."""
        try:
            Chord.parse(chord)
        except ChordError as error:
            return str(error)
        return ""

    def report(self) -> tuple[KeyReport, ...]:
        """How the keys of the settings fare now."""
        settings = self._settings()
        return tuple(
            self._report_of(name, action, str(getattr(settings, name)), settings)
            for name, action in ACTIONS.items()
        )

    def _report_of(self, name: str, action: Action, chord: str, settings: Settings) -> KeyReport:
        if not chord:
            return KeyReport(name, "", works=False)
        if not settings.global_keys:
            return KeyReport(name, chord, works=False, sentence="Off in other programs.")
        with self._lock:
            binding = self._bound.get(action)
        if isinstance(binding, Bound):
            elsewhere = binding.description not in ("", chord)
            said = f"On this desktop it is {binding.description}." if elsewhere else ""
            return KeyReport(name, chord, works=True, sentence=said)
        if isinstance(binding, DesktopError):
            return KeyReport(name, chord, works=False, sentence=str(binding))
        return KeyReport(name, chord, works=False, sentence=self.refusal(chord) or "Being set up…")

    def hold(self) -> None:
        """Give the keys back for a moment."""
        with self._lock:
            self._held += 1
        self._keys.set({})

    def release(self) -> None:
        """Take them again."""
        with self._lock:
            self._held = max(self._held - 1, 0)
            held, wanted = self._held, self._wanted
        if not held:
            self._keys.set(wanted)

    def watch(self, pressed: Callable[[str], None]) -> Callable[[], None]:
        """Tell `pressed` of each key that arrives."""
        with self._lock:
            self._watchers.append(pressed)

        def end() -> None:
            with self._lock:
                self._watchers.remove(pressed)

        return end

    # --- from the keys' own threads ---
    def _take(self, bound: Mapping[Action, Binding]) -> None:
        with self._lock:
            self._bound = dict(bound)

    def _moved(self, event: ActionEvent) -> None:
        self._obey(event, self._keys.supports_release)
        if event.edge is Edge.DOWN and event.action in _NAMES:
            with self._lock:
                watchers = tuple(self._watchers)
            for watcher in watchers:
                watcher(_NAMES[event.action])


def wanted_keys(settings: Settings) -> dict[Action, Chord]:
    """The keys to bind; one that cannot be a global key is left out and reported."""
    if not settings.global_keys:
        return {}
    wanted: dict[Action, Chord] = {}
    for name, action in ACTIONS.items():
        text = str(getattr(settings, name))
        if text:
            try:
                wanted[action] = Chord.parse(text)
            except ChordError:
                continue
    return wanted
