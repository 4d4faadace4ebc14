"""When a recording seems forgotten: ask after a long silence, then pause, never discard."""

from dataclasses import dataclass
from enum import StrEnum

GRACE_S = 60.0
"""How long the question stands before the recording is paused."""


class Vigil(StrEnum):
    """What to do about the silence."""

    LISTEN = "listen"
    ASK = "ask"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Patience:
    """How much silence is too much. `ask_after_s` is a setting (`ask_after_silence_s`)."""

    ask_after_s: float
    grace_s: float = GRACE_S

    def judge(self, silent_s: float) -> Vigil:
        """What to do after `silent_s` without a word; speech sets it back to 0."""
        if silent_s >= self.ask_after_s + self.grace_s:
            return Vigil.PAUSE
        if silent_s >= self.ask_after_s:
            return Vigil.ASK
        return Vigil.LISTEN
