"""Nothing that was heard is lost, whatever the disk, the device or the clinician does."""

import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.chunker import LOCAL_CUTS, SINGLE_CUTS, Cuts, remote_cuts
from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import (
    MicrophoneChanged,
    MicrophoneState,
    Notice,
    SilenceNoticed,
    SpoolTrouble,
    Trouble,
)
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.domain.vigil import Patience
from scribe_desktop.services.encoder import decode, decode_chunk, encode_wav
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Heard, Missed, Shape
from scribe_desktop.services.spool import Spool
from tests.services.memory_spool import MemorySpool
from tests.services.scripted_source import ScriptedSource
from tests.services.sounds import loud_is_speech, pcm16, samples_of, snr_db, speechlike

Script = list[Heard | Callable[[], None]]
QUICK = Cuts(rules=((0.5, 0.1),), limit_s=1.5)


def blocks(pcm: bytes, frames: int = 320) -> Script:
    return [Block(pcm[at : at + 2 * frames]) for at in range(0, len(pcm), 2 * frames)]


class Take:
    """One dictation into a spool in memory; WAV chunks, so that bits can be compared."""

    def __init__(self, cuts: Cuts = QUICK, patience: Patience | None = None) -> None:
        self.spool = MemorySpool()
        self.session_id = self.spool.add("ses_1")
        self.notices: list[Notice] = []
        self.cues = 0
        self.source = ScriptedSource([])
        self.cuts = cuts
        self.patience = patience
        self.clock = 100.0
        self.recorder = self.with_source(self.source)

    def with_source(self, source: ScriptedSource) -> Recorder:
        self.source = source
        self.recorder = Recorder(
            self.spool,
            source,
            self.session_id,
            self.cuts,
            self.notices.append,
            lambda: 1_000.0,
            clock=lambda: self.clock,
            is_quiet=loud_is_speech,
            encoding=encode_wav,
            on_first_block=self.cue,
            patience=self.patience,
        )
        return self.recorder

    def pause(self) -> None:
        self.recorder.pause()

    def resume(self) -> None:
        self.recorder.resume()

    def stop(self) -> None:
        self.recorder.stop()

    def still_here(self) -> None:
        self.recorder.still_here()

    def cue(self) -> None:
        assert not self.spool.tails[self.session_id]
        self.cues += 1

    def hear(self, script: Script) -> Session:
        recorder = self.with_source(ScriptedSource(script))
        recorder.start()
        assert recorder.join(20)
        return self.session

    @property
    def session(self) -> Session:
        return self.spool.stored[self.session_id]

    def sealed(self, session_id: SessionId | None = None) -> bytes:
        chunks = self.spool.chunks[session_id or self.session_id]
        return b"".join(decode_chunk(chunk) for chunk in chunks)

    def told(self, kind: type[Notice]) -> list[Notice]:
        return [notice for notice in self.notices if isinstance(notice, kind)]


def test_what_was_heard_is_sealed_bit_for_bit() -> None:
    take, pcm = Take(), pcm16(speechlike(6.0))
    session = take.hear(blocks(pcm))
    assert take.sealed() == pcm
    assert session.capture is Capture.STOPPED
    assert (session.started_at, session.stopped_at) == (1_000.0, 1_000.0)
    assert session.frames == take.recorder.recorded_frames == len(pcm) // 2
    assert [chunk.index for chunk in take.spool.chunks[take.session_id]] == list(
        range(session.chunks)
    )
    assert session.chunks > 3
    assert take.cues == 1
    assert take.recorder.first_block_s == 0.0
    assert take.source.did[-1] == "close"


PCM = pcm16(speechlike(4.0, seed=5))


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, len(PCM) // 2), max_size=30).map(sorted))
def test_how_the_device_splits_it_makes_no_difference(cuts: list[int]) -> None:
    edges = [0, *cuts, len(PCM) // 2]
    take = Take()
    take.hear([Block(PCM[2 * a : 2 * b]) for a, b in pairwise(edges)])
    assert take.sealed() == PCM
    whole = Take()
    whole.hear(blocks(PCM))
    assert [c.frames for c in take.spool.chunks[take.session_id]] == [
        c.frames for c in whole.spool.chunks[whole.session_id]
    ]


def test_speech_is_on_disk_within_half_a_second() -> None:
    take, pcm = Take(cuts=remote_cuts()), pcm16(speechlike(3.0))
    loose: list[int] = []

    def look() -> None:
        loose.append(take.recorder.recorded_frames - len(take.spool.tails[take.session_id]) // 2)

    take.hear([line for block in blocks(pcm) for line in (block, look)])
    assert 0 < max(loose) <= 0.5 * 16_000
    assert take.sealed() == pcm


def test_stopped_before_the_first_block_is_an_empty_session() -> None:
    take = Take()
    session = take.hear([])
    assert session.is_empty
    assert take.cues == 0
    assert take.recorder.first_block_s is None


def test_a_microphone_that_cannot_open_is_told_and_leaves_an_empty_session() -> None:
    class Broken(ScriptedSource):
        def open(self) -> None:
            raise MicrophoneError("There is no microphone.", "Connect one.")

    take = Take()
    recorder = take.with_source(Broken([]))
    recorder.start()
    assert recorder.join(20)
    assert take.session.is_empty
    assert take.notices == [
        MicrophoneChanged(MicrophoneState.LOST, "There is no microphone.", "Connect one.")
    ]
    assert recorder.is_heard, "it is over, and must not darken the light of another"


def test_it_knows_whether_sound_arrives() -> None:
    take, pcm, seen = Take(), pcm16(speechlike(0.4)), list[bool]()

    def look() -> None:
        seen.append(recorder.is_heard)

    script: Script = [*blocks(pcm), look]
    for state in (MicrophoneState.STALLED, MicrophoneState.LOST, MicrophoneState.HEARD):
        script += [MicrophoneChanged(state), look]
    recorder = take.with_source(ScriptedSource(script))
    recorder.start()
    assert recorder.join(20)
    assert seen == [True, False, False, True]


def test_stop_takes_what_was_spoken_until_the_key_press() -> None:
    take, pcm = Take(), pcm16(speechlike(1.0))
    session = take.hear([*blocks(pcm[:16_000]), take.stop, *blocks(pcm[16_000:])])
    assert "stop" in take.source.did
    assert take.sealed() == pcm
    assert session.capture is Capture.STOPPED


def test_a_source_that_hangs_after_stop_is_left_behind() -> None:
    take, pcm = Take(), pcm16(speechlike(0.4))

    def hang() -> None:
        take.clock += 1.0

    take.hear([*blocks(pcm), take.stop, *[hang] * 1_000])
    assert take.sealed() == pcm


def test_pause_and_resume_go_on_in_one_time_line() -> None:
    take, pcm = Take(), pcm16(speechlike(3.0))
    seen: list[Capture] = []
    script: Script = [
        *blocks(pcm[:32_000]),
        take.pause,
        lambda: seen.append(take.session.capture),
        take.pause,
        take.resume,
        lambda: seen.append(take.session.capture),
        *blocks(pcm[32_000:]),
    ]
    session = take.hear(script)
    assert seen == [Capture.PAUSED, Capture.RECORDING]
    assert take.source.did == ["open", "pause", "resume", "close", "close"]
    assert take.sealed() == pcm
    assert session.gaps == ()


def test_stopped_while_paused_seals_all_of_it() -> None:
    take, pcm = Take(), pcm16(speechlike(1.2))
    take.hear([*blocks(pcm), take.pause, take.stop])
    assert take.sealed() == pcm
    assert take.session.capture is Capture.STOPPED


def test_paused_before_the_first_block_waits_for_resume() -> None:
    take, pcm = Take(), pcm16(speechlike(1.0))
    script: Script = [take.pause, take.resume, *blocks(pcm)]
    assert take.hear(script).chunks > 0
    assert take.sealed() == pcm


def test_a_gap_lies_where_the_sound_was_missing() -> None:
    take, pcm = Take(), pcm16(speechlike(3.0))
    session = take.hear(
        [
            *blocks(pcm[:48_000]),
            Missed(2.5, "the microphone was unplugged"),
            *blocks(pcm[48_000:64_000]),
            Missed(0.8, "the computer was busy", ago_s=0.25),
            *blocks(pcm[64_000:]),
        ]
    )
    assert session.gaps == (
        Gap(24_000, 2.5, "the microphone was unplugged"),
        Gap(28_000, 0.8, "the computer was busy"),
    )
    assert take.sealed() == pcm


def test_another_device_with_another_rate_goes_on_in_the_same_session() -> None:
    take = Take()
    first, second = speechlike(1.0), speechlike(1.0, rate=48_000, seed=2)
    shape = Shape(48_000, 2, "float32")
    stereo = np.repeat(second.reshape(-1, 1), 2, axis=1).astype("<f4").tobytes()
    take.hear([*blocks(pcm16(first)), Missed(1.0, "unplugged"), Block(stereo, shape)])
    heard = samples_of(take.sealed())
    assert abs(len(heard) - 32_000) <= 1
    assert snr_db(first, heard[:16_000]) > 60
    assert snr_db(speechlike(1.0, seed=2)[300:15_700], heard[16_300:31_700]) > 30


def test_a_full_disk_is_said_at_once_and_everything_is_written_when_there_is_room() -> None:
    take, pcm = Take(), pcm16(speechlike(6.0))

    def room() -> None:
        take.spool.make_room()
        take.clock += 5.0

    session = take.hear(
        [
            *blocks(pcm[:64_000]),
            take.spool.fill_up,
            *blocks(pcm[64_000:128_000]),
            take.pause,
            take.resume,
            room,
            *blocks(pcm[128_000:]),
        ]
    )
    assert take.told(SpoolTrouble) == [
        SpoolTrouble("The disk is full.", "Make room."),
        SpoolTrouble("The recording is safe on disk again.", "", recovered=True),
    ]
    assert take.sealed() == pcm
    assert session.frames == len(pcm) // 2
    assert session.capture is Capture.STOPPED


def test_stopped_on_a_full_disk_waits_for_room_and_says_so() -> None:
    take, pcm = Take(), pcm16(speechlike(2.0))
    recorder = take.with_source(ScriptedSource([take.spool.fill_up, *blocks(pcm)]))
    recorder.start()
    assert not recorder.join(0.05)
    take.spool.make_room()
    assert recorder.join(10)
    assert take.sealed() == pcm
    assert [n.recovered for n in take.notices if isinstance(n, SpoolTrouble)] == [False, True]


def test_a_dictation_longer_than_the_service_takes_goes_on_in_a_linked_session() -> None:
    take, pcm = Take(), pcm16(speechlike(6.0))
    second = take.spool.add("ses_2", follows=take.session_id)
    take.hear(
        [*blocks(pcm[:64_000]), lambda: take.recorder.continue_in(second), *blocks(pcm[64_000:])]
    )
    assert take.sealed() + take.sealed(second) == pcm
    assert take.session.capture is Capture.STOPPED
    assert take.session.frames < 64_000 < take.session.frames * 2 + 2 * 1.5 * 16_000
    follower = take.spool.stored[second]
    assert follower.capture is Capture.STOPPED
    assert follower.chunks == len(take.spool.chunks[second]) > 0
    assert take.recorder.recorded_frames == len(pcm) // 2
    assert take.recorder.session_id == second


def test_where_a_chunk_may_last_half_an_hour_it_goes_on_at_the_next_pause() -> None:
    take, pcm = Take(cuts=SINGLE_CUTS), pcm16(speechlike(6.0))
    second = take.spool.add("ses_2", follows=take.session_id)
    spoken: list[int] = []

    def go_on() -> None:
        spoken.append(take.recorder.session_frames)
        take.recorder.continue_in(second)

    take.hear([*blocks(pcm[:96_000]), go_on, *blocks(pcm[96_000:])])
    assert spoken == [48_000]
    assert take.sealed() + take.sealed(second) == pcm
    assert 48_000 < take.session.frames < len(pcm) // 2
    assert take.recorder.session_frames == len(pcm) // 2 - take.session.frames


def test_in_a_pause_it_goes_on_in_the_linked_session_at_once() -> None:
    take, pcm = Take(), pcm16(speechlike(4.0))
    second = take.spool.add("ses_2", follows=take.session_id)
    third = take.spool.add("ses_3", follows=second)
    seen: list[Capture] = []

    def go_on_in(session_id: SessionId) -> Callable[[], None]:
        return lambda: take.recorder.continue_in(session_id)

    def look() -> None:
        seen.extend(take.spool.stored[one].capture for one in (take.session_id, second, third))

    take.hear(
        [
            *blocks(pcm[:40_000]),
            take.pause,
            go_on_in(second),
            look,
            # Nothing was said in the second: it ends all the same, and says so.
            go_on_in(third),
            look,
            take.resume,
            *blocks(pcm[40_000:]),
        ]
    )
    stopped, paused = Capture.STOPPED, Capture.PAUSED
    assert seen == [stopped, paused, Capture.STARTING, stopped, stopped, paused]
    assert take.sealed() == pcm[:40_000]
    assert take.spool.stored[second].is_empty
    assert take.sealed(third) == pcm[40_000:]
    assert [chunk.index for chunk in take.spool.chunks[third]][:2] == [0, 1]
    assert take.recorder.session_id == third


def test_a_dictation_that_ends_before_the_next_cut_leaves_the_linked_session_empty() -> None:
    take, pcm = Take(), pcm16(speechlike(0.3))
    second = take.spool.add("ses_2", follows=take.session_id)
    take.hear([*blocks(pcm), lambda: take.recorder.continue_in(second)])
    assert take.sealed() == pcm
    assert take.spool.stored[second].is_empty


def test_a_gap_after_rolling_over_counts_from_the_new_session() -> None:
    take, pcm = Take(), pcm16(speechlike(4.0))
    second = take.spool.add("ses_2", follows=take.session_id)
    take.hear([lambda: take.recorder.continue_in(second), *blocks(pcm), Missed(1.0, "unplugged")])
    follower = take.spool.stored[second]
    assert follower.gaps[0].at_frame == len(pcm) // 2 - take.session.frames
    assert take.session.gaps == ()


def test_a_forgotten_recording_asks_then_pauses_and_loses_nothing() -> None:
    take = Take(patience=Patience(ask_after_s=2.0, grace_s=1.0))
    speech, silence = pcm16(speechlike(1.0)), bytes(32_000 * 4)
    session = take.hear([*blocks(speech), *blocks(silence)])
    asked, paused = take.told(SilenceNoticed)
    assert isinstance(asked, SilenceNoticed)
    assert isinstance(paused, SilenceNoticed)
    assert (asked.pauses_in_s, paused.pauses_in_s) == (1.0, 0.0)
    assert 2.0 <= asked.silent_s < 2.1
    assert "pause" in take.source.did
    assert session.frames == 16_000 * 5


def test_an_answer_or_a_word_puts_the_question_off() -> None:
    take = Take(patience=Patience(ask_after_s=2.0, grace_s=5.0))
    silence = bytes(int(32_000 * 2.5))
    take.hear(
        [
            *blocks(silence),
            take.still_here,
            *blocks(silence),
            *blocks(pcm16(speechlike(1.0))),
            *blocks(silence),
        ]
    )
    assert [n.pauses_in_s for n in take.notices if isinstance(n, SilenceNoticed)] == [5.0] * 3
    assert "pause" not in take.source.did


def test_silence_in_a_file_is_nobody_forgetting_it() -> None:
    take = Take(patience=Patience(ask_after_s=1.0, grace_s=1.0))
    recorder = take.with_source(ScriptedSource([Block(bytes(32_000 * 9))], is_live=False))
    recorder.start()
    assert recorder.join(20)
    assert take.notices == []
    assert take.session.frames == 16_000 * 9


def test_the_meter_reads_the_last_tenth_of_a_second() -> None:
    take = Take()
    levels = []

    def look() -> None:
        levels.append(take.recorder.level())

    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(3_200) / 16_000)
    clipping = MicrophoneChanged(MicrophoneState.CLIPPING, "Too loud.")

    def later() -> None:
        take.clock += 1.0

    take.hear([*blocks(pcm16(tone)), look, clipping, look, later, look])
    heard, loud, stale = levels
    assert abs(heard.rms_dbfs - -9.0) < 0.1
    assert abs(heard.peak_dbfs - -6.0) < 0.1
    assert (heard.clipping, loud.clipping) == (False, True)
    assert stale.rms_dbfs == -120.0


def test_a_fault_of_ours_leaves_the_dictation_safe() -> None:
    take, pcm = Take(), pcm16(speechlike(0.9))
    faults: list[type[BaseException] | None] = []
    before = threading.excepthook
    threading.excepthook = lambda args: faults.append(args.exc_type)
    try:

        def fault() -> None:
            raise ZeroDivisionError

        session = take.hear([*blocks(pcm), fault])
    finally:
        threading.excepthook = before
    assert faults == [ZeroDivisionError]
    assert session.capture is Capture.STOPPED
    # All but what was not yet due on disk.
    assert session.frames >= len(pcm) // 2 - 0.5 * 16_000
    assert any(isinstance(n, Trouble) and "safe" in n.message for n in take.notices)


def test_a_fault_of_whoever_looks_on_does_not_break_the_dictation() -> None:
    take, pcm = Take(), pcm16(speechlike(1.0))
    recorder = take.with_source(
        ScriptedSource([MicrophoneChanged(MicrophoneState.HEARD), *blocks(pcm)])
    )
    looked_on: list[str] = []

    def fail(*seen: object) -> None:
        looked_on.append("seen")
        raise ZeroDivisionError

    recorder._on_notice = recorder._on_first_block = fail
    recorder.start()
    assert recorder.join(20)
    assert looked_on == ["seen", "seen"]
    assert take.sealed() == pcm


def test_the_real_spool_holds_the_chunks_and_no_tail(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, bytes(32), now=lambda: 5.0)
    session_id = SessionId("ses_real")
    spool.add(Session(session_id, 1.0, Order()))
    pcm = pcm16(speechlike(4.0))
    recorder = Recorder(
        spool,
        ScriptedSource(blocks(pcm)),
        session_id,
        LOCAL_CUTS,
        list[Notice]().append,
        lambda: 7.0,
        is_quiet=loud_is_speech,
    )
    recorder.start()
    assert recorder.join(20)
    session = spool.get(session_id)
    chunks = [spool.chunk(session_id, index) for index in range(session.chunks)]
    spool.close()
    assert session.capture is Capture.STOPPED
    assert sum(chunk.frames for chunk in chunks) == len(pcm) // 2
    assert all(len(decode(chunk.body)) == 2 * chunk.frames for chunk in chunks)
