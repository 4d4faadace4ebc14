"""Asks for a microphone, and asks again another way when the sound system hangs.

Nothing here waits longer than it is told to. What hangs stays asked, because
it may wake after all; whichever call comes back first is the microphone, and
all others are closed the moment they are open.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Final, Protocol

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import MicrophoneChoice
from scribe_desktop.services.source import Shape

ANSWER_S: Final = 2.5
"""Opening takes 0.05 s where all is well; after this the sound system hangs."""

ANOTHER_WAY_S: Final = 5.0
"""After this it is asked again beside the call that hangs (sound_thread.py)."""


class Stream(Protocol):
    """An open microphone."""

    @property
    def shape(self) -> Shape:
        """How its blocks are laid out."""

    @property
    def latency_s(self) -> float:
        """How long sound takes from the air to a block."""

    @property
    def ended(self) -> bool:
        """Whether the sound system ended it."""

    def take(self, timeout_s: float) -> Sequence[tuple[float, bytes]]:
        """Blocks and when they came; waits for the first."""

    def close(self) -> None:
        """Let go; returns at once."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream, and the microphone that it really is."""

    stream: Stream
    choice: MicrophoneChoice


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The source that our newest stream is on now, as the sound system tells it.

    `stream` is the system's number of that stream, `others` the identities of
    all sources there are.
    """

    choice: MicrophoneChoice
    stream: int | None = None
    is_monitor: bool = False
    others: frozenset[str] = frozenset()


class Devices(Protocol):
    """Where microphones come from."""

    def open(self, wanted: str, avoid: Collection[str] = ()) -> "Future[Opened]":
        """Open the wanted microphone, or another if it is missing."""

    def open_another_way(self, wanted: str, avoid: Collection[str] = ()) -> "Future[Opened] | None":
        """Open although an earlier call hangs; None while it does not, or nothing is left."""

    def whereabouts(self) -> Whereabouts | None:
        """Where our newest stream is; None where nobody can tell."""


class Opening:
    """One microphone being opened. Used by one thread, the recorder's."""

    def __init__(self, devices: Devices, clock: Callable[[], float]) -> None:
        self._devices = devices
        self._clock = clock
        self._asked: list[Future[Opened]] = []
        self._since = 0.0
        self._again_at = 0.0
        self._wanted = ""
        self._avoid: tuple[str, ...] = ()

    @property
    def is_asked(self) -> bool:
        """Whether a microphone is being opened."""
        return bool(self._asked)

    @property
    def is_unanswered(self) -> bool:
        """Whether it has taken longer than it takes where all is well."""
        return self.is_asked and self._clock() - self._since >= ANSWER_S

    def ask(self, wanted: str, avoid: Collection[str]) -> None:
        """Begin to open; returns at once."""
        self._wanted, self._avoid = wanted, tuple(avoid)
        self._since = self._clock()
        self._again_at = self._since + ANOTHER_WAY_S
        self._asked = [self._devices.open(wanted, avoid)]

    def come(self, timeout_s: float) -> Opened | None:
        """The microphone if it is open by now; raises ScribeError when it cannot be opened."""
        wait(self._asked, timeout_s, FIRST_COMPLETED)
        answer = next((one for one in self._asked if one.done()), None)
        if answer is None:
            self._ask_another_way()
            return None
        self._asked.remove(answer)
        try:
            opened = answer.result()
        except ScribeError:
            # While another call still hangs, the refusal of this one decides nothing.
            if self._asked:
                return None
            raise
        self.give_up()
        return opened

    def give_up(self) -> None:
        """Want none any more; what is still being opened is closed as soon as it is open."""
        for opening in self._asked:
            opening.add_done_callback(close_unwanted)
        self._asked = []

    def _ask_another_way(self) -> None:
        if self._clock() < self._again_at:
            return
        self._again_at = self._clock() + ANOTHER_WAY_S
        another = self._devices.open_another_way(self._wanted, self._avoid)
        if another is not None:
            self._asked.append(another)


def close_unwanted(opening: "Future[Opened]") -> None:
    """What to do with a microphone that came too late."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().stream.close()
