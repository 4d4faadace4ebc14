"""Cuts what the microphone hears into chunks the service will take.

Speech is cut where the speaker pauses, because a word split across two
chunks is usually misheard in both: a cut at fixed times costs 3 points of
word error rate (SPEECH.md). The limit wins over the pause. Nothing is ever
dropped: the chunks joined are the input, sample for sample.
"""

from collections.abc import Callable
from dataclasses import dataclass

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE

WINDOW_FRAMES = 512
"""What the voice detector judges at once: 32 ms."""

WINDOW_BYTES = WINDOW_FRAMES * BYTES_PER_FRAME

IsQuiet = Callable[[bytes], bool]
"""Judges one window of 512 frames; may remember the windows before it."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """When to cut.

    `rules` are (from how many seconds of chunk, at how many seconds of quiet);
    any of them is enough. No chunk is longer than `limit_s`. A last chunk
    shorter than `shortest_s` joins the one before it, which is held back that
    long; 0 holds nothing back.
    """

    rules: tuple[tuple[float, float], ...]
    limit_s: float
    shortest_s: float = 0.0

    def __post_init__(self) -> None:
        if self.limit_s - self.shortest_s <= max(after_s for after_s, _ in self.rules):
            raise ValueError("the limit must come after every rule")


def remote_cuts(advertised_limit_s: float = 20.0) -> Cuts:
    """For a service across the network: few, long chunks (DESIGN.md §5).

    A service with a limit too short for the usual rules gets them in proportion;
    one that advertises less than a second cannot mean it.
    """
    limit_s = max(min(advertised_limit_s, 20.0) - 0.5, 1.0)
    scale = min(limit_s / 19.5, 1.0)
    return Cuts(
        rules=((10.0 * scale, 0.4), (14.0 * scale, 0.12)), limit_s=limit_s, shortest_s=scale
    )


LOCAL_CUTS = Cuts(rules=((2.0, 0.5), (5.0, 0.25), (10.0, 0.12)), limit_s=19.5)
"""For this computer: at any pause, so that text appears while the next sentence is spoken."""


SINGLE_CUTS = Cuts(rules=((2000.0, 0.4),), limit_s=2400.0)
"""For a service that cuts by itself and takes one file: 40 minutes of speech are below 10 MB."""


SOON_S = 19.5
"""In so much speech whoever is in a hurry has a cut: as long as a chunk usually is at most."""

SOON_QUIET_S = 0.12


class Chunker:
    """Feed it PCM in blocks of any size; it returns whole chunks as they are cut.

    The cut lies in the middle of the quiet, so that both neighbours keep the
    soft end and the soft beginning of a word. Who speaks up to the limit
    without a pause is cut at the longest breath since the last rule began to
    count. How the input is split into blocks makes no difference, because it
    is judged in fixed windows.
    """

    def __init__(self, cuts: Cuts, is_quiet: IsQuiet) -> None:
        self._cuts = cuts
        self._is_quiet = is_quiet
        self._held = b""
        self._pcm = bytearray()
        self._judged = 0
        self._quiet_windows = 0
        self._longest_breath = 0
        self._breath_cut = 0
        self._breaths_from_bytes = _byte_count(max(after_s for after_s, _ in cuts.rules))
        self._limit_bytes = _byte_count(cuts.limit_s - cuts.shortest_s)
        self._shortest_bytes = _byte_count(cuts.shortest_s)
        self._hurried_at: int | None = None

    @property
    def tail_frames(self) -> int:
        """Frames fed but not yet in a returned chunk."""
        return (len(self._held) + len(self._pcm)) // BYTES_PER_FRAME

    def feed(self, pcm: bytes) -> list[bytes]:
        """Take 16-bit mono 16 kHz PCM; return the chunks that are now whole."""
        self._pcm += pcm
        chunks: list[bytes] = []
        while len(self._pcm) - self._judged >= WINDOW_BYTES:
            window = bytes(self._pcm[self._judged : self._judged + WINDOW_BYTES])
            self._judged += WINDOW_BYTES
            self._quiet_windows = self._quiet_windows + 1 if self._is_quiet(window) else 0
            self._release(chunks)
            self._note_breath()
            cut = self._cut_at()
            if cut:
                self._held = bytes(self._pcm[:cut])
                del self._pcm[:cut]
                self._judged -= cut
                self._longest_breath = self._breath_cut = 0
                self._hurried_at = None
                # The later half of the quiet opens the next chunk and counts there.
                self._quiet_windows = min(self._quiet_windows, self._judged // WINDOW_BYTES)
                self._release(chunks)
        return chunks

    def hurry(self) -> None:
        """Cut at the next pause, once: the session must end, and a chunk may last half an hour.

        Where chunks are short the next cut is near anyhow, and stays where it is best.
        """
        if self._hurried_at is None and self._cuts.limit_s > SOON_S:
            self._hurried_at = self._judged
            self._longest_breath = self._breath_cut = 0

    def finish(self) -> list[bytes]:
        """Everything that is left: at most two chunks, none if nothing is."""
        rest = bytes(self._pcm)
        held, self._held = self._held, b""
        self._pcm.clear()
        self._judged = self._quiet_windows = self._longest_breath = self._breath_cut = 0
        self._hurried_at = None
        parts = [held + rest] if len(rest) < self._shortest_bytes else [held, rest]
        return [part for part in parts if part]

    def _release(self, chunks: list[bytes]) -> None:
        if self._held and self._judged >= self._shortest_bytes:
            chunks.append(self._held)
            self._held = b""

    def _cut_at(self) -> int:
        """How many bytes the next chunk has, or 0 to go on."""
        if self._held:
            return 0
        # Silence alone is no place to cut: an hour of it would be thousands of chunks.
        nothing_said = self._quiet_windows * WINDOW_BYTES >= self._judged
        spoken_s = self._judged / BYTES_PER_FRAME / SAMPLE_RATE
        quiet_s = self._quiet_windows * WINDOW_FRAMES / SAMPLE_RATE
        for after_s, needed_s in self._rules():
            if spoken_s >= after_s and quiet_s >= needed_s and not nothing_said:
                return self._middle_of_quiet()
        if self._judged + WINDOW_BYTES > self._end_bytes():
            return self._judged if nothing_said else self._breath_cut or self._judged
        return 0

    def _rules(self) -> tuple[tuple[float, float], ...]:
        return self._cuts.rules if self._hurried_at is None else ((0.0, SOON_QUIET_S),)

    def _end_bytes(self) -> int:
        if self._hurried_at is None:
            return self._limit_bytes
        return min(self._limit_bytes, self._hurried_at + _byte_count(SOON_S))

    def _note_breath(self) -> None:
        counts = self._hurried_at is not None or self._judged >= self._breaths_from_bytes
        if self._quiet_windows > self._longest_breath and counts:
            self._longest_breath = self._quiet_windows
            self._breath_cut = self._middle_of_quiet()

    def _middle_of_quiet(self) -> int:
        return self._judged - self._quiet_windows // 2 * WINDOW_BYTES


def _byte_count(duration_s: float) -> int:
    return int(duration_s * SAMPLE_RATE) * BYTES_PER_FRAME
