"""Long dictations: nothing is lost where one session goes on in the next, and memory stays flat."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from scribe_desktop.app import Program
from scribe_desktop.call import Wishes
from scribe_desktop.commands import run
from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.notices import Notice, OfferChanged
from scribe_desktop.domain.session import SessionId
from scribe_desktop.services.encoder import decode
from scribe_desktop.services.places import find_places
from tests.faults import endurance
from tests.faults.counting_host import PHRASE, CountingSpeech
from tests.faults.endless import EndlessSource
from tests.faults.kill_harness import SAMPLE, worst_snr_db
from tests.faults.real_service import TOKEN, RealService
from tests.server.conftest import Clock

SPEECH_S = 110.0
LONGEST_S = 60
LOOK_EVERY_S = 5
SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "dictation.json"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RealService]:
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech, LONGEST_S)
    yield service
    service.close()


def test_a_dictation_that_outlasts_the_service_goes_on_in_linked_sessions(
    service: RealService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    pcm = decode(SAMPLE.read_bytes())
    url = f"http://127.0.0.1:{service.port}/voice/v1"
    with Program(find_places()) as program:
        line = program.line

        def each_second(spoken_s: float) -> None:
            # The look that the program takes every five seconds, on the clock of the speech.
            if round(spoken_s) % LOOK_EVERY_S == 0:
                line.look_after()

        source = EndlessSource(pcm, SPEECH_S, each_second)

        def record(session_id: SessionId, cuts: Any, _name: str, tell: Any) -> Any:
            return program._started(source, session_id, cuts, tell)

        line._record_microphone = record
        ref = line.service_named(url, "onprem")
        line.use_token(ref, TOKEN)
        heard_of(program, lambda: program._directory.prepare(ref))
        request: dict[str, Any] = {
            "command": "dictate",
            "session_id": "ses_" + "a" * 24,
            "mic": "any",
            "service": url,
            "dialect": "onprem",
            "template": ["soap"],
        }
        answer = run(program, request, lambda _: None, Wishes(threading.Event(), threading.Event()))
        chain = line.dictation(SessionId(request["session_id"])).sessions
        # The last one is empty where the speech ended before the next cut.
        sessions = [session for session in chain if not session.is_empty]
        chunks = [
            [program._spool.chunk(session.session_id, i) for i in range(session.chunks)]
            for session in sessions
        ]

    # Told as one.
    record_ = answer["record"]
    jsonschema.validate(record_, json.loads(SCHEMA.read_text()))
    assert answer["exit_code"] == 0
    assert record_["session_id"] == request["session_id"]
    assert record_["status"] == "completed"
    assert record_["audio_seconds"] == SPEECH_S
    assert len(record_["remote_session_ids"]) == len(sessions) >= 3
    said = [f"{session.frames} frames of {PHRASE}" for session in sessions]
    assert record_["transcript"] == "\n".join(said)
    # Not a sample lost at a join, none twice, and no session longer than the service takes.
    assert sum(session.frames for session in sessions) == source.given == SPEECH_S * SAMPLE_RATE
    assert all(session.frames <= LONGEST_S * SAMPLE_RATE for session in sessions)
    heard = np.resize(np.frombuffer(pcm, "<i2"), source.given)
    assert worst_snr_db([chunk for part in chunks for chunk in part], heard) >= 15
    for session, part in zip(sessions, chunks, strict=True):
        assert session.remote is not None
        here = [hashlib.sha256(chunk.body).hexdigest() for chunk in part]
        assert service.digests(session.remote.remote_id) == here


def heard_of(program: Program, ask: Callable[[], None]) -> None:
    """Wait until the service said what it offers."""
    known = threading.Event()

    def hear(notice: Notice) -> None:
        if isinstance(notice, OfferChanged):
            known.set()

    end = program.line.subscribe(hear)
    ask()
    assert known.wait(20)
    end()


def test_memory_stays_flat_while_somebody_dictates(tmp_path: Path) -> None:
    """Two minutes; three hours are `python tests/faults/endurance.py 3`."""
    minutes = 2
    done = subprocess.run(
        [sys.executable, endurance.__file__, str(minutes / 60)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=120,
    )
    measured = json.loads(done.stdout)
    assert measured["given_frames"] == minutes * 60 * SAMPLE_RATE
    assert measured["kept_frames"] == measured["decoded_frames"] == measured["given_frames"]
    assert measured["growth_mb"] < 5, measured
