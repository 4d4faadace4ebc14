"""Long dictations: nothing is lost where one session goes on in the next, and memory stays flat."""

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import jsonschema
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from scribe_desktop import app
from scribe_desktop.app import Program
from scribe_desktop.call import Wishes
from scribe_desktop.commands import run
from scribe_desktop.domain.audio import SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.notices import Notice, OfferChanged, PartEnding, SessionChanged
from scribe_desktop.domain.rollover import EXPIRY_MARGIN_S
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.server.limits import SESSION_LIFETIME_S
from scribe_desktop.services.encoder import decode
from scribe_desktop.services.places import find_places
from scribe_desktop.services.source import Heard
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.theme import LIGHT
from tests.faults import endurance
from tests.faults.counting_host import PHRASE, CountingSpeech
from tests.faults.endless import EndlessSource
from tests.faults.kill_harness import SAMPLE, worst_snr_db
from tests.faults.real_service import TOKEN, RealService
from tests.server.conftest import Clock

SPEECH_S = 110.0
LONGEST_S = 60
NO_LIMIT_S = 1_000_000
LOOK_EVERY_S = 5
DAY_S = 86_400.0
SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "dictation.json"
FIRST = SessionId("ses_" + "a" * 24)

NEARLY_S = SESSION_LIFETIME_S - EXPIRY_MARGIN_S - 65.0
"""A leap of the clock after which it is foretold, at the next look or the one after it."""

PAUSE_STEP_S = 100.0


class Sleeper(EndlessSource):
    """Gives nothing while it is paused; `each_pause_step` is called instead."""

    def __init__(self, *given: Any, each_pause_step: Callable[[], None]) -> None:
        super().__init__(*given)
        self._each_pause_step = each_pause_step
        self._is_paused = False

    def read(self, timeout_s: float) -> Sequence[Heard]:
        if self._is_paused:
            if self._may_go_on(timeout_s):
                self._each_pause_step()
            return ()
        return super().read(timeout_s)

    def pause(self) -> None:
        self._is_paused = True

    def resume(self) -> None:
        self._is_paused = False


class Long:
    """A dictation to a service whose clock goes on with the speech, and leaps when told."""

    def __init__(self, folder: Path, *, ahead_s: float = 0.0, longest_s: int = NO_LIMIT_S) -> None:
        self.pcm = decode(SAMPLE.read_bytes())
        self.clock = Clock(time.time() + ahead_s)
        self.service = RealService(folder / "service", self.clock, CountingSpeech, longest_s)
        self.url = f"http://127.0.0.1:{self.service.port}/voice/v1"
        self.told: list[PartEnding] = []
        self.stopped_at: dict[SessionId, float] = {}
        self._changed = threading.Condition()

    def begin(self, program: Program) -> None:
        self.line = program.line
        self.program = program
        self.line._rolling_over._since_boot = self.clock
        self.line.subscribe(self._hear)
        ref = self.line.service_named(self.url, "onprem")
        self.line.use_token(ref, TOKEN)
        heard_of(program, lambda: program._directory.prepare(ref))

    def hears(self, source: EndlessSource) -> None:
        self.source = source

        def record(session_id: SessionId, cuts: Any, _name: str, tell: Any) -> Any:
            return self.program.hearing.record(source, session_id, cuts, tell)

        self.line._record_microphone = record

    def dictate(self) -> dict[str, Any]:
        request: dict[str, Any] = {
            "command": "dictate",
            "session_id": FIRST,
            "mic": "any",
            "service": self.url,
            "dialect": "onprem",
            "template": ["soap"],
        }
        wishes = Wishes(threading.Event(), threading.Event())
        return run(self.program, request, self._emit, wishes)

    def _emit(self, message: dict[str, Any]) -> None:
        if "warning" in message:
            self.warnings.append(message["warning"])

    def __enter__(self) -> Self:
        self.warnings: list[str] = []
        return self

    def __exit__(self, *_: object) -> None:
        self.service.close()

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, PartEnding):
            self.told.append(notice)
        if isinstance(notice, SessionChanged):
            session = notice.session
            if session.capture is Capture.STOPPED:
                self.stopped_at.setdefault(session.session_id, self.clock.at)
            with self._changed:
                self._changed.notify_all()

    def go_on(self, by_s: float) -> None:
        """So much later: look, as every five seconds."""
        self.clock.at += by_s
        self.line.look_after()

    def keeps_up(self, timeout_s: float) -> bool:
        """Whether the network does: nobody speaks on before the service has what was said."""
        with self._changed:
            return self._changed.wait_for(self._has_all, timeout_s)

    def look_every_five(self, spoken_s: float) -> None:
        """The look that the program takes every five seconds, on the clock of the speech."""
        if round(spoken_s) % LOOK_EVERY_S == 0:
            self.go_on(LOOK_EVERY_S)

    def _has_all(self) -> bool:
        return all(map(_is_delivered_so_far, self.line.sessions()))

    @property
    def chain(self) -> tuple[Session, ...]:
        return self.line.dictation(FIRST).sessions

    def chunks_of(self, session: Session) -> list[EncodedChunk]:
        spool = self.program._spool
        return [spool.chunk(session.session_id, i) for i in range(session.chunks)]

    def assert_nothing_is_lost(self, sessions: Sequence[Session]) -> None:
        """Not a sample lost at a join, none twice; and the service has every chunk."""
        assert sum(session.frames for session in sessions) == self.source.given
        assert sum(len(session.gaps) for session in sessions) == 0
        heard = np.resize(np.frombuffer(self.pcm, "<i2"), self.source.given)
        parts = [self.chunks_of(session) for session in sessions]
        assert worst_snr_db([chunk for part in parts for chunk in part], heard) >= 15
        for session, part in zip(sessions, parts, strict=True):
            assert session.remote is not None
            here = [hashlib.sha256(chunk.body).hexdigest() for chunk in part]
            assert self.service.digests(session.remote.remote_id) == here
        assert [seen for seen in self.service.seen if seen.endswith(" 410")] == []


def _is_delivered_so_far(session: Session) -> bool:
    if session.capture is Capture.STARTING or session.chunks == 0:
        # Of one that was rolled over into in a pause, or never used, the service need not know.
        return session.capture is not Capture.RECORDING or session.remote is not None
    if session.capture is Capture.STOPPED:
        return session.delivery in {Delivery.ENDED, Delivery.RESOLVED}
    return session.remote is not None and session.accepted == session.files


@pytest.fixture(autouse=True)
def _only_looks_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    # The program's own looks come by the real clock, which has nothing to do with the speech.
    monkeypatch.setattr(app, "LOOK_EVERY_S", 1e6)


@pytest.mark.parametrize("ahead_s", [0.0, DAY_S, -DAY_S])
def test_a_dictation_that_outlasts_the_service_goes_on_in_linked_sessions(
    tmp_path: Path, ahead_s: float
) -> None:
    with (
        Long(tmp_path, ahead_s=ahead_s, longest_s=LONGEST_S) as long,
        Program(find_places()) as program,
    ):
        long.begin(program)

        long.hears(EndlessSource(long.pcm, SPEECH_S, long.look_every_five, long.keeps_up))
        answer = long.dictate()
        # The last one is empty where the speech ended before the next cut.
        sessions = [session for session in long.chain if not session.is_empty]
        long.assert_nothing_is_lost(sessions)

    # Told as one.
    record = answer["record"]
    jsonschema.validate(record, json.loads(SCHEMA.read_text()))
    assert answer["exit_code"] == 0
    assert record["session_id"] == FIRST
    assert record["status"] == "completed"
    assert record["audio_seconds"] == SPEECH_S
    # As many as without a wrong clock.
    assert len(record["remote_session_ids"]) == len(sessions) == 3
    said = [f"{session.frames} frames of {PHRASE}" for session in sessions]
    assert record["transcript"] == "\n".join(said)
    # No session is longer than the service takes, and each end was foretold at the terminal.
    assert all(session.frames <= LONGEST_S * SAMPLE_RATE for session in sessions)
    assert len(long.told) == len(long.warnings)
    assert {notice.session_id for notice in long.told} >= {one.session_id for one in sessions[:-1]}
    assert all("without a break" in warning for warning in long.warnings)


@pytest.mark.parametrize("ahead_s", [0.0, DAY_S, -DAY_S])
def test_a_dictation_outlives_the_sessions_of_the_service(tmp_path: Path, ahead_s: float) -> None:
    leaps = {10: NEARLY_S, 20: 65.0, 50: NEARLY_S, 60: 65.0}
    with Long(tmp_path, ahead_s=ahead_s) as long, Program(find_places()) as program:
        long.begin(program)

        def each_second(spoken_s: float) -> None:
            leap_s = leaps.get(round(spoken_s), 0.0)
            if leap_s or round(spoken_s) % LOOK_EVERY_S == 0:
                long.go_on(leap_s + LOOK_EVERY_S)

        long.hears(EndlessSource(long.pcm, 90.0, each_second, long.keeps_up))
        answer = long.dictate()
        sessions = [session for session in long.chain if not session.is_empty]
        long.assert_nothing_is_lost(sessions)
    assert answer["record"]["status"] == "completed"
    assert len(sessions) == 3
    # Foretold once before each, and cut before the service's own clock ended it.
    assert [notice.session_id for notice in long.told] == [s.session_id for s in sessions[:-1]]
    for session in sessions:
        assert session.remote is not None
        assert session.remote.expires_at is not None
        assert long.stopped_at[session.session_id] < session.remote.expires_at
        assert session.past_remote_ids == ()


def test_a_long_pause_outlives_the_sessions_of_the_service(tmp_path: Path) -> None:
    with Long(tmp_path) as long, Program(find_places()) as program:
        long.begin(program)
        steps = iter(range(round(1.5 * SESSION_LIFETIME_S / PAUSE_STEP_S)))

        def each_second(spoken_s: float) -> None:
            long.go_on(1.0)
            if round(spoken_s) == 10:
                long.line.pause()

        def each_pause_step() -> None:
            if next(steps, None) is None:
                long.line.resume()
            else:
                long.go_on(PAUSE_STEP_S)

        given = (long.pcm, 20.0, each_second, long.keeps_up)
        long.hears(Sleeper(*given, each_pause_step=each_pause_step))
        answer = long.dictate()
        chain = long.chain
        sessions = [session for session in chain if not session.is_empty]
        long.assert_nothing_is_lost(sessions)
    assert answer["record"]["status"] == "completed"
    # What was said before the pause went home long before its end.
    assert next(steps, None) is None
    # In the pause itself there is nothing that could grow old: one more part, and no empty ones.
    assert len(sessions) == len(chain) == 2
    for session in chain:
        assert session.remote is not None
        assert session.remote.expires_at is not None
        assert long.stopped_at[session.session_id] < session.remote.expires_at


def test_the_chain_is_one_dictation_in_the_window(tmp_path: Path, qtbot: QtBot) -> None:
    with Long(tmp_path, longest_s=LONGEST_S) as long, Program(find_places()) as program:
        long.begin(program)

        long.hears(EndlessSource(long.pcm, 55.0, long.look_every_five, long.keeps_up))
        bridge = Bridge(program.line)
        window = MainWindow(program.line, bridge)
        qtbot.addWidget(window, before_close_func=lambda one: one.close_without_asking())
        window.use(LIGHT)
        window.show()
        with ThreadPoolExecutor(1) as thread:
            dictated = thread.submit(long.dictate)
            qtbot.waitUntil(dictated.done, timeout=60_000)
        answer = dictated.result()
        qtbot.waitUntil(lambda: window.results.state.word == "Ready", timeout=10_000)
        sessions = [session for session in long.chain if not session.is_empty]
        assert len(sessions) >= 2
        assert window.list.model.rowCount() == 1
        assert window.results.shown is not None
        assert window.results.shown.session.session_id == FIRST
        assert window.results.shown.session.frames == long.source.given
        window.results.tab_bar.setCurrentIndex(0)
        said = [f"{session.frames} frames of {PHRASE}" for session in sessions]
        assert window.results.reader.toPlainText() == "\n".join(said)
        assert answer["record"]["transcript"] == "\n".join(said)
        # The word that it would go on elsewhere went when it had gone on.
        assert long.told
        assert not window.strip.isVisible()
        bridge.close()


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
    # On a clock that runs with the speech it went on in linked sessions, delivered meanwhile.
    assert measured["linked_sessions"] >= 3
    assert measured["completed"]
    assert measured["delivered"] == measured["chunks"]
    assert measured["lapsed"] == 0
    assert measured["worst_snr_db"] >= 15
