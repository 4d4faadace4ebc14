"""From the key press to the first sound: our recorder beside a bare PortAudio stream.

    python benchmarks/first_block.py [--virtual] [ROUNDS]

The two take turns on the same microphone, so that both meet the same moods of
the sound system. `--virtual` brings a private PulseAudio with a microphone of
its own. Budget: the recorder's median at most 50 ms above the bare stream's,
and nothing at all with "keep microphone ready" (PRODUCT.md §5).
"""

import contextlib
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scribe_desktop.domain.chunker import LOCAL_CUTS
from scribe_desktop.services.microphones import Microphones
from scribe_desktop.services.recorder import Recorder
from tests.services.memory_spool import MemorySpool

ROUNDS = 20
LONGEST_S = 10.0


@contextlib.contextmanager
def microphone(*, virtual: bool) -> Iterator[str]:
    """The microphone of this computer, or one of our own; yields its PulseAudio name if known."""
    if not virtual:
        yield os.environ.get("PULSE_SOURCE", "")
        return
    from tests.live.virtual_microphone import VirtualMicrophone

    with VirtualMicrophone() as server:
        os.environ.update(server.environment)
        server.plug("desk", default=True)
        yield "desk"


def bare(source: str) -> float:
    """A stream of the library and nothing else: opened, started, first callback."""
    import sounddevice

    first = threading.Event()
    if source:
        os.environ["PULSE_SOURCE"] = source
    names = [device["name"] for device in sounddevice.query_devices()]
    pressed_at = time.monotonic()
    stream = sounddevice.RawInputStream(
        device="pulse" if "pulse" in names else None,
        samplerate=48_000,
        channels=1,
        dtype="float32",
        blocksize=960,
        latency="low",
        callback=lambda *_: first.set(),
    )
    stream.start()
    assert first.wait(LONGEST_S), "no sound from the bare stream"
    took_s = time.monotonic() - pressed_at
    stream.abort()
    stream.close()
    os.environ.pop("PULSE_SOURCE", None)
    return took_s


def ours(microphones: Microphones) -> float:
    """Key press to the moment the recorder has the first block in its hands."""
    spool, first = MemorySpool(), threading.Event()
    session_id = spool.add("ses_bench")
    pressed_at = time.monotonic()
    recorder = Recorder(
        spool,
        microphones.source(),
        session_id,
        LOCAL_CUTS,
        lambda _: None,
        time.time,
        is_quiet=lambda _: True,
        on_first_block=first.set,
    )
    recorder.start()
    assert first.wait(LONGEST_S), "no sound from the recorder"
    took_s = time.monotonic() - pressed_at
    recorder.stop()
    assert recorder.join(LONGEST_S)
    return took_s


def ready(microphones: Microphones) -> float:
    """With the microphone kept ready: how much of the sound after the key press is missing."""
    microphones.keep_ready("")
    time.sleep(0.5)
    spool = MemorySpool()
    session_id = spool.add("ses_bench")
    pressed_at = time.monotonic()
    recorder = Recorder(
        spool,
        microphones.source(),
        session_id,
        LOCAL_CUTS,
        lambda _: None,
        time.time,
        is_quiet=lambda _: True,
    )
    recorder.start()
    time.sleep(0.5)
    held_s = time.monotonic() - pressed_at
    recorder.stop()
    assert recorder.join(LONGEST_S)
    microphones.keep_ready(None)
    return max(held_s - recorder.recorded_frames / 16_000, 0.0)


def milliseconds(times_s: list[float]) -> dict[str, float]:
    """Median and worst."""
    return {
        "median_ms": round(1000 * statistics.median(times_s), 1),
        "worst_ms": round(1000 * max(times_s), 1),
    }


def main() -> None:
    """Print one object."""
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    rounds = int(words[0]) if words else ROUNDS
    with microphone(virtual="--virtual" in sys.argv) as source:
        microphones = Microphones()
        microphones.choices()
        pairs = [(bare(source), ours(microphones)) for _ in range(rounds)]
        missing = [ready(microphones) for _ in range(3)]
        microphones.close()
    bare_s, ours_s = [list(times) for times in zip(*pairs, strict=True)]
    more_s = statistics.median(ours_s) - statistics.median(bare_s)
    print(
        json.dumps(
            {
                "bare": milliseconds(bare_s),
                "recorder": milliseconds(ours_s),
                "ratio": round(statistics.median(ours_s) / statistics.median(bare_s), 2),
                "more_ms": round(1000 * more_s, 1),
                "budget_ms": 50.0,
                "missing_when_ready": milliseconds(missing),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
