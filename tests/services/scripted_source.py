"""A microphone that says what the test wants, when the test wants it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from scribe_desktop.services.source import Ended, Heard


@dataclass
class ScriptedSource:
    """Each look takes the next line of the script: things heard, or something to do.

    When the script is over, it says `Ended`, as a microphone does after a stop.
    """

    script: Iterable[Heard | Callable[[], None]]
    is_live: bool = True
    did: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines = iter(self.script)

    def open(self) -> None:
        self.did.append("open")

    def read(self, timeout_s: float) -> Sequence[Heard]:
        for line in self._lines:
            if callable(line):
                line()
                return ()
            return (line,)
        return (Ended(),)

    def pause(self) -> None:
        self.did.append("pause")

    def resume(self) -> None:
        self.did.append("resume")

    def stop(self) -> None:
        self.did.append("stop")

    def close(self) -> None:
        self.did.append("close")
