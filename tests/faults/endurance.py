"""Records for hours in minutes with the whole program and no network, and measures its memory.

`python tests/faults/endurance.py HOURS` prints one JSON object; three hours
are the long form of the test beside it.
"""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scribe_desktop.app import Program  # noqa: E402  found through the line above
from scribe_desktop.domain.order import Order, ServiceRef  # noqa: E402
from scribe_desktop.domain.session import Capture, SessionId  # noqa: E402
from scribe_desktop.services.encoder import decode, decode_chunk  # noqa: E402
from scribe_desktop.services.places import find_places  # noqa: E402
from tests.faults.endless import EndlessSource  # noqa: E402

SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
NOWHERE = ServiceRef("nowhere", "http://127.0.0.1:1/voice/v1", "onprem")
WARM_UP_SHARE = 0.25


def resident_mb() -> float:
    """What this process holds of the memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def endure(speech_s: float) -> dict[str, Any]:
    """Dictate that long without a pause; what was kept of it, and what it took."""
    memory: dict[float, float] = {}

    def look(spoken_s: float) -> None:
        if spoken_s % 10 < 1:
            memory[spoken_s] = resident_mb()

    source = EndlessSource(decode(SAMPLE.read_bytes()), speech_s, look)

    def record(session_id: SessionId, cuts: Any, _name: str, tell: Any) -> Any:
        return program._started(source, session_id, cuts, tell)

    began = time.monotonic()
    with Program(find_places()) as program:
        program.line._record_microphone = record
        over = threading.Event()
        program.line.subscribe(lambda _: over.set())
        program.deliver()
        session_id = program.line.start(Order(service=NOWHERE))
        while program.line.session(session_id).capture is not Capture.STOPPED:
            over.wait(5)
            over.clear()
        session = program.line.session(session_id)
        took_s = time.monotonic() - began
        chunks = (program._spool.chunk(session_id, index) for index in range(session.chunks))
        decoded = sum(len(decode_chunk(chunk)) // 2 for chunk in chunks)
    warm = [mb for at, mb in memory.items() if at >= speech_s * WARM_UP_SHARE]
    return {
        "given_frames": source.given,
        "kept_frames": session.frames,
        "decoded_frames": decoded,
        "chunks": session.chunks,
        "took_s": round(took_s, 1),
        "resident_mb": round(max(memory.values()), 1),
        "growth_mb": round(warm[-1] - warm[0], 2),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="scribe-endurance-") as home:
        os.environ["SCRIBE_DESKTOP_HOME"] = home
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        print(json.dumps(endure(float(sys.argv[1]) * 3600)))  # noqa: T201  its answer
