"""A microphone that hears a file over and over, as fast as it is asked: hours pass in minutes."""

from collections.abc import Callable, Sequence

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE, seconds
from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneState
from scribe_desktop.services.source import Block, Ended, Heard

BLOCK_FRAMES = SAMPLE_RATE // 10


class EndlessSource:
    """Ends after `speech_s` of speech. `each_second` is called after each second of it.

    `may_go_on` is asked before each block, and may wait so long; while it says no, nothing is
    heard. The recorder itself is never held up, as no microphone does it.
    """

    is_live = True

    def __init__(
        self,
        pcm: bytes,
        speech_s: float,
        each_second: Callable[[float], None] = lambda _: None,
        may_go_on: Callable[[float], bool] = lambda _: True,
    ) -> None:
        self._twice = pcm + pcm[: BLOCK_FRAMES * BYTES_PER_FRAME]
        self._length = len(pcm)
        self._left = round(speech_s * SAMPLE_RATE)
        self._each_second = each_second
        self._may_go_on = may_go_on
        self.given = 0

    def open(self) -> None:
        return

    def read(self, timeout_s: float) -> Sequence[Heard]:
        frames = min(BLOCK_FRAMES, self._left)
        if frames == 0:
            return (Ended(),)
        if not self._may_go_on(timeout_s):
            return ()
        at = self.given * BYTES_PER_FRAME % self._length
        block = Block(self._twice[at : at + frames * BYTES_PER_FRAME])
        self.given += frames
        self._left -= frames
        if self.given % SAMPLE_RATE < BLOCK_FRAMES:
            self._each_second(seconds(self.given))
        if self.given == frames:
            return (MicrophoneChanged(MicrophoneState.HEARD), block)
        return (block,)

    def pause(self) -> None:
        return

    def resume(self) -> None:
        return

    def stop(self) -> None:
        self._left = 0

    def close(self) -> None:
        return
