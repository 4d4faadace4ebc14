"""A real line over a real spool, with nobody around it: no microphone, no service, no worker."""

from typing import Any, cast

from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.line import Line
from scribe_desktop.services.spool import Spool

PATIENCE_S = 20.0
"""Also a busy disk is waited for: what a test asked for is on disk when it looks."""


class Nothing:
    """Workers, services and settings that have nothing to say."""

    def wake(self) -> None:
        """Nothing waits."""

    def prepare(self, _service: object) -> None:
        """Nothing has to be made ready."""

    def release(self, _session_id: object = None, *, is_network_new: bool = False) -> None:
        """Nothing waits."""

    def ask_now(self, *, is_network_new: bool = False) -> None:
        """Nothing is asked."""

    def offer(self, _service: object) -> Offer:
        return Offer("nothing")

    def clock_skew_s(self, _service: object) -> float | None:
        """It never said what time it is."""
        return None

    def load(self) -> Settings:
        return Settings()


class Recording:
    """A recorder that was at work for as long as a test says."""

    def __init__(self, session_id: SessionId) -> None:
        self.session_id = session_id
        self.recorded_frames = self.session_frames = 0
        self.is_stopped = False
        self.unkept_frames = 0
        self.goes_on_in: list[SessionId] = []

    def continue_in(self, session_id: SessionId) -> None:
        self.goes_on_in.append(session_id)

    def stop(self) -> None:
        self.is_stopped = True


def line_over(spool: Spool, made: list[Recording]) -> Line:
    def record(session_id: SessionId, *_: object) -> Recording:
        made.append(Recording(session_id))
        spool.update(session_id, lambda one: apply(one, SpeechStarted(1.0)))
        return made[-1]

    nothing = cast("Any", Nothing())
    return Line(
        store=spool, settings=nothing, services=nothing, uploader=nothing, poller=nothing,
        microphones=tuple, record_microphone=cast("Any", record), record_file=cast("Any", record),
        now=lambda: 1.0, patience_s=PATIENCE_S,
    )  # fmt: skip
