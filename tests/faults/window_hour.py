"""Dictates into the real window for an hour of real time, and measures whether it ever stalled.

`python tests/faults/window_hour.py MINUTES [STACKS]` says on stderr how it goes
and prints one JSON object; STACKS is a file for what all threads did in stalls.
A virtual microphone hears the recordings of this project over and over; the
local service transcribes with its real engine; a bare event loop beats beside
the window, because a busy computer makes both late.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scribe_desktop.domain.audio import SAMPLE_RATE, seconds  # noqa: E402  found through the above
from scribe_desktop.domain.session import Session  # noqa: E402
from scribe_desktop.services.credentials import Credentials  # noqa: E402
from scribe_desktop.services.encoder import decode_chunk  # noqa: E402
from scribe_desktop.services.places import HOME_VARIABLE, find_places  # noqa: E402
from scribe_desktop.services.spool import Spool  # noqa: E402
from tests.faults.heartbeat import BEAT_MS, LATE_MS  # noqa: E402
from tests.live.desktop_stage import Stage, wait_for  # noqa: E402
from tests.live.virtual_microphone import RATE, VirtualMicrophone  # noqa: E402

RECORDINGS = (
    ROOT / "resources" / "sample" / "01_htn.flac",
    ROOT / "tests" / "recordings" / "jfk.flac",
)
PROGRAM = Path(__file__).with_name("program_with_heartbeat.py")
AS_INSTALLED = """
import runpy, sys
sys.modules["rich"] = None
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Without what only the tests brought: ten megabytes for a command line of httpx's own."""

LOOK_S = 10.0
SETTLED_S = 60.0
"""Memory is first looked at when everything was used once."""

READY_S = 60.0
RESULT_S = 900.0


@dataclass
class Looks:
    """What was seen of the window from outside, at each look."""

    minutes: list[float]
    resident_mb: list[float]
    own_mb: list[float]
    disk_mb: list[float]

    def at(self, minutes: float) -> tuple[float, float]:
        """Megabytes resident, and of them the window's own, at the look nearest to that minute."""
        nearest = min(range(len(self.minutes)), key=lambda i: abs(self.minutes[i] - minutes))
        return self.resident_mb[nearest], self.own_mb[nearest]


class Hour:
    """One dictation of `minutes` into a window of its own."""

    def __init__(self, folder: Path, minutes: float) -> None:
        self._minutes = minutes
        self._home = folder / "home"
        self._folder = folder
        self._beat, self._bare_beat = folder / "beat.json", folder / "bare.json"
        self._count = folder / "count.json"
        self._environment: dict[str, str] = {}

    def run(self) -> dict[str, Any]:
        """Record, stop, wait for the text; what was measured."""
        (self._home / "config").mkdir(parents=True)
        (self._home / "config" / "settings.json").write_text('{"first_run_done": true}')
        with VirtualMicrophone() as microphone, Stage(self._folder) as stage:
            microphone.plug("headset", default=True)
            self._environment = {
                **stage.environment,
                **microphone.environment,
                HOME_VARIABLE: str(self._home),
                "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
                "PYTHONPATH": str(ROOT),
                "QT_QPA_PLATFORM": "xcb",
                # An installed program has its bytecode; compiling it would be measured too.
                "PYTHONDONTWRITEBYTECODE": "",
            }
            bare = stage.child(self._command(self._bare_beat, "--bare"), self._environment)
            window = stage.child(self._command(self._beat, str(self._count)), self._environment)
            wait_for(self._beat.exists, "the window", READY_S)
            with speaking(microphone):
                looks, took = self._dictate(window.pid)
            window.terminate()
            window.wait(10)
            bare.terminate()
            bare.wait(10)
        return self._measured(looks, took)

    def keep_stacks(self, path: Path) -> None:
        """What every thread did during the worst stalls, for whoever looks for the cause."""
        path.write_bytes(self._beat.with_suffix(".stacks").read_bytes())

    def _command(self, *arguments: Path | str) -> list[str]:
        return [sys.executable, "-c", AS_INSTALLED, str(PROGRAM), *map(str, arguments)]

    def _say(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "scribe_desktop", *command],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def _statuses(self) -> set[str]:
        """Of all linked sessions: an hour outlasts what a service takes in one."""
        return {str(session["status"]) for session in json.loads(self._say("sessions", "--json"))}

    def _dictate(self, pid: int) -> tuple[Looks, dict[str, float]]:
        self._say("start")
        wait_for(lambda: "recording" in self._statuses(), "the first sound", READY_S)
        began = time.monotonic()
        looks = Looks([], [], [], [])
        pause = threading.Event()
        while (left_s := self._minutes * 60 - (time.monotonic() - began)) > 0:
            pause.wait(min(LOOK_S, left_s))
            self._look(looks, pid, (time.monotonic() - began) / 60)
        spoken_s = time.monotonic() - began
        self._say("stop")
        stopped = time.monotonic()
        wait_for(lambda: self._statuses() <= {"completed", "partial"}, "the text", RESULT_S)
        return looks, {"spoken_s": spoken_s, "text_s": time.monotonic() - stopped}

    def _look(self, looks: Looks, pid: int, minutes: float) -> None:
        looks.minutes.append(minutes)
        resident, own = _memory_mb(pid)
        looks.resident_mb.append(resident)
        looks.own_mb.append(own)
        looks.disk_mb.append(_size_mb(self._home / "data"))
        beat = json.loads(self._beat.read_text())
        print(  # noqa: T201  progress
            f"{minutes:5.1f} of {self._minutes:.0f} min: {resident:.0f} MB, {own:.0f} its own, "
            f"{looks.disk_mb[-1]:.1f} MB on disk, longest stall "
            f"{beat['longest']['late_ms'] if beat['longest'] else 0:.0f} ms, "
            f"{beat['over_50_ms']} over 50 ms",
            file=sys.stderr,
            flush=True,
        )

    # --- afterwards ------------------------------------------------------------------

    def _measured(self, looks: Looks, took: dict[str, float]) -> dict[str, Any]:
        beat, bare = _felt(self._beat), _felt(self._bare_beat)
        count = json.loads(self._count.read_text())
        sessions, decoded = self._kept()
        kept = sum(session.frames for session in sessions)
        given = count["given"] * SAMPLE_RATE // count["rate"]
        taken = count["taken"] * SAMPLE_RATE // count["rate"]
        settled = min(SETTLED_S / 60, self._minutes / 2)
        (start, own_start), (ten, own_ten) = looks.at(settled), looks.at(10)
        return {
            "minutes": round(took["spoken_s"] / 60, 2),
            "niceness": os.nice(0),
            "given_frames": given,
            "taken_frames": taken,
            "kept_frames": kept,
            "sessions": len(sessions),
            "decoded_frames": decoded,
            "blocks": count["blocks"],
            "lost_s": round(max(seconds(taken - kept), 0.0), 3),
            "clock_s": round(took["spoken_s"], 1),
            "gaps": [
                [seconds(gap.at_frame), gap.seconds_lost, gap.reason]
                for session in sessions
                for gap in session.gaps
            ],
            "chunks": sum(session.chunks for session in sessions),
            "outcome": " ".join(sorted({str(session.outcome or "") for session in sessions})),
            "stop_to_text_s": round(took["text_s"], 1),
            "memory_start_mb": start,
            "memory_10_min_mb": ten,
            "memory_end_mb": looks.resident_mb[-1],
            "memory_most_mb": max(looks.resident_mb),
            "own_memory_start_mb": own_start,
            "own_memory_10_min_mb": own_ten,
            "own_memory_end_mb": looks.own_mb[-1],
            "own_memory_most_mb": max(looks.own_mb),
            "disk_spool_mb": _size_mb(find_places({HOME_VARIABLE: str(self._home)}).spool),
            "disk_service_mb": _size_mb(find_places({HOME_VARIABLE: str(self._home)}).service),
            "disk_most_mb": max(looks.disk_mb),
            **stalls(beat, bare),
        }

    def _kept(self) -> tuple[list[Session], int]:
        places = find_places({HOME_VARIABLE: str(self._home)})
        key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
        spool = Spool.open(places.spool, key, now=time.time)
        try:
            # The last one of a dictation is empty where it ended before the next cut.
            sessions = [session for session in spool.sessions() if not session.is_empty]
            chunks = (
                spool.chunk(session.session_id, index)
                for session in sessions
                for index in range(session.chunks)
            )
            return sessions, sum(len(decode_chunk(chunk)) // 2 for chunk in chunks)
        finally:
            spool.close()


def _felt(record: Path) -> dict[str, Any]:
    """What one heartbeat left behind."""
    lines = record.with_suffix(".late").read_text(encoding="utf-8").splitlines()
    felt: dict[str, Any] = json.loads(record.read_text())
    return felt | {"late": [json.loads(line) for line in lines]}


def stalls(beat: dict[str, Any], bare: dict[str, Any]) -> dict[str, Any]:
    """How late the window was, how late a bare loop was, and which of it was the window's own."""
    late = [stall for stall in beat["late"] if stall["late_ms"] > LATE_MS]
    elsewhere = [
        (one["at_s"] - (one["late_ms"] + BEAT_MS) / 1000, one["at_s"]) for one in bare["late"]
    ]

    def is_own(stall: dict[str, Any]) -> bool:
        """No processor was refused to it, and the bare loop beat on time meanwhile."""
        began = stall["at_s"] - (stall["late_ms"] + BEAT_MS) / 1000
        together = any(start < stall["at_s"] and began < end for start, end in elsewhere)
        return not together and stall["late_ms"] - stall["queued_ms"] > LATE_MS

    own = [stall for stall in late if is_own(stall)]
    longest, bare_longest = beat["longest"]["late_ms"], bare["longest"]["late_ms"]
    return {
        "beats": beat["beats"],
        "bare_beats": bare["beats"],
        "longest_ms": round(longest, 1),
        "bare_longest_ms": round(bare_longest, 1),
        "ratio": round(longest / max(bare_longest, 1.0), 2),
        "over_50_ms": len(late),
        "bare_over_50_ms": sum(one["late_ms"] > LATE_MS for one in bare["late"]),
        "own_over_50_ms": len(own),
        "own_longest_ms": round(max((stall["late_ms"] for stall in own), default=0.0), 1),
        "longest_work_ms": round(max((s["cpu_ms"] for s in beat["late"]), default=0.0), 1),
        "own": own,
    }


@contextlib.contextmanager
def speaking(microphone: VirtualMicrophone) -> Iterator[None]:
    """Somebody speaks into the microphone without an end."""
    sound = b"".join(_spoken(RECORDINGS))
    speaker = subprocess.Popen(
        [
            "pacat",
            "--playback",
            "-d",
            "feed_headset",
            "--format=s16le",
            f"--rate={RATE}",
            "--channels=1",
            "--latency-msec=400",
            "--raw",
        ],
        env={**os.environ, **microphone.environment},
        stdin=subprocess.PIPE,
    )
    assert speaker.stdin

    def speak() -> None:
        # The pipe breaks when the speaker is ended, and only then.
        with contextlib.suppress(BrokenPipeError):
            while True:
                speaker.stdin.write(sound)  # type: ignore[union-attr]

    voice = threading.Thread(target=speak, daemon=True)
    voice.start()
    try:
        yield
    finally:
        speaker.terminate()
        speaker.wait(10)
        voice.join(10)
        with contextlib.suppress(BrokenPipeError):
            speaker.stdin.close()


def _spoken(recordings: Sequence[Path]) -> Iterator[bytes]:
    for path in recordings:
        with av.open(str(path)) as recording:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            for frame in recording.decode(audio=0):
                for block in resampler.resample(frame):
                    yield np.ascontiguousarray(block.to_ndarray()[0]).tobytes()


def _memory_mb(pid: int) -> tuple[float, float]:
    """All that is resident, and of that what is not a mapped file: what a task manager shows."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {row.partition(":")[0]: int(row.split()[1]) for row in rows}
    return round(kilobytes["Rss"] * 1.024e-3, 1), round(kilobytes["Anonymous"] * 1.024e-3, 1)


def _size_mb(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 2)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="scribe-hour-") as scratch:
        hour = Hour(Path(scratch), float(sys.argv[1]))
        print(json.dumps(hour.run()))  # noqa: T201  its answer
        if len(sys.argv) > 2:
            hour.keep_stacks(Path(sys.argv[2]))
