"""The judge of quiet only has to be right about where nobody speaks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scribe_desktop.domain.chunker import WINDOW_BYTES
from scribe_desktop.services.voice import (
    THREAD_LIMIT,
    silero_judge,
    voice_detector,
    webrtc_judge,
)


def test_silence_is_quiet_for_the_detector_of_this_computer() -> None:
    is_quiet = voice_detector()
    assert all(is_quiet(bytes(WINDOW_BYTES)) for _ in range(50))


@pytest.mark.parametrize("before", [None, "7"])
def test_the_detector_is_loaded_without_a_trace_in_the_environment(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if before is None:
        monkeypatch.delenv(THREAD_LIMIT, raising=False)
    else:
        monkeypatch.setenv(THREAD_LIMIT, before)
    voice_detector()
    assert os.environ.get(THREAD_LIMIT) == before


def test_the_detector_starts_no_threads_of_its_own() -> None:
    counted = (
        "import os; from scribe_desktop.services.voice import voice_detector;"
        "before = len(os.listdir('/proc/self/task')); judge = voice_detector();"
        "judge(bytes(range(256)) * 4); print(len(os.listdir('/proc/self/task')) - before)"
    )
    if not Path("/proc/self/task").exists():
        pytest.skip("threads can be counted on Linux")
    told = subprocess.run(
        [sys.executable, "-c", counted], capture_output=True, text=True, check=True, timeout=60
    )
    assert told.stdout.strip() == "0"


def test_an_inaudible_window_does_not_wake_the_detector() -> None:
    def wake(audio: bytes) -> float:
        raise AssertionError("asked about silence")

    assert silero_judge(wake)((20).to_bytes(2, "little") * 512)


@pytest.mark.parametrize(
    ("likely", "quiet"), [(0.1, True), (0.49, True), (0.5, False), (0.9, False)]
)
def test_speech_is_what_the_detector_finds_likely(likely: float, *, quiet: bool) -> None:
    loud = (9_000).to_bytes(2, "little") * 512
    assert silero_judge(lambda _: likely)(loud) is quiet


def test_the_older_detector_is_asked_in_pieces_of_ten_milliseconds() -> None:
    asked: list[int] = []

    def is_speech(frame: bytes) -> bool:
        asked.append(len(frame))
        return len(asked) == 3

    assert not webrtc_judge(is_speech)(bytes(WINDOW_BYTES))
    assert asked == [320, 320, 320]
    assert webrtc_judge(lambda _: False)(bytes(WINDOW_BYTES))
